package cli

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/dependencies.md justifies every direct dependency, and no other.
func TestEveryDependencyIsJustified(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) {
		direct[m[1]] = true
		if !strings.Contains(string(doc), "| `"+m[1]+"` |") {
			t.Errorf("docs/dependencies.md lacks %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md justifies %s, which go.mod does not require directly", m[1])
		}
	}
}

// What the binary was relieved of does not come back by accident: docs/dependencies.md says what it weighed.
func TestHeavyPackagesStayOut(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "xinbot.ir/squall").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	for heavy, instead := range map[string]string{
		"k8s.io/client-go/kubernetes":        "add the resource to internal/kubeclient/client.go",
		"k8s.io/client-go/kubernetes/scheme": "add the group's types to internal/kubeclient/client.go",
		"k8s.io/client-go/informers":         "add a mirror to chaos/kube/watch.go",
		"k8s.io/client-go/gentype":           "add the call to internal/kubeclient/resource.go",
		"gonum.org/v1/plot":                  "its packages vg, draw and text do without it; text is set by sansSerif in report",
	} {
		if slices.Contains(linked, heavy) {
			t.Errorf("the binary has %s again: %s", heavy, instead)
		}
	}
	if !slices.Contains(linked, "k8s.io/client-go/rest") {
		t.Error("go list -deps lacks client-go altogether, so this test sees nothing")
	}
}
