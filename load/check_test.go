package load

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"xinbot.ir/squall/load/metric"
)

func TestAccepted(t *testing.T) {
	tell := func(want bool, bodies ...string) {
		for _, body := range bodies {
			if got := saysAccepted([]byte(body)); got != want {
				t.Errorf("accepted(%s) = %v", body, got)
			}
		}
	}
	tell(true, `{"status":"accepted"}`, "{ \"status\" :\t\"accepted\" }\n", `{"id":1,"status":"accepted","more":[]}`,
		`{"detail":{"status":"rejected","list":[1,{"a":"}"}]},"n":-1.5e3,"ok":true,"status":"accepted"}`,
		`{"st\u0061tus":"accept\u0065d"}`, `{"status":"rejected","status":"accepted"}`, `{"a":"\\\"","status":"accepted"}`)
	tell(false, "", " ", "accepted", `{}`, `[]`, `"status"`, `{"status":"rejected"}`, `{"status":"accepted_with_errors"}`, `{"detail":"accepted"}`,
		`<html>"status" of the gateway: maintenance.`, `<html>"status":"accepted"`,
		`{"detail":{"status":"accepted"},"status":"rejected"}`, `{"detail":{"status":"accepted"}}`, `{"status":"accepted"`, `{"status":"accepted"}}`,
		`[{"status":"accepted"}]`, `{"Status":"accepted"}`, `{"status":["accepted"]}`, `{"status":"accepted","status":1}`, `{"x":"\"status\":\"accepted\""}`)
}

// FuzzAccepted compares with encoding/json.
func FuzzAccepted(f *testing.F) {
	for _, body := range []string{
		`{"status":"accepted"}`, `{"status": "accepted", "id": 1}`, `{"status"`, `{"status":"queued"}`, "", `{"a":[{},"]"],"status":"accepted"}`,
		`{"st\u0061tus":"accepted","b":-1e9}`, `{"":{"status":"accepted"},"status":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var members map[string]json.RawMessage
		var status any
		want := json.Unmarshal(body, &members) == nil && json.Unmarshal(members["status"], &status) == nil && status == "accepted"
		if got := saysAccepted(body); got != want {
			t.Errorf("%q is accepted: %t, want %t", body, got, want)
		}
	})
}

func TestCheckingABodyAllocatesNothing(t *testing.T) {
	body := []byte(`{"detail":{"status":"rejected","list":[1,2]},"status":"accepted"}`)
	if n := testing.AllocsPerRun(100, func() { saysAccepted(body) }); n > poolAllocations { // encoding/json keeps its scanners in a pool
		t.Errorf("%.0f allocations", n)
	}
}

func TestCompressedBodies(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		encoding, body string
		want           metric.ErrorClass
	}{
		"gzip":           {"gzip", packed(`{"status":"accepted"}`), metric.OK},
		"gzip, rejected": {"gzip", packed(`{"status":"rejected"}`), metric.BadBody},
		"cut off":        {"gzip", packed(`{"status":"accepted"}`)[:20], metric.BadBody},
		"a lie":          {"gzip", `{"status":"accepted"}`, metric.BadBody},
		"unknown":        {"zebra", `{"status":"accepted"}`, metric.BadBody},
		"a bomb":         {"gzip", packed(`{"status":"accepted","x":"` + strings.Repeat("x", maxAnswer) + `"}`), metric.BadBody},
		"identity":       {"identity", `{"status":"accepted"}`, metric.OK},
	} {
		t.Run(name, func(t *testing.T) {
			server := newWireServer(t, func(_ wireRequest, conn net.Conn) {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 202 Accepted\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", c.encoding, len(c.body), c.body)
			})
			if out := sendOne(newTestGateway(t, testOptions(server.url())), Webchat); out.Class != c.want || out.Status != 202 {
				t.Errorf("class %s (%s), want %s", out.Class, out.Detail, c.want)
			}
		})
	}
}
