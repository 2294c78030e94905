package evtx

import (
	"bytes"
	"fmt"
	"slices"
)

// Bounds on one record or chunk.
const (
	maxDocuments = 16 // documents inside values of documents
	// maxTemplates is the bytes of templates and names that one record may use,
	// counted at each use. Windows' own need a tenth of it.
	maxTemplates = 256 << 10
	// maxEffort is the bytes of templates and names that are read to cut out the
	// records of one chunk, which has 64 KiB: templates do not overlap unless
	// somebody forged them.
	maxEffort = 4 << 20
)

// template is a compiled template definition.
type template struct {
	roots []*element
	deps  []extent // the definition, and the names it refers to elsewhere
	// source is the bytes of deps, one after the other. Where a view has the same
	// bytes at the same places, compiling gives the same again.
	source []byte
	cost   int // bytes of templates and names that compiling read
}

// is reports whether the template is the one that the view has.
func (t *template) is(v *view) bool {
	rest := t.source
	for _, e := range t.deps {
		b, ok := v.at(e.offset, e.size)
		if !ok || !bytes.Equal(b, rest[:e.size]) {
			return false
		}
		rest = rest[e.size:]
	}
	return true
}

// value is one value of a template instance, as it stands in the record.
type value struct {
	kind   byte
	data   []byte
	offset int // in the chunk
}

// visitor is given what a document consists of.
type visitor interface {
	// instance is a template with its values.
	instance(t *template, values []value, depth int) error
	// element is an element that stands in the record itself; names are the
	// names it refers to elsewhere.
	element(e *element, names []extent, depth int) error
}

// parser reads the documents of a view. Templates are compiled once for each
// place they are used at.
type parser struct {
	view     *view
	compiler compiler
	names    names
	cache    map[templateKey]*template
	kept     int     // bytes of cache's sources
	values   []value // stack of the instances being visited
	budget   int     // of maxTemplates, left for the record
	effort   int     // of maxEffort, left for the view; at least budget in a decoder
}

type templateKey struct {
	offset int
	path   string
}

// maxKept bounds the sources of the templates that are remembered.
const maxKept = 1 << 20

func (p *parser) init(rename func(string) string) {
	p.names.init(rename)
	p.cache = map[templateKey]*template{}
}

// forget drops all templates: the next view has none of them.
func (p *parser) forget() {
	clear(p.cache)
	p.kept = 0
}

// begin prepares for a view.
func (p *parser) begin(v *view) {
	p.view, p.values = v, p.values[:0]
	p.budget, p.effort = maxTemplates, maxEffort
}

// compile prepares for a text inside an extent of the view.
func (p *parser) compile(inside extent) *compiler {
	c := &p.compiler
	c.view, c.names, c.inside = p.view, &p.names, inside
	c.deps, c.stack = c.deps[:0], c.stack[:0]
	c.cost, c.limit = inside.size, min(p.budget, p.effort)
	return c
}

// document reads a document whose elements belong below path.
func (p *parser) document(cur *cursor, path string, depth int, v visitor) error {
	if depth > maxDocuments {
		return fmt.Errorf("documents are nested more than %d deep", maxDocuments)
	}
	for cur.more() {
		var err error
		switch token := cur.peek(); token &^ moreData {
		case tokenEnd:
			return cur.err
		case tokenFragment:
			cur.take(4)
		case tokenTemplate:
			err = p.instance(cur, path, depth, v)
		case tokenOpen:
			err = p.element(cur, path, depth, v)
		case tokenTarget, tokenTargetData:
			c := p.compile(extent{})
			c.piece(cur, 0)
			err = p.spend(c.cost, c.cost)
		default:
			cur.byte()
			err = errToken(cur, token)
		}
		if err != nil {
			return err
		}
	}
	return cur.err
}

// element reads an element that is not in a template.
func (p *parser) element(cur *cursor, path string, depth int, v visitor) error {
	c := p.compile(extent{})
	c.cost = len(cur.data) - cur.pos
	e := c.element(cur, path, 0, p.dependent(cur))
	if err := p.spend(c.cost, c.cost); err != nil {
		return err
	}
	if cur.err != nil {
		return cur.err
	}
	return v.element(e, slices.Clone(c.deps), depth)
}

var errBudget = fmt.Errorf("its templates are longer than %d bytes together", maxTemplates)

// spend takes bytes off the budget, and off the effort what was read anew.
// Whether a template was remembered makes no difference to the budget, so that
// a record decodes the same whatever came before it.
func (p *parser) spend(budget, effort int) error {
	p.budget -= budget
	p.effort -= effort
	if p.budget < 0 || p.effort < 0 {
		return errBudget
	}
	return nil
}

// dependent reports whether the element at the cursor has a dependency
// identifier. Elements directly in a record or value have none as a rule, so
// that is believed where a name stands at the place the token then gives.
func (p *parser) dependent(cur *cursor) bool {
	rest := cur.data[cur.pos:]
	if len(rest) < 9 {
		return false
	}
	size, name := int(u32(rest, 1)), int(u32(rest, 5))
	_, there := p.view.at(name, nameHead)
	return size > len(rest)-5 || name > cur.offset()+9 || !there
}

// instance reads a template instance.
func (p *parser) instance(cur *cursor, path string, depth int, v visitor) error {
	cur.take(6) // token, version, template identifier
	offset := cur.u32()
	t, err := p.template(cur, offset, path)
	if err != nil {
		return err
	}
	count := cur.u32()
	if count > (len(cur.data)-cur.pos)/4 {
		return fmt.Errorf("byte %d of the chunk: %d values do not fit", cur.offset(), count)
	}
	descriptors := cur.take(4 * count)
	base := len(p.values)
	for ; len(descriptors) >= 4; descriptors = descriptors[4:] {
		at := cur.offset()
		p.values = append(p.values, value{descriptors[2], cur.take(u16(descriptors, 0)), at})
	}
	if cur.err != nil {
		return cur.err
	}
	err = v.instance(t, p.values[base:], depth)
	p.values = p.values[:base]
	return err
}

// template returns the compiled definition at an offset; cur is moved behind
// it where the definition stands there.
func (p *parser) template(cur *cursor, offset int, path string) (*template, error) {
	head, ok := p.view.at(offset, definitionHead)
	if cur.err != nil {
		return nil, cur.err
	}
	size := definitionHead
	if ok {
		if size += int(u32(head, 20)); size <= ChunkBytes {
			head, ok = p.view.at(offset, size)
		}
	}
	if !ok || size > ChunkBytes {
		return nil, fmt.Errorf("the template at byte %d of the chunk is not there", offset)
	}
	if offset == cur.offset() {
		cur.take(size)
	}
	return p.compiled(extent{offset, size}, head[definitionHead:], path)
}

// compiled returns the template of a definition, from the cache where it is
// the same.
func (p *parser) compiled(whole extent, body []byte, path string) (*template, error) {
	key := templateKey{whole.offset, path}
	if t, ok := p.cache[key]; ok && t.is(p.view) {
		return t, p.spend(t.cost, 0)
	}
	c := p.compile(whole)
	t := &template{}
	err := t.read(c, cursor{data: body, base: whole.offset + definitionHead}, path)
	if err := p.spend(c.cost, c.cost); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("template at byte %d of the chunk: %w", whole.offset, err)
	}
	t.cost = c.cost
	t.deps = append(slices.Clone(c.deps), whole)
	for _, e := range t.deps {
		b, _ := p.view.at(e.offset, e.size) // they were read just now
		t.source = append(t.source, b...)
	}
	if p.kept += len(t.source); p.kept > maxKept {
		p.forget()
		p.kept = len(t.source)
	}
	p.cache[key] = t
	return t, nil
}

// read compiles the elements of a definition.
func (t *template) read(c *compiler, cur cursor, path string) error {
	for cur.more() && cur.peek() != tokenEnd {
		switch cur.peek() {
		case tokenFragment:
			cur.take(4)
		case tokenTarget, tokenTargetData:
			c.piece(&cur, 0)
		default:
			t.roots = append(t.roots, c.element(&cur, path, 0, true))
		}
	}
	return cur.err
}
