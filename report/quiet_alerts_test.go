package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/rundir"
)

// That sources were read and told of no alert is a finding; that none was read is another.
func TestQuietAlertsAreAFinding(t *testing.T) {
	for name, quiet := range map[string]bool{"read": true, "not read": false} {
		t.Run(name, func(t *testing.T) {
			dir := synthetic{seconds: 30}.write(t)
			if quiet {
				if err := os.MkdirAll(filepath.Join(dir, rundir.EvidenceDir), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := rundir.SaveEvidence(dir, []rundir.Evidence{{Source: "alertmanager", File: "alerts-alertmanager.json", Title: "Alerts"}}); err != nil {
					t.Fatal(err)
				}
			}
			run, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, b := range alertsSection(run) {
				if p, is := b.(paragraph); is {
					text += p.text.text()
				}
			}
			if got := strings.Contains(text, "No source told of an alert: evidence/alerts-alertmanager.json"); got != quiet {
				t.Errorf("the section of alerts says %q", text)
			}
		})
	}
}
