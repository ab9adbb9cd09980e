package toxiproxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	client "github.com/Shopify/toxiproxy/v2/client"
)

// responseError makes an error of an answer that is no success. Only one in Toxiproxy's own words becomes a
// [*client.ApiError]: a 404 of whatever else may listen there must not look like a toxic that is gone.
func responseError(status int, body []byte) error {
	var said client.ApiError
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		said.Status = status
		return &said
	}
	text := fmt.Sprintf("HTTP %d", status)
	if status == http.StatusServiceUnavailable {
		return errors.New(text + ": Toxiproxy gave the call up, or is not there")
	}
	return errors.New(text + ", and the answer is none of Toxiproxy's: is this its API?")
}

func hasStatus(err error, status int) bool {
	var said *client.ApiError
	return errors.As(err, &said) && said.Status == status
}

// isMissing reports whether Toxiproxy said that there is no such proxy or toxic.
func isMissing(err error) bool { return hasStatus(err, http.StatusNotFound) }

// parseVersion reads the answer to GET /version: JSON since 2.7, a bare word or something like JSON
// before that.
func parseVersion(raw []byte) string {
	var said struct {
		Version string `json:"version"`
	}
	text := string(raw)
	if json.Unmarshal(raw, &said) == nil {
		text = said.Version
	}
	text = strings.Trim(text, "{}\" \t\r\n")
	text = strings.TrimPrefix(text, "version")
	text = strings.TrimLeft(text, "\":= ")
	const longest = 40
	odd := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) }
	if text == "" || len(text) > longest || strings.ContainsFunc(text, odd) || strings.ContainsAny(text, "<>{}") {
		return "unknown"
	}
	return text
}

// toxicDifference describes how a toxic that was read differs from what it should be, "" if it does not.
func toxicDifference(got, want client.Toxic) string {
	switch {
	case got.Type != want.Type:
		return "its type is " + got.Type + ", not " + want.Type
	case got.Stream != want.Stream:
		return "its stream is " + got.Stream + ", not " + want.Stream
	case got.Toxicity != want.Toxicity:
		return fmt.Sprintf("its toxicity is %v, not %v", got.Toxicity, want.Toxicity)
	}
	for _, name := range attributeNames(want.Attributes) {
		value, _ := got.Attributes[name].(float64) // how JSON numbers are read; exact up to 2^53
		if wanted, _ := want.Attributes[name].(int64); value != float64(wanted) {
			return fmt.Sprintf("its %s is %v, not %d", name, got.Attributes[name], wanted)
		}
	}
	return ""
}
