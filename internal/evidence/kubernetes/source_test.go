package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/testcluster"
)

// patience is for a busy machine.
const patience = time.Minute

func TestAutoscalerBeforeAndAfter(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	who := rbacv1.Subject{Kind: "User", Name: "ann"}
	c.Allow(t, namespace, who, rbacv1.PolicyRule{APIGroups: []string{"autoscaling"}, Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"list"}})
	s, err := New(Config{
		Cluster:    kubeclient.Config{Kubeconfig: c.Kubeconfig(t, testcluster.Login{User: "ann", Context: "staging"})},
		Namespaces: []string{namespace}, Redact: strings.NewReplacer("the HPA", "***").Replace,
	})
	if err != nil {
		t.Fatal(err)
	}
	found := s.Check(t.Context(), evidence.Wanted{})
	if len(found) != len(rights) || found[len(found)-2].Text() != "kubernetes does not let you get pods/log in "+namespace || found[len(found)-1].Text() != "kubernetes answers (context staging)" {
		t.Errorf("found %+v", found)
	}
	sink := &evidencetest.Sink{}
	gaps := evidence.NewGapLog(Name, sink)
	s.read(t.Context(), gaps, time.Now())
	panel := "autoscalers of " + namespace
	if all := sink.Gaps(panel); len(all) != 1 || all[0].Cause != evidence.Forbidden {
		t.Errorf("gaps without the right to events: %+v", all)
	}
	if first := s.before[namespace+"-"+testcluster.Gateway]; !strings.Contains(first.text, "Events were not read: ") || strings.Contains(first.text, "<none>\nEvents") {
		t.Errorf("described as\n%s", first.text)
	}

	c.Allow(t, namespace, who, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list"}})
	evidencetest.Eventually(t, "the right to events", patience, func() bool { return len(s.Check(t.Context(), evidence.Wanted{})) == len(rights)-1 })
	clear(s.before)
	s.read(t.Context(), gaps, time.Now())
	c.StopAPIServer()
	s.read(t.Context(), gaps, time.Now())
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "the end of the gap", patience, func() bool {
		s.read(t.Context(), gaps, time.Now())
		return len(gaps.Ongoing()) == 0
	})
	all := sink.Gaps(panel)
	if last := all[len(all)-1]; last.Cause != evidence.Unreachable || last.Until.IsZero() {
		t.Errorf("gaps with an API server that restarts: %+v", all)
	}

	api := c.Client().AutoscalingV2().HorizontalPodAutoscalers(namespace)
	if _, err := api.Patch(t.Context(), testcluster.Gateway, types.MergePatchType, []byte(`{"spec":{"minReplicas":3}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "three replicas", patience, func() bool {
		h, err := api.Get(t.Context(), testcluster.Gateway, metav1.GetOptions{})
		events, listErr := c.Client().CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=SuccessfulRescale"})
		return err == nil && listErr == nil && h.Status.CurrentReplicas == 3 && len(events.Items) > 0
	})
	dir := t.TempDir()
	files, err := s.Export(t.Context(), time.Time{}, time.Time{}, dir)
	if err != nil || len(files) != 7 {
		t.Errorf("exported %+v, %v", files, err)
	}
	for moment, replicas := range map[string]int{"before": 2, "after": 3} {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("hpa-%s-%s-%s.txt", namespace, testcluster.Gateway, moment)))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`(?m)^Deployment pods: +%d current / `, `(?m)^Min replicas: +%d$`, `(?m)^  AbleToScale +True +\w+ +\*\*\* `,
		} {
			if strings.Contains(want, "%") {
				want = strings.ReplaceAll(want, "%d", fmt.Sprint(replicas))
			}
			if !regexp.MustCompile(want).Match(text) {
				t.Errorf("%s: no %s in\n%s", moment, want, text)
			}
		}
		if scaled := strings.Contains(string(text), "SuccessfulRescale"); scaled != (moment == "after") {
			t.Errorf("%s: scaled is %v in\n%s", moment, scaled, text)
		}
	}
}
