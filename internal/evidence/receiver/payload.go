package receiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// versions of the payload that are understood: Alertmanager's, and what Grafana's own alerting calls the same one.
var versions = map[string]bool{"4": true, "1": true}

// maxAlerts is how many alerts one payload may have.
const maxAlerts = 1000

// payload is what Alertmanager's webhook sends, version 4, as far as it is of use here:
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type payload struct {
	Version string `json:"version"`
	Alerts  []struct {
		Status      string          `json:"status"`
		Labels      evidence.Labels `json:"labels"`
		Annotations evidence.Labels `json:"annotations"`
		StartsAt    time.Time       `json:"startsAt"`
		EndsAt      time.Time       `json:"endsAt"`
	} `json:"alerts"`
}

// parse reads a payload.
func parse(body []byte) ([]evidence.Alert, error) {
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("read the payload: %w", err)
	}
	switch {
	case !versions[p.Version]:
		return nil, fmt.Errorf("read the payload: version %q is not known here; 4 is", p.Version)
	case len(p.Alerts) == 0:
		return nil, errors.New("read the payload: it has no alerts")
	case len(p.Alerts) > maxAlerts:
		return nil, fmt.Errorf("read the payload: it has %d alerts, more than %d", len(p.Alerts), maxAlerts)
	}
	all := make([]evidence.Alert, 0, len(p.Alerts))
	for i, a := range p.Alerts {
		alert := evidence.Alert{
			Source: Name, Name: a.Labels["alertname"], Labels: a.Labels, Annotations: a.Annotations,
			State: evidence.Firing, FiredAt: a.StartsAt, FiredExact: true,
		}
		switch {
		case alert.Name == "":
			return nil, fmt.Errorf("read the payload: alert %d has no label alertname", i+1)
		case a.StartsAt.IsZero():
			return nil, fmt.Errorf("read the payload: alert %d has no startsAt", i+1)
		case a.Status == "resolved" && a.EndsAt.IsZero():
			return nil, fmt.Errorf("read the payload: alert %d is resolved and has no endsAt", i+1)
		case a.Status == "resolved":
			alert.State, alert.ResolvedAt, alert.ResolvedExact = evidence.Resolved, a.EndsAt, true
		case a.Status != "firing":
			return nil, fmt.Errorf("read the payload: alert %d is %q; firing and resolved are known", i+1, a.Status)
		}
		all = append(all, alert)
	}
	return all, nil
}
