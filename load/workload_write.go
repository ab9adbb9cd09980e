package load

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"xinbot.ir/squall/internal/strictyaml"
)

// RewriteMix returns the text of a workload file in which brands have other weights, by brand id; those that are not
// named keep theirs. The comments of the file stay, and what comes out loads again with exactly these weights. JSON
// becomes YAML. name is the file's name in messages.
func RewriteMix(name string, text []byte, wanted map[string]Weights) ([]byte, error) {
	before, err := ParseWorkload(name, text)
	if err != nil {
		return nil, err
	}
	all := map[string]Weights{} // of every brand
	for _, t := range before.Tenants {
		for _, b := range t.Brands {
			all[b.BrandID] = b.Channels
			if w, given := wanted[b.BrandID]; given {
				all[b.BrandID] = w
			}
		}
	}
	// Only those that change are written, so that the rest of the file stays as it is; where one of the others has taken
	// its weights from what was changed (an anchor), each gets its own.
	for _, some := range []map[string]Weights{wanted, all} {
		rewritten, err := rewriteMix(name, text, before, some)
		if err != nil {
			return nil, fmt.Errorf("rewrite %s: %w", name, err)
		}
		if after, err := ParseWorkload(name, rewritten); err == nil && hasWeights(after, all) {
			return rewritten, nil
		}
	}
	return nil, fmt.Errorf("rewrite %s: its anchors keep the weights of a brand from being changed: write them out", name)
}

func hasWeights(w Workload, wanted map[string]Weights) bool {
	brands := 0
	for _, t := range w.Tenants {
		for _, b := range t.Brands {
			if wanted[b.BrandID] != b.Channels {
				return false
			}
			brands++
		}
	}
	return brands == len(wanted)
}

var errMerged = errors.New("its tenants or brands are merged from elsewhere (<<): write them out")

func rewriteMix(name string, text []byte, w Workload, wanted map[string]Weights) ([]byte, error) {
	doc, err := strictyaml.Document(name, text)
	if err != nil {
		return nil, err
	}
	root := doc.Content[0]
	if root.Style&yaml.FlowStyle != 0 {
		unfold(root)
	}
	tenants := valueOf(root, "tenants")
	if tenants == nil || len(tenants.Content) != len(w.Tenants) {
		return nil, errMerged
	}
	for i, t := range w.Tenants {
		brands := valueOf(own(tenants.Content[i]), "brands")
		if brands == nil || len(brands.Content) != len(t.Brands) {
			return nil, errMerged
		}
		for j, b := range t.Brands {
			if weights, given := wanted[b.BrandID]; given {
				setWeights(own(brands.Content[j]), weights)
			}
		}
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(doc), encoder.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unfold writes what was JSON as YAML is usually written.
func unfold(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle | yaml.DoubleQuotedStyle
	for _, child := range n.Content {
		unfold(child)
	}
}

// valueOf is the value of a mapping's own key, nil when it has none.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return own(mapping.Content[i+1])
		}
	}
	return nil
}

// own makes an alias a copy of what it stands for, so that a change stays in one place.
func own(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		head, line, foot := n.HeadComment, n.LineComment, n.FootComment
		*n = *copyNode(n.Alias)
		n.HeadComment, n.LineComment, n.FootComment = head, line, foot
	}
	return n
}

// copyNode copies a node without its anchors, which would be there twice.
func copyNode(n *yaml.Node) *yaml.Node {
	c := *n
	c.Anchor, c.Content = "", make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = copyNode(child)
	}
	return &c
}

// setWeights gives a brand its weights: in the keys that are there, and in new ones for the rest. A channel that is not
// there and has no weight needs no key, unless it could come from a mapping that is merged.
func setWeights(brand *yaml.Node, w Weights) {
	mapping := valueOf(brand, "channels")
	if mapping == nil {
		mapping = &yaml.Node{Kind: yaml.MappingNode}
		brand.Content = append(brand.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "channels"}, mapping)
	}
	merges := false
	var there [NumChannels]bool
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		merges = merges || key.Value == "<<"
		if c, err := ParseChannel(key.Value); err == nil {
			there[c] = true
			*value = yaml.Node{
				Kind: yaml.ScalarNode, Value: weightText(w[c]), Anchor: value.Anchor,
				HeadComment: value.HeadComment, LineComment: value.LineComment, FootComment: value.FootComment,
			}
		}
	}
	for c, v := range w {
		if !there[c] && (v != 0 || merges) {
			mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: Channel(c).String()}, &yaml.Node{Kind: yaml.ScalarNode, Value: weightText(v)})
		}
	}
}

// weightText is the shortest text that is read as exactly this number.
func weightText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// RoundedShares are the weights scaled to sum to about 1, to so many significant digits, so that none above 0 is lost.
func (w Weights) RoundedShares(digits int) Weights {
	w = w.Normalised()
	for c, v := range w {
		if v > 0 {
			scale := math.Pow(10, float64(digits-1)-math.Floor(math.Log10(v)))
			w[c] = math.Round(v*scale) / scale
		}
	}
	return w
}

// DefaultWorkloadText is the built-in workload's tenants and brands as a workload file. What it leaves out has the same
// defaults in every file.
func DefaultWorkloadText() []byte {
	var b strings.Builder
	b.WriteString("tenants:\n")
	for _, t := range DefaultWorkload().Tenants {
		fmt.Fprintf(&b, "  - id: %s\n    brands:\n", t.ID)
		for _, brand := range t.Brands {
			fmt.Fprintf(&b, "      - name: %s\n        brand_id: %s\n        channel_id: %s\n        channels:\n", brand.Name, brand.BrandID, brand.ChannelID)
			for c, v := range brand.Channels {
				fmt.Fprintf(&b, "          %s: %s\n", Channel(c), weightText(v))
			}
		}
	}
	return []byte(b.String())
}
