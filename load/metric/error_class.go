package metric

import "fmt"

// ErrorClass is why a request failed. Its value indexes [Window.Errors].
type ErrorClass uint8

// The classes. LocalLimit is our own side (no free port, no file descriptor) and is kept apart
// from the platform's failures, as is Away; Interrupted was in flight when the run ended and is no failure.
const (
	OK              ErrorClass = iota
	BadStatus                  // answered with a status that the flow does not accept
	BadBody                    // right status, but not the body that the contract promises
	Timeout                    // no complete answer within the request timeout
	Refused                    // connection refused
	Reset                      // connection reset or closed before the answer was complete
	DNS                        // name not resolved
	TLS                        // handshake or certificate
	LocalLimit                 // our own side: ports, descriptors, connection cap
	Interrupted                // still in flight when draining ended
	Away                       // no answer, and the generator did not run meanwhile: see [Outcome.Away]
	Unclassified               // anything else; the sample text tells
	NumErrorClasses = iota
)

type errorRow struct {
	name     string // short, for tables
	failed   bool   // counts in http_req_failed
	measured bool   // has a latency: it was answered, or it waited for the whole timeout
}

var errorTable = [NumErrorClasses]errorRow{
	OK:           {"ok", false, true},
	BadStatus:    {"status", true, true},
	BadBody:      {"body", true, true},
	Timeout:      {"timeout", true, true},
	Refused:      {"refused", true, false},
	Reset:        {"reset", true, false},
	DNS:          {"dns", true, false},
	TLS:          {"tls", true, false},
	LocalLimit:   {"generator", false, false},
	Interrupted:  {"interrupted", false, false},
	Away:         {"away", false, false},
	Unclassified: {"other", true, false},
}

// String is the class's short name.
func (c ErrorClass) String() string {
	if int(c) >= NumErrorClasses {
		return fmt.Sprintf("class %d", uint8(c))
	}
	return errorTable[c].name
}

// Failed reports whether a request of this class counts as failed by the platform.
func (c ErrorClass) Failed() bool { return errorTable[c].failed }

// Measured reports whether a request of this class has a latency.
func (c ErrorClass) Measured() bool { return errorTable[c].measured }

// ParseErrorClass finds a class by its short name.
func ParseErrorClass(name string) (ErrorClass, error) {
	for c, row := range errorTable {
		if row.name == name {
			return ErrorClass(c), nil
		}
	}
	return 0, fmt.Errorf("unknown error class %q", name)
}

// ErrorKey identifies one line of the error table.
type ErrorKey struct {
	Series SeriesID
	Class  ErrorClass
	Status int // HTTP status of a BadStatus, else 0; also 0 for the statuses beyond those that are told apart
}
