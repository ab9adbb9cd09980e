package load

import "bytes"

// check is a property that answers must have.
type check uint8

const (
	gatewayStatus check = iota
	gatewayBody
	ingestionStatus
	automationStatus
	rulesStatus
	knowledgeStatus
	numChecks = iota
)

func checkNames() [numChecks]string {
	return [numChecks]string{
		gatewayStatus:    "gateway answers 202",
		gatewayBody:      "gateway says accepted",
		ingestionStatus:  "ingestion upload answers 201",
		automationStatus: "automation trigger answers 200",
		rulesStatus:      "rule pause or resume answers 200",
		knowledgeStatus:  "knowledge upload answers 202",
	}
}

// expectation is what a flow's answer must look like.
type expectation struct {
	status      int
	statusCheck check
}

func expectations() [NumFlows]expectation {
	return [NumFlows]expectation{
		Gateway:    {202, gatewayStatus},
		Ingestion:  {201, ingestionStatus},
		Automation: {200, automationStatus},
		Rules:      {200, rulesStatus},
		Knowledge:  {202, knowledgeStatus},
	}
}

// accepted tells whether a gateway's body says {"status":"accepted"}, whatever its spacing.
func accepted(body []byte) bool {
	_, rest, found := bytes.Cut(body, []byte(`"status"`))
	if !found {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(rest, []byte(`"accepted"`))
}
