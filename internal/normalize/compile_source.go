package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// sourceDraft is a source while it is compiled: what its rules inherit.
type sourceDraft struct {
	*source
	attrs attributeMap
	logs  map[string]string
}

func (c *compiler) source(m *node) (*source, error) {
	d := &sourceDraft{source: &source{exact: map[string][]*rule{}}, attrs: attributeMap{}}
	d.logs = map[string]string{}
	var events, attrs *node
	var use []string
	product, key, severity := "", "", ""
	err := m.visit(map[string]func(*node) error{
		"name":       textInto(&d.name),
		"format":     listInto(&d.formats),
		"when":       conditionsInto(&d.when),
		"fallback":   func(n *node) error { d.fallback = n.text == "true"; return nil },
		"logsource":  logsourceInto(d.logs),
		"product":    textInto(&product),
		"severity":   textInto(&severity),
		"time":       func(n *node) (err error) { d.clocks, err = clocks(n); return err },
		"original":   listInto(&d.original),
		"key":        textInto(&key),
		"use":        listInto(&use),
		"attributes": func(n *node) error { attrs = n; return nil },
		"events":     func(n *node) error { events = n; return nil },
	})
	if err != nil {
		return nil, err
	}
	if d.key, err = c.optional(m, key); err != nil {
		return nil, err
	}
	if d.severity, err = c.optional(m, severity); err != nil {
		return nil, err
	}
	if product != "" {
		d.attrs[event.AttrProductName] = []*expression{{fixed: product}}
	}
	if err := c.inherit(d.attrs, m, use, attrs); err != nil {
		return nil, err
	}
	d.base = d.attrs.targets()
	if d.source.logs, err = c.logsource(m, d.logs); err != nil {
		return nil, err
	}
	if events == nil {
		return d.source, nil
	}
	for _, item := range events.items {
		if err := c.rule(d, item); err != nil {
			return nil, err
		}
	}
	return d.source, nil
}

func (c *compiler) optional(m *node, text string) (*expression, error) {
	if text == "" {
		return nil, nil
	}
	e, err := c.expression(text)
	if err != nil {
		return nil, errorAt(m.line, "%w", err)
	}
	return e, nil
}

// inherit adds the attributes of the named sets, then own ones, to base; later
// ones replace earlier ones.
func (c *compiler) inherit(base attributeMap, m *node, use []string, own *node) error {
	parts := make([]*node, 0, len(use)+1)
	for _, name := range use {
		set, ok := c.sets[name]
		if !ok {
			return errorAt(m.line, "unknown set %q", name)
		}
		parts = append(parts, set)
	}
	if own != nil {
		parts = append(parts, own)
	}
	for _, part := range parts {
		attrs, err := c.attributes(part)
		if err != nil {
			return err
		}
		for attr, alternatives := range attrs {
			base[attr] = alternatives
		}
	}
	return nil
}

// logsource compiles Sigma's names; a text with braces is a template.
func (c *compiler) logsource(m *node, names map[string]string) (logsource, error) {
	var out logsource
	for key, dst := range map[string]**expression{
		"product": &out.product, "service": &out.service, "category": &out.category,
	} {
		text := names[key]
		switch {
		case text == "":
			continue
		case strings.Contains(text, "{"):
			text = "~ " + text
		default:
			text = "= " + text
		}
		e, err := c.optional(m, text)
		if err != nil {
			return out, err
		}
		*dst = e
	}
	return out, nil
}

func logsourceInto(dst map[string]string) func(*node) error {
	return func(n *node) error {
		for _, e := range n.entries {
			switch e.key {
			case "product", "service", "category":
				dst[e.key] = e.val.text
			default:
				return errorAt(e.line, "unknown key %q", e.key)
			}
		}
		return nil
	}
}

func conditionsInto(dst *[]condition) func(*node) error {
	return func(n *node) error {
		for _, e := range n.entries {
			values, err := e.val.strings()
			if err != nil {
				return err
			}
			*dst = append(*dst, newCondition(e.key, values))
		}
		return nil
	}
}

// clocks compiles a list of fields, or of maps for local times.
func clocks(n *node) ([]clock, error) {
	items := n.items
	if n.scalar {
		items = []*node{n}
	}
	var out []clock
	for _, item := range items {
		if item.scalar {
			out = append(out, clock{field: item.text})
			continue
		}
		var ck clock
		err := item.visit(map[string]func(*node) error{
			"local": textInto(&ck.field), "seen": textInto(&ck.seenLocal), "utc": textInto(&ck.seenUTC),
		})
		if err != nil {
			return nil, err
		}
		if ck.field == "" || ck.seenLocal == "" || ck.seenUTC == "" {
			return nil, errorAt(item.line, "a local time needs local, seen and utc")
		}
		out = append(out, ck)
	}
	return out, nil
}
