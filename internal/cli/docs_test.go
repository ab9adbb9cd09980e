package cli

import (
	"os"
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/internal/app"
)

// docs/faults.md has every fault with every parameter, its variable, and the Role as it is tested.
func TestFaultsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	section := func(id string) string {
		_, after, found := strings.Cut(doc, "\n## `"+id+"`\n")
		if !found {
			t.Errorf("docs/faults.md has no section %s", id)
		}
		text, _, _ := strings.Cut(after, "\n## ")
		return text
	}
	check := func(id string, rows []chaos.Param) {
		text := section(id)
		for _, row := range rows {
			if !strings.Contains(text, "`"+row.Name+"`") {
				t.Errorf("docs/faults.md: %s lacks parameter %s", id, row.Name)
			}
			if row.Env != "" && !strings.Contains(text, "`"+row.Env+"`") {
				t.Errorf("docs/faults.md: %s lacks variable %s of parameter %s", id, row.Env, row.Name)
			}
		}
	}
	for id, params := range app.BuiltInFaults() {
		check(id, params)
	}
	if !strings.Contains(doc, "```yaml\n"+kube.RoleManifest+"```") {
		t.Error("docs/faults.md does not have the Role of chaos/kube/role.yaml")
	}
	extending, err := os.ReadFile("../../docs/extending.md")
	if err != nil {
		t.Fatal(err)
	}
	for id := range app.BuiltInFaults() {
		if !strings.Contains(string(extending), "`"+id+"`") {
			t.Errorf("docs/extending.md does not name fault %s", id)
		}
	}
}
