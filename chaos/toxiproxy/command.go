package toxiproxy

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	return command(append(words, proxy)...)
}

// removeCommand is what a person would type to remove a toxic.
func removeCommand(base, proxy, toxic string) string {
	if url.PathEscape(proxy) != proxy { // the tool does not escape names
		return command("curl", "-X", "DELETE", base+toxicPath(proxy, toxic))
	}
	return command("toxiproxy-cli", "-h", base, "toxic", "remove", "-n", toxic, proxy)
}

// enableCommand is what a person would type to switch a proxy on or off. It is curl because
// toxiproxy-cli can only toggle: typed twice, or after somebody else toggled it, that does harm.
func enableCommand(base, proxy string, on bool) string {
	return command("curl", "-d", fmt.Sprintf(`{"enabled":%t}`, on), base+proxyPath(proxy))
}

// command writes words as a shell reads them.
func command(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}

// quote protects a word from the shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// attributeNames lists attributes in a fixed order.
func attributeNames(a client.Attributes) []string { return slices.Sorted(maps.Keys(a)) }
