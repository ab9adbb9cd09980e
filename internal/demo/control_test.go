package demo

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

type rotationsAnswer struct {
	Kinds     []RotationKind
	Rotations []Rotation
	Log       []Acceptance
}

func TestSecretsAreRotatedOverHTTP(t *testing.T) {
	p, s := startStepped(t, Config{})
	secrets := []string{seededSecrets(0, 1)["webchat"], seededSecrets(0, 2)["webchat"], "dev-web"}
	list := func() rotationsAnswer {
		t.Helper()
		got := p.admin("GET", "/demo/rotations", "")
		for _, secret := range secrets {
			if strings.Contains(got.body, secret) {
				t.Errorf("the answer shows the secret %s", secret)
			}
		}
		return decode[rotationsAnswer](t, got.body)
	}
	if got := list(); !reflect.DeepEqual(got.Kinds, RotationKinds()) || got.Rotations == nil || got.Log == nil || len(got.Rotations)+len(got.Log) != 0 {
		t.Errorf("before the first rotation: %+v", got)
	}
	if got := p.admin("POST", "/demo/rotations", `{"kind":"overlap"}`); got.status != http.StatusAccepted {
		t.Fatalf("%d %s", got.status, got.body)
	}
	s.next(t)
	if got := p.admin("POST", "/demo/rotations", `{"kind":"hard"}`); got.status != http.StatusConflict || !strings.Contains(got.body, "overlap") {
		t.Errorf("a second rotation: %d %s, want 409 and what is under way", got.status, got.body)
	}
	if got := list(); len(got.Rotations) != 1 || !got.Rotations[0].Ended.IsZero() {
		t.Errorf("while it is under way: %+v", got.Rotations)
	}
	s.proceed()
	eventually(t, "the end of the rotation", func() bool { return !list().Rotations[0].Ended.IsZero() })
	got := list()
	if len(got.Log) != 3*2*len(channels()) {
		t.Errorf("%d entries, want three of each replica and channel", len(got.Log))
	}
	for i, want := range p.RotationLog() {
		if a := got.Log[i]; !a.At.Equal(want.At) || a.Replica != want.Replica || a.Channel != want.Channel || a.Old != want.Old || a.Next != want.Next || a.Wrong != want.Wrong || a.Rotation != 1 {
			t.Errorf("entry %d is %+v, want %+v", i, a, want)
		}
	}
	if got.Log[0].Next || !got.Log[0].Old || !got.Log[len(got.Log)-1].Next || got.Log[len(got.Log)-1].Old {
		t.Errorf("the log goes from %+v to %+v", got.Log[0], got.Log[len(got.Log)-1])
	}
}

func TestWhatControlRefuses(t *testing.T) {
	p := startTest(t, Config{})
	for name, c := range map[string]struct {
		method, path, token, contentType, body string
		status                                 int
		detail                                 string
	}{
		"no token":             {"POST", pathRotations, "", "application/json", `{"kind":"hard"}`, 401, "bearer"},
		"no token, replicas":   {"GET", pathReplicas, "", "", "", 401, "bearer"},
		"no token, rotations":  {"GET", pathRotations, "", "", "", 401, "bearer"},
		"unknown kind":         {"POST", pathRotations, p.AdminToken(), "application/json", `{"kind":"fast"}`, 422, "hard, overlap, rolling, lagging, open"},
		"no kind":              {"POST", pathRotations, p.AdminToken(), "application/json", `{}`, 422, "the kinds are"},
		"not JSON":             {"POST", pathRotations, p.AdminToken(), "application/json", `rolling`, 422, "rolling"},
		"another content type": {"POST", pathRotations, p.AdminToken(), "text/plain", `{"kind":"hard"}`, 415, "application/json"},
		"another method":       {"DELETE", pathRotations, p.AdminToken(), "", "", 405, ""},
	} {
		headers := map[string]string{"Content-Type": c.contentType}
		if c.token != "" {
			headers["Authorization"] = "Bearer " + c.token
		}
		if got := p.call(c.method, p.OrchestratorURL()+c.path, headers, c.body); got.status != c.status || !strings.Contains(got.body, c.detail) {
			t.Errorf("%s: %d %s, want %d and %q", name, got.status, got.body, c.status, c.detail)
		}
	}
	if len(p.Rotations()) != 0 {
		t.Error("what was refused was carried out")
	}
}

func TestReplicasAreListedOverHTTP(t *testing.T) {
	p := startTest(t, Config{Replicas: 3})
	got := decode[[]Replica](t, p.admin("GET", "/demo/replicas", "").body)
	for i, want := range p.Replicas() {
		if len(got) != 3 || got[i].Name != want.Name || got[i].Address != want.Address || got[i].Ready != want.Ready || !got[i].Started.Equal(want.Started) {
			t.Errorf("%+v, want %+v", got, p.Replicas())
			break
		}
	}
}

// By the clock: the times of the rotation are those configured.
func TestARotationTakesItsTime(t *testing.T) {
	times := defaultBehaviour().rotation
	times.restart, times.minReady = times.restart/20, times.minReady/50
	p := startTest(t, Config{}, func(b *behaviour) { b.rotation = times })
	if err := p.Rotate("rolling"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the rotation", func() bool { return !p.Rotations()[0].Ended.IsZero() })
	if took, least := p.Rotations()[0].Ended.Sub(p.Rotations()[0].Began), 2*times.restart+times.minReady; took < least {
		t.Errorf("took %s, less than its pauses of %s", took, least)
	}
}
