package load

import (
	"fmt"
	"net/url"

	"al.essio.dev/pkg/shellescape"
)

// RuleState is an automation rule as it was found, enough to revert it from another process.
type RuleState struct {
	API      string `json:"api"` // base URL of the admin API
	TenantID string `json:"tenant_id"`
	RuleID   string `json:"rule_id"`
	Active   bool   `json:"active"` // as found
}

// Remedy is a command that puts the rule back. It names the token's variable, not the token.
func (s RuleState) Remedy() string {
	base, err := url.Parse(s.API)
	if err != nil {
		base = &url.URL{Path: s.API}
	}
	return fmt.Sprintf(`curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" %s`, shellescape.Quote(base.JoinPath(rulePath(s.RuleID, s.Active)).String()))
}

// Object names the rule, for people and to compare ledger records by.
func (s RuleState) Object() string {
	return fmt.Sprintf("automation rule %s of tenant %s", s.RuleID, s.TenantID)
}

// RuleKind is the kind of the ledger records of rules; their undo is a [RuleState].
const RuleKind = "rule"

// Ledger is the write-ahead log of changes to the platform. Record returns once the record is on the disk, and
// only then the change is made; Resolve closes the record after the change was reverted and that was verified.
type Ledger interface {
	Record(kind, object string, undo any) (id string, err error)
	Resolve(id string) error
}
