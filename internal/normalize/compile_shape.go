package normalize

import (
	"github.com/evident-sec/evident/event"
)

func addShapes(d *decoder, m *node) error {
	for _, item := range m.items {
		s, use, err := newShape(item)
		if err != nil {
			return err
		}
		switch use {
		case "":
			d.shapes = append(d.shapes, s)
		case "xml":
			d.xml = s
		case "text":
			d.text = s
		default:
			return errorAt(item.line, "unknown use %q", use)
		}
	}
	return nil
}

// newShape compiles one shape. use names the place of a shape that is not found
// by its markers: inside event XML, or lines of text.
func newShape(m *node) (s *shape, use string, err error) {
	s = &shape{rename: map[string]string{}}
	err = m.visit(map[string]func(*node) error{
		"name":    textInto(&s.name),
		"use":     textInto(&use),
		"markers": listInto(&s.markers),
		"strip":   listInto(&s.strip),
		"unwrap":  listInto(&s.unwrap),
		"zip":     listInto(&s.zip),
		"compact": func(n *node) error { s.compact = n.text == "true"; return nil },
		"lines":   func(n *node) error { s.lines = n.text == "true"; return nil },
		"rename": func(n *node) error {
			for _, e := range n.entries {
				s.rename[e.key] = e.val.text
			}
			return nil
		},
		"alias": func(n *node) error {
			for _, e := range n.entries {
				from, err := e.val.strings()
				if err != nil {
					return err
				}
				for _, f := range from {
					s.alias = append(s.alias, renaming{to: e.key, from: f})
				}
			}
			return nil
		},
		"expand": func(n *node) error {
			for _, e := range n.entries {
				kinds, err := e.val.strings()
				if err != nil {
					return err
				}
				for _, kind := range kinds {
					s.expand = append(s.expand, expansion{e.key, kind})
				}
			}
			return nil
		},
	})
	return s, use, err
}

// addPatterns compiles message patterns: each has the programs it is for, an
// expression with named groups, and fields to set.
func addPatterns(d *decoder, m *node) error {
	for _, item := range m.items {
		var programs []string
		var expr string
		var set []event.Field
		err := item.visit(map[string]func(*node) error{
			"program": listInto(&programs),
			"match":   textInto(&expr),
			"set": func(n *node) error {
				for _, e := range n.entries {
					set = append(set, event.Field{Name: e.key, Value: textValue(e.val.text)})
				}
				return nil
			},
		})
		if err != nil {
			return err
		}
		p, err := newPattern(expr, set)
		if err != nil {
			return errorAt(item.line, "compile pattern: %w", err)
		}
		if len(programs) == 0 {
			return errorAt(item.line, "pattern names no program")
		}
		for _, name := range programs {
			d.patterns[name] = append(d.patterns[name], p)
		}
	}
	return nil
}
