package event

// Role is the kind of an actor.
type Role string

// The roles.
const (
	RoleOperator   Role = "operator"   // a person at the console
	RoleScript     Role = "script"     // a game-day script; the name is the script's
	RoleSchedule   Role = "schedule"   // faults that the command line asked for at a time
	RoleStopRule   Role = "stop rule"  // a stop rule that was met; the name is the rule
	RoleSignal     Role = "signal"     // the operating system; the name is the signal
	RoleObjectives Role = "objectives" // the judging of objectives: reports, never acts
	RoleKubernetes Role = "kubernetes" // seen on the cluster, not caused by squall
	RoleSource     Role = "source"     // the platform's monitoring, seen and not caused by squall; the name is the source
	RoleSquall     Role = "squall"     // the program itself
	RoleGuard      Role = "guard"      // the process that outlives squall
)

// Actor is who gave a command or caused an event.
type Actor struct {
	Role Role   `json:"role"`
	Name string `json:"name,omitempty"` // tells two of one role apart; "" where there is only one
}

// By is the actor of a role that needs no name.
func By(r Role) Actor { return Actor{Role: r} }

// BySource is a source of the platform's monitoring.
func BySource(name string) Actor { return Actor{Role: RoleSource, Name: name} }

// String is the actor for people: "operator", "script black-friday".
func (a Actor) String() string {
	if a.Name == "" {
		return string(a.Role)
	}
	return string(a.Role) + " " + a.Name
}
