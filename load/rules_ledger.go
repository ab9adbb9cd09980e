package load

import (
	"fmt"
	"net/url"
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
	return fmt.Sprintf(`curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" '%s'`, base.JoinPath(rulePath(s.RuleID, s.Active)))
}

// RuleLedger remembers rules before they are touched. Intend returns only when the record is on
// disk; Restored closes the record after the rule was read back as it was found. An implementation
// tells the operator of its own errors: the generator just leaves the rule alone then.
type RuleLedger interface {
	Intend(RuleState) (id string, err error)
	Restored(id string) error
}
