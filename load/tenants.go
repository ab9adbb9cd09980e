package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// KnownIDs are the ids that the admin API's list of tenants holds: those of tenants, and of whatever it tells of them.
type KnownIDs struct {
	Tenants int
	ids     map[string]bool
}

// Has reports whether the list holds an id.
func (k KnownIDs) Has(id string) bool { return k.ids[strings.ToLower(id)] }

// RefusedError is a call of the admin API that was not answered as expected.
type RefusedError struct {
	Call   string // GET /admin/tenants
	Status int
	Words  string // what the answer says; "" when it says nothing
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s answers %d", e.Call, e.Status)
	if e.Words != "" {
		text += " (" + e.Words + ")"
	}
	return text
}

const tenantsPath = "/admin/tenants"

// ListTenants asks the admin API for the tenants that it knows, once, with the token of the options. An answer that is
// no success is a [RefusedError]. It changes nothing.
func ListTenants(ctx context.Context, o Options) (known KnownIDs, err error) {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.KeepAlive = false
	api, err := newAdminAPI(o, new(transfer))
	if err != nil {
		return KnownIDs{}, err
	}
	status, words, err := api.do(ctx, request{method: http.MethodGet, path: tenantsPath}, func(body io.Reader) error {
		var err error
		known, err = readKnownIDs(body)
		return err
	})
	if err == nil && status != http.StatusOK {
		err = &RefusedError{http.MethodGet + " " + tenantsPath, status, words}
	}
	return known, err
}

// readKnownIDs reads a list of tenants, bare or in an object. How much it tells of each is the platform's affair.
func readKnownIDs(body io.Reader) (KnownIDs, error) {
	var answer any
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return KnownIDs{}, err
	}
	if object, is := answer.(map[string]any); is {
		for _, member := range object {
			if list, is := member.([]any); is {
				answer = list
			}
		}
	}
	list, is := answer.([]any)
	if !is {
		return KnownIDs{}, errors.New("it is no list")
	}
	known := KnownIDs{Tenants: len(list), ids: map[string]bool{}}
	known.add(list)
	return known, nil
}

// add notes every text within a value.
func (k KnownIDs) add(value any) {
	switch v := value.(type) {
	case string:
		k.ids[strings.ToLower(v)] = true
	case []any:
		for _, one := range v {
			k.add(one)
		}
	case map[string]any:
		for _, one := range v {
			k.add(one)
		}
	}
}
