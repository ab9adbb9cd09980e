package toxiproxy

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"al.essio.dev/pkg/shellescape"
	client "github.com/Shopify/toxiproxy/v2/client"
)

// addCommand is what a person would type to add a toxic.
func addCommand(base, proxy string, t client.Toxic) string {
	words := []string{
		"toxiproxy-cli", "-h", base, "toxic", "add", "-n", t.Name, "-t", t.Type, "--" + t.Stream,
		"--toxicity", strconv.FormatFloat(float64(t.Toxicity), 'g', -1, 32),
	}
	for _, name := range attributeNames(t.Attributes) {
		words = append(words, "-a", fmt.Sprintf("%s=%v", name, t.Attributes[name]))
	}
	return shellescape.QuoteCommand(append(words, proxy))
}

// removeCommand is what a person would type to remove a toxic.
func removeCommand(base, proxy, toxic string) string {
	if url.PathEscape(proxy) != proxy { // the tool does not escape names
		return shellescape.QuoteCommand([]string{"curl", "-X", "DELETE", base + toxicPath(proxy, toxic)})
	}
	return shellescape.QuoteCommand([]string{"toxiproxy-cli", "-h", base, "toxic", "remove", "-n", toxic, proxy})
}

// enableCommand is what a person would type to switch a proxy on or off. It is curl because
// toxiproxy-cli can only toggle: typed twice, or after somebody else toggled it, that does harm.
func enableCommand(base, proxy string, on bool) string {
	return shellescape.QuoteCommand([]string{"curl", "-d", fmt.Sprintf(`{"enabled":%t}`, on), base + proxyPath(proxy)})
}

// attributeNames lists attributes in a fixed order.
func attributeNames(a client.Attributes) []string { return slices.Sorted(maps.Keys(a)) }
