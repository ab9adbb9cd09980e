package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	node "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	pod "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

// ownStages is what tests need of nodes and pods beyond kwok's own stages.
//
//go:embed stages.yaml
var ownStages string

// stages prints all stages as YAML documents, and returns the exit code. kwok
// has none by itself: it reads them from the files of its --config.
func stages() int {
	all := []string{
		node.DefaultNodeInit, heartbeat.DefaultNodeHeartbeatWithLease,
		pod.DefaultPodReady, pod.DefaultPodComplete, pod.DefaultPodDelete,
		ownStages,
	}
	if _, err := fmt.Print(strings.Join(all, "\n---\n")); err != nil {
		fmt.Fprintf(os.Stderr, "print stages: %v\n", err)
		return 1
	}
	return 0
}
