package chaos

import (
	"context"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Fault is one thing that can be broken, bound to its target. A fault has no state: what it did is
// in the ledger, and what is going on belongs to the [Engine].
type Fault interface {
	// Info describes the fault. It is constant and contacts nothing.
	Info() Info
	// Plan finds out what the fault would do with these parameters, which are complete and valid
	// (see [Complete]). It changes nothing. What speaks against the fault is a [Check] in the plan; an
	// error means that the plan could not be made. While the fault is active a plan with other
	// parameters must be possible too: what squall itself has changed is no obstacle.
	Plan(ctx context.Context, p Params) (Plan, error)
}

// Summarizer is a fault that can put its parameters into a few words without asking anybody, so that a
// list shows what its key would do. They are complete and valid.
type Summarizer interface {
	Summarize(p Params) string
}

// Info is what a fault is, for keys, forms, documents and journals.
type Info struct {
	ID      string // llm_latency: in flags, squall.yaml and the journal
	Title   string // LLM latency
	Summary string // what it does, one sentence without jargon
	Driver  string // what carries it out: Toxiproxy, Kubernetes, load generator
	Params  []Param
	Expect  []Expectation
}

// Plan is what a fault would do.
type Plan struct {
	Driver  string   // that carries it out; "" for the one of [Info]
	Cluster string   // Kubernetes: the context and the address of its API server, which a name alone does not tell apart
	Scope   string   // what is hit, short enough for a list: "proxy llm-upstream", "2 pods of redis"
	Params  string   // the parameters, short enough for a list: "3 s ± 500 ms"
	Facts   []Fact   // everything that a person should see before saying yes
	Checks  []Check  // rights and conditions
	Objects []string // identities of what is changed; no two active faults may share one
	Steps   []Step   // in order; undone in reverse
	// OneShot faults are over once they are applied: nothing is held, and the revert (waiting until
	// evicted pods are back) begins at once.
	OneShot bool
}

// Refused lists the checks that forbid the plan.
func (p Plan) Refused() (refused []Check) {
	for _, c := range p.Checks {
		if c.Answer == Refuses {
			refused = append(refused, c)
		}
	}
	return refused
}

// Parts of a plan that stand in events too.
type (
	// Fact is one line of a preflight: "Namespace", "xin-staging".
	Fact = event.Fact
	// Check is one condition that was looked at: a right, a budget, a foreign qdisc.
	Check = event.Check
)

// The answers of a check.
const (
	Passes  = event.Passes
	Warns   = event.Warns   // the fault may go on; a person should know
	Refuses = event.Refuses // the fault must not begin
)

// Step is one change of one object.
type Step struct {
	Kind   string // finds its [Undoer]
	Object string // in words: "toxic squall-1f2e-llm on proxy llm-upstream"
	// Undo is all that undoing the change needs, in any process; it is written to the ledger as
	// JSON. Nil: the change dies with squall (load), Revert reverts it, and no record is needed.
	Undo any
	// Apply makes the change and reads it back; it returns nil only when the change is there. Applying
	// what is applied already is fine. It bounds its own time.
	// A [*PartialError] is a success with a finding.
	Apply func(ctx context.Context) error
	// InPlace reads whether the change is still in place: somebody else, or a restart, may have removed it.
	// Nil: this cannot be read. An error means that the state is unknown.
	InPlace func(ctx context.Context) (there bool, err error)
	// DryRun asks the API whether Apply would be accepted; nil: the API has no dry run.
	DryRun func(ctx context.Context) error
	// Revert reverts a change without a record; only with Undo nil.
	Revert func(ctx context.Context) error
	// Command is what a person would type for the same change: shown by a dry run. May be "".
	Command string
}

// Deadline is when a fault's time is up. Steps that can make the target heal itself read it.
func Deadline(now time.Time, p Params) time.Time { return now.Add(p.Duration(TTL)) }
