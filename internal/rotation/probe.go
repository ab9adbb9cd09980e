package rotation

import (
	"net/http"

	"xinbot.ir/squall/internal/event"
)

// Answer is what a gateway made of a probe.
type Answer string

// The answers. What is unavailable or unclear says nothing of the signature.
const (
	Accepted    Answer = "accepted"
	Rejected    Answer = "rejected"    // for its signature: 401 or 403
	Unavailable Answer = "unavailable" // nobody answered, or a gateway that is overloaded, restarting or without an orchestrator
	Unclear     Answer = "unclear"     // anything else, such as 404
)

// AnswerOf is what a status says; 0 is no answer.
func AnswerOf(status int) Answer {
	switch status {
	case http.StatusAccepted:
		return Accepted
	case http.StatusUnauthorized, http.StatusForbidden:
		return Rejected
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Unavailable
	}
	return Unclear
}

// decides reports whether the answer says something of the signature.
func (a Answer) decides() bool { return a == Accepted || a == Rejected }

// Probe is one question to the gateway, with its answer.
type Probe struct {
	At        float64 // when it was sent, in seconds since the start of the run
	Channel   string
	Replica   string // that was asked; "": by the gateway's address, whoever that leads to
	Signature event.Signature
	Answer    Answer
	Status    int // of HTTP; 0: there was no answer
}
