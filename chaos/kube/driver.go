package kube

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
)

// Config is the cluster that faults act on, and their limits there.
type Config struct {
	// Kubeconfig is one path, or several as the variable KUBECONFIG takes them; "" for client-go's
	// own rules: KUBECONFIG, ~/.kube/config, and inside a pod its service account.
	Kubeconfig string
	Context    string // "" for the current one
	Namespace  string // where faults act
	// Allow has every namespace that may be touched; Namespace has to be among them, and that of a
	// custom fault too. A fault elsewhere is refused before anything there is read.
	Allow   []string
	Session string         // id of the run, 8 hexadecimal digits; marks what we leave in pods
	Custom  []chaos.Custom // those without a workload are not ours and ignored

	// Log takes the warnings of the API; nil discards them. See also [kubeclient.RedirectKlog].
	Log       io.Writer
	UserAgent string // "" for squall
	// Hide is told every credential that is sent to the API server: an error can echo it. May be nil.
	Hide func(secrets ...string)

	timeout time.Duration // for one answer of the API server; 0 for [kubeclient.CallTime]
}

// driverName is [chaos.Info.Driver] of every fault here.
const driverName = "Kubernetes"

// Driver makes faults for one cluster. It has no state: each preflight reads the kubeconfig anew, so
// that a login in another terminal counts at once.
type Driver struct{ config Config }

var validSession = regexp.MustCompile(`^[0-9a-f]{8}$`)

// New makes a driver. It reads the kubeconfig and contacts nothing; the error says what is wrong with
// the kubeconfig, the session or a custom fault.
func New(c Config) (*Driver, error) {
	if !validSession.MatchString(c.Session) {
		return nil, fmt.Errorf("set up Kubernetes faults: session is %q: must be 8 hexadecimal digits", c.Session)
	}
	if _, err := connect(c); err != nil {
		return nil, err
	}
	for _, custom := range c.Custom {
		if err := checkCustom(custom); err != nil {
			return nil, err
		}
	}
	return &Driver{config: c}, nil
}

// Faults are the faults of this driver, in the order of their keys.
func (d *Driver) Faults() []chaos.Fault {
	faults := []chaos.Fault{redisOutage{d}, qdrantThrottle{d}}
	for _, custom := range d.config.Custom {
		if custom.Workload != nil {
			faults = append(faults, customFault{driver: d, custom: custom})
		}
	}
	return faults
}

// The kinds of steps, which find their undoers. They stand in ledgers: never rename one.
const (
	scaleKind   = "scale"
	rolloutKind = "rollout"
	shapeKind   = "shape"
)

// Undoers revert what faults here have changed, from a ledger's records alone. Of the config only
// these count: Kubeconfig and Context, else the operator's own kubeconfig and the record's context there; Namespace and
// Allow, outside of which nothing is touched; Log and UserAgent. A cluster that is not the record's is refused.
func Undoers(c Config) chaos.Undoers {
	return undoers(clusterOpener{config: c})
}

// HoldingUndoers are [Undoers] that read the kubeconfig now: one that is removed or changed later keeps them from
// nothing.
func HoldingUndoers(c Config) chaos.Undoers { return undoers(clusterOpener{config: c}.holding()) }

func undoers(r clusterOpener) chaos.Undoers {
	return chaos.Undoers{scaleKind: scaleUndoer{r}, rolloutKind: rolloutUndoer{r}, shapeKind: shapeUndoer{r}}
}

// allows refuses a namespace that is not on the list.
func (d *Driver) allows(namespace string) chaos.Check {
	check := chaos.Check{Text: "namespace " + namespace + " may be touched"}
	if !slices.Contains(d.config.Allow, namespace) {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("namespace %s is not allowed", namespace)
		if len(d.config.Allow) > 0 {
			check.Reason += ": allowed are " + strings.Join(d.config.Allow, ", ")
		}
		check.Reason += "; add --allow-namespace " + namespace + " if it is meant"
	}
	return check
}
