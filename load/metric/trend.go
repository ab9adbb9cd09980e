package metric

import "time"

// Trend is a time that is taken of every request beside its latency, of all flows together: k6's built-in trends.
type Trend uint8

// The trends. Those before [NumParts] are the parts of a request, in their order.
const (
	Blocked     Trend = iota // until there was a connection to send over, a new one's opening included
	Connecting               // of that, TCP; of a connection that was there already, none
	Handshaking              // of that, TLS; as for Connecting
	Sending                  // writing the request
	Waiting                  // from then to the first byte of the answer
	Receiving                // from there to its last
	Iteration                // closed model: a message and the think time after it; open model: a message

	// Unexpected is the latency of a request whose answer was not the expected one.
	Unexpected
	NumTrends
)

// NumParts is how many trends are parts of a request.
const NumParts = Iteration

var trendMetrics = [NumTrends]string{
	Blocked: "http_req_blocked", Connecting: "http_req_connecting", Handshaking: "http_req_tls_handshaking",
	Sending: "http_req_sending", Waiting: "http_req_waiting", Receiving: "http_req_receiving",
	Iteration: "iteration_duration", Unexpected: "http_req_duration{expected_response:false}",
}

// Metric is k6's name for it.
func (t Trend) Metric() string { return trendMetrics[t] }

// Seldom reports whether only those requests are recorded that took time for it: the others took none.
func (t Trend) Seldom() bool { return t == Connecting || t == Handshaking }

// Parts are how long the parts of a request took.
type Parts [NumParts]time.Duration
