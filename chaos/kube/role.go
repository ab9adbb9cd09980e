package kube

import _ "embed"

// RoleManifest is a Role with every right that the faults here need, as YAML.
//
//go:embed role.yaml
var RoleManifest string
