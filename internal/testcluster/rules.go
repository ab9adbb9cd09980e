package testcluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const rulesFile = "rules.json"

// Rule describes what stands for the containers that it matches: an empty namespace,
// pod or container matches all. The first rule that matches counts; a container
// without one refuses exec, logs and port-forward.
type Rule struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`

	// Dir is the working directory of commands and Env what they find in their
	// environment (NAME=value) beside that of the tests.
	Dir string   `json:"dir"`
	Env []string `json:"env"`

	// Netns is the network namespace that commands run in: its name, as ip-netns
	// gives it, or an absolute path. Without one they run in the network of this
	// machine and cannot change it; the machine's own is refused. Entering one
	// needs root.
	Netns string `json:"netns"`

	// Forward has the addresses (host:port) that stand for the pod's ports.
	Forward map[string]string `json:"forward"`

	// Logs is what the containers are said to have written.
	Logs string `json:"logs"`
}

// Exec puts rules before those the cluster has, until the test ends.
func (c *Cluster) Exec(t testing.TB, rules ...Rule) {
	t.Helper()
	if len(rules) == 0 {
		t.Fatal("set rules of containers: none given")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRules++
	id := c.lastRules
	c.rules = slices.Insert(c.rules, 0, ruleSet{id: id, rules: rules})
	if err := c.writeRules(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rules = slices.DeleteFunc(c.rules, func(s ruleSet) bool { return s.id == id })
		if err := c.writeRules(); err != nil && c.ctx.Err() == nil {
			t.Error(err)
		}
	})
}

// ruleSet is the rules of one test.
type ruleSet struct {
	id    int
	rules []Rule
}

// writeRules replaces the file that the kubelet reads at each call.
func (c *Cluster) writeRules() error {
	all := []Rule{}
	for _, set := range c.rules {
		for _, rule := range set.rules {
			if rule.Netns != "" && !filepath.IsAbs(rule.Netns) {
				rule.Netns = "/run/netns/" + rule.Netns
			}
			all = append(all, rule)
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode rules of containers: %w", err)
	}
	path := c.layout.file(rulesFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("write rules of containers: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write rules of containers: %w", err)
	}
	return nil
}
