package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// rule says how commands run in the containers that it matches: an empty
// namespace, pod or container matches all. It is the wire format between
// internal/testcluster, which writes it, and the kubelet here.
type rule struct {
	Namespace string            `json:"namespace"`
	Pod       string            `json:"pod"`
	Container string            `json:"container"`
	Dir       string            `json:"dir"`     // working directory
	Env       []string          `json:"env"`     // NAME=value, added to the kubelet's own
	Netns     string            `json:"netns"`   // path of a network namespace
	Forward   map[string]string `json:"forward"` // container port to the address that stands for it
	Logs      string            `json:"logs"`    // what the container is said to have written
}

// findRule returns the first rule of the file that matches. The file is read
// each time, because tests change it while the kubelet runs.
func findRule(path, namespace, pod, container string) (*rule, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read rules of containers: %w", err)
	}
	var rules []rule
	if err := json.Unmarshal(data, &rules); err != nil {
		return nil, fmt.Errorf("read rules of containers: %w", err)
	}
	matches := func(want, got string) bool { return want == "" || got == "" || want == got }
	for i := range rules {
		r := &rules[i]
		if matches(r.Namespace, namespace) && matches(r.Pod, pod) && matches(r.Container, container) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("find rule of container %s/%s/%s: the test has set none", namespace, pod, container)
}
