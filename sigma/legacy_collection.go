package sigma

import (
	"slices"

	"github.com/evident-sec/evident/internal/yamltree"
)

// expanded is a document after legacy actions, or why it is refused.
type expanded struct {
	doc *yamltree.Node
	err error
}

// expandActions resolves the actions of legacy rule collections. "global" adds
// its keys to the documents after it, "reset" forgets them, "repeat" is the
// document before with other keys. A map is merged key by key, anything else
// replaced. Files without actions are left as they are.
func expandActions(docs []*yamltree.Node) []expanded {
	c := collection{left: yamltree.MaxNodes, used: true}
	for _, doc := range docs {
		c.read(doc)
		if c.left < 0 {
			return []expanded{{doc, yamltree.Errorf(doc.Line, "legacy actions make more than %d keys",
				yamltree.MaxNodes)}}
		}
	}
	if !c.used || len(c.out) == 0 {
		c.refuse(docs[len(docs)-1], "no rule follows it")
	}
	return c.out
}

// collection is the state of a legacy rule collection between its documents.
type collection struct {
	out          []expanded
	global, last *yamltree.Node
	used         bool // the global document is part of a rule
	left         int  // keys that merging may still make
}

func (c *collection) read(doc *yamltree.Node) {
	action := doc.Get("action")
	switch word := doc.Word("action"); {
	case action == nil:
		c.rule(c.global, doc)
	case word == "global":
		c.global, c.used = c.merged(c.global, without(doc, "action")), false
	case word == "reset":
		c.global = nil
	case word == "repeat" && c.last != nil:
		c.rule(c.last, without(doc, "action"))
	case word == "repeat":
		c.refuse(doc, "it follows no rule")
	default:
		c.refuse(doc, "it is not global, reset or repeat")
	}
}

// rule adds a document that is a rule.
func (c *collection) rule(base, doc *yamltree.Node) {
	c.last, c.used = c.merged(base, doc), true
	c.out = append(c.out, expanded{c.last, nil})
}

func (c *collection) refuse(doc *yamltree.Node, why string) {
	line := firstLine(doc)
	if a := doc.Get("action"); a != nil {
		line = a.Line
	}
	c.out = append(c.out, expanded{doc, yamltree.Errorf(line, "legacy action %q: %s",
		clip(doc.Str("action"), 40), why)})
}

// without returns a map without the key.
func without(doc *yamltree.Node, key string) *yamltree.Node {
	out := *doc
	out.Entries = nil
	for _, e := range doc.Entries {
		if e.Key != key {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

// merged returns doc over base. The lines are those that the keys were read
// from.
func (c *collection) merged(base, doc *yamltree.Node) *yamltree.Node {
	if base == nil || base.Kind != yamltree.Map || doc.Kind != yamltree.Map {
		return doc
	}
	if c.left -= len(base.Entries) + len(doc.Entries); c.left < 0 {
		return doc
	}
	out := *doc
	out.Entries = slices.Clone(doc.Entries)
	places := make(map[string]int, len(doc.Entries))
	for i, e := range doc.Entries {
		places[e.Key] = i
	}
	for _, b := range base.Entries {
		if at, ok := places[b.Key]; ok {
			out.Entries[at].Val = c.merged(b.Val, out.Entries[at].Val)
		} else {
			out.Entries = append(out.Entries, b)
		}
	}
	return &out
}
