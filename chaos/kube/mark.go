package kube

import (
	"encoding/json"
	"fmt"

	"xinbot.ir/squall/chaos"
)

// markAnnotation is on a workload that a session has scaled, and holds a [mark]. It comes and goes by the same write as
// the replicas, so neither is there without the other.
const markAnnotation = "squall.xinbot.ir/scaled"

// mark says who has scaled a workload, and how it was. It lets another session refuse the workload, and replicas be
// restored when the ledger is lost.
type mark struct {
	Session string `json:"session"`
	Before  int32  `json:"before"` // replicas
	After   int32  `json:"after"`
	Ready   int    `json:"ready"` // pods that were ready before
}

// String is the value of the annotation.
func (m mark) String() string {
	text, _ := json.Marshal(m) // numbers and a word: never fails
	return string(text)
}

// parseMark reads an annotation; false if there is none, or it is none of ours.
func parseMark(annotation string) (m mark, ok bool) {
	if json.Unmarshal([]byte(annotation), &m) != nil || !validSession.MatchString(m.Session) || m.Before < 0 || m.After < 0 {
		return mark{}, false
	}
	return m, true
}

// heldBy is another session that has scaled the workload and whose change is still there.
func (w workload) heldBy(own string) (m mark, held bool) {
	m, ok := parseMark(w.mark)
	return m, ok && m.Session != own && m.After == w.replicas
}

// markCheck refuses a workload that another session has scaled: both would put back what they have found, and who
// comes last would put back a fault.
func (cl *cluster) markCheck(w workload, own string) chaos.Check {
	check := chaos.Check{Text: fmt.Sprintf("no other session of squall has scaled %s", w.workloadRef)}
	if m, held := w.heldBy(own); held {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("session %s of squall has scaled %s from %d to %d: end that run, or revert it with squall recover; if its run directory is lost: %s && %s",
			m.Session, w.workloadRef, m.Before, m.After, scaleCommand(cl.Ref, w.workloadRef, m.Before), unmarkCommand(cl.Ref, w.workloadRef))
	}
	return check
}

func unmarkCommand(ref clusterRef, w workloadRef) string {
	return kubectlCommand(ref, w.Namespace, "annotate", w.Kind+"/"+w.Name, markAnnotation+"-")
}
