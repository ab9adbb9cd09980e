package config

import (
	"regexp"
	"slices"
	"strings"
)

// WithoutSecrets returns command line arguments with what stands for the values of secrets in their place, and users and queries of URLs hidden. Only -e takes secrets: NAME=VALUE, -eNAME=VALUE
// or --env=NAME=VALUE.
func WithoutSecrets(args []string, instead func(secret string) string) []string {
	var names []string
	for _, row := range Table() {
		for _, alias := range row.Env {
			if row.Secret {
				names = append(names, alias.Name)
			}
		}
	}
	assignment := regexp.MustCompile(`^((?:-e=?|--env=)?(?:` + strings.Join(names, "|") + `)=)((?s:.+))$`)
	shown := slices.Clone(args)
	for i, arg := range shown {
		if m := assignment.FindStringSubmatch(arg); m != nil {
			shown[i] = m[1] + instead(m[2])
			continue
		}
		shown[i] = withoutSecrets(arg)
	}
	return shown
}
