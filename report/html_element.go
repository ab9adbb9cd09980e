package report

import "golang.org/x/net/html"

// Pages are built as trees and rendered by a library that escapes what is in them. The standard library's
// templates would do it too, but look up methods by name, for which the linker keeps every method of every
// type: 37 MB more of squall.

// element makes an element. Attributes are names and values in turn; text from elsewhere among them must
// have gone through [oneLine], as [words] does it.
func element(name string, attributes []string, children ...*html.Node) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name}
	for i := 0; i+1 < len(attributes); i += 2 {
		n.Attr = append(n.Attr, html.Attribute{Key: attributes[i], Val: attributes[i+1]})
	}
	return within(n, children...)
}

// within puts nodes into an element, after what is there.
func within(parent *html.Node, children ...*html.Node) *html.Node {
	for _, c := range children {
		if c != nil {
			parent.AppendChild(c)
		}
	}
	return parent
}

// words are text of any origin.
func words(text string) *html.Node { return verbatim(oneLine(text)) }

// verbatim is text of this program's own.
func verbatim(text string) *html.Node { return &html.Node{Type: html.TextNode, Data: text} }

// lineBreak is for those who read the source of a page.
func lineBreak() *html.Node { return verbatim("\n") }

// class is the attribute of this name, and those that follow.
func class(names string, more ...string) []string { return append([]string{"class", names}, more...) }
