package normalize

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
)

// engineVersion is part of a Normalizer's version: it changes when the same
// mapping would make other events of the same records.
const engineVersion = "evident.normalize/1"

// foreign is the one file of the folder that another package reads.
const foreign = "sigma-logsources.yaml"

// compiler turns mapping documents into a Normalizer.
type compiler struct {
	docs   []document
	tables map[string]map[string]string
	sets   map[string]*node
}

// document is one file.
type document struct {
	name string
	root *node
}

// load reads the files and returns their hash.
func (c *compiler) load(files fs.FS) (string, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return "", fmt.Errorf("list files: %w", err)
	}
	slices.Sort(names)
	sum := sha256.New()
	fmt.Fprintln(sum, engineVersion)
	for _, name := range names {
		if path.Base(name) == foreign {
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return "", fmt.Errorf("read file: %w", err)
		}
		fmt.Fprintf(sum, "%s\n%d\n", name, len(data))
		sum.Write(data)
		root, err := readYAML(data)
		if err != nil {
			return "", place(name, err)
		}
		c.docs = append(c.docs, document{name, root})
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// place puts the file, and the line where it is known, before an error.
func place(file string, err error) error {
	if at, ok := errors.AsType[*placedError](err); ok {
		return fmt.Errorf("%s:%d: %w", file, at.line, at.err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// section calls handle with every document's section of the name.
func (c *compiler) section(name string, handle func(*node) error) error {
	for _, d := range c.docs {
		for _, e := range d.root.entries {
			if e.key != name {
				continue
			}
			if err := handle(e.val); err != nil {
				return place(d.name, err)
			}
		}
	}
	return nil
}

// compile builds the normalizer: tables and sets first, since others use them.
func (c *compiler) compile(n *Normalizer) error {
	for _, d := range c.docs {
		for _, e := range d.root.entries {
			if !slices.Contains([]string{"tables", "sets", "shapes", "patterns", "sources"}, e.key) {
				return place(d.name, errorAt(e.line, "unknown section %q", e.key))
			}
		}
	}
	var sources []*source
	n.decoder.patterns = map[string][]*pattern{}
	steps := []struct {
		name   string
		handle func(*node) error
	}{
		{"tables", c.addTables},
		{"sets", c.addSets},
		{"shapes", func(m *node) error { return addShapes(&n.decoder, m) }},
		{"patterns", func(m *node) error { return addPatterns(&n.decoder, m) }},
		{"sources", func(m *node) error {
			for _, item := range m.items {
				s, err := c.source(item)
				if err != nil {
					return err
				}
				sources = append(sources, s)
			}
			return nil
		}},
	}
	for _, step := range steps {
		if err := c.section(step.name, step.handle); err != nil {
			return err
		}
	}
	n.catalog = newCatalog(sources)
	n.decoder.numbers = numbering{}
	n.decoder.numbers.sources(sources)
	n.journal = n.decoder.numbers.of(journalMark)
	for i := range n.catalog.indexes {
		n.catalog.indexes[i].id = n.decoder.numbers.of(n.catalog.indexes[i].field)
	}
	return nil
}

func (c *compiler) addTables(m *node) error {
	for _, e := range m.entries {
		if _, there := c.tables[e.key]; there {
			return errorAt(e.line, "table %q is given twice", e.key)
		}
		table := make(map[string]string, len(e.val.entries))
		for _, row := range e.val.entries {
			if !row.val.scalar {
				return errorAt(row.line, "expected text")
			}
			table[row.key] = row.val.text
		}
		c.tables[e.key] = table
	}
	return nil
}

func (c *compiler) addSets(m *node) error {
	for _, e := range m.entries {
		if _, there := c.sets[e.key]; there {
			return errorAt(e.line, "set %q is given twice", e.key)
		}
		if _, err := c.attributes(e.val); err != nil {
			return err
		}
		c.sets[e.key] = e.val
	}
	return nil
}

// attributeMap is what a mapping says about each attribute.
type attributeMap map[event.Attr][]*expression

// attributes compiles a map of attribute path to expression or alternatives.
func (c *compiler) attributes(m *node) (attributeMap, error) {
	out := attributeMap{}
	for _, e := range m.entries {
		attr, ok := event.Lookup(e.key)
		if !ok {
			return nil, errorAt(e.line, "unknown attribute %q", e.key)
		}
		texts, err := e.val.strings()
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			expr, err := c.expression(text)
			if err != nil {
				return nil, errorAt(e.line, "attribute %s: %w", e.key, err)
			}
			out[attr] = append(out[attr], expr)
		}
	}
	return out, nil
}

// targets orders the attributes by the lake's columns.
func (m attributeMap) targets() []target {
	out := make([]target, 0, len(m))
	for attr, alternatives := range m {
		out = append(out, target{attr, attr.Info().Type == event.TypeInt, alternatives})
	}
	slices.SortFunc(out, func(a, b target) int { return cmp.Compare(a.attr, b.attr) })
	return out
}

// newCatalog indexes the sources, the fields that most sources ask for first.
// Fallbacks are tried last, those with most conditions before the others.
func newCatalog(sources []*source) catalog {
	c := catalog{}
	byField := map[string]map[string][]*source{}
	for _, s := range sources {
		switch {
		case s.fallback:
			c.fallback = append(c.fallback, s)
		case len(s.when) > 0 && s.when[0].listed():
			field := s.when[0].field
			if byField[field] == nil {
				byField[field] = map[string][]*source{}
			}
			for _, v := range s.when[0].equal {
				key := strings.ToLower(v)
				byField[field][key] = append(byField[field][key], s)
			}
		default:
			c.ordered = append(c.ordered, s)
		}
	}
	slices.SortStableFunc(c.fallback, func(a, b *source) int {
		return cmp.Compare(len(b.when), len(a.when))
	})
	for field, m := range byField {
		c.indexes = append(c.indexes, index{field: field, sources: m})
	}
	slices.SortFunc(c.indexes, func(a, b index) int {
		return cmp.Or(cmp.Compare(len(b.sources), len(a.sources)), cmp.Compare(a.field, b.field))
	})
	return c
}

// listed reports whether the condition is a plain list of values.
func (c *condition) listed() bool {
	return len(c.equal) > 0 && len(c.prefixes)+len(c.suffixes) == 0 && !c.present && !c.missing
}
