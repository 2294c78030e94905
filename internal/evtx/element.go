package evtx

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on one template or record.
const (
	maxElementDepth = 64
	maxPathBytes    = 512
)

// element is a compiled element: its fields' names are known, its values may
// come from substitutions.
type element struct {
	path  string    // of its children
	bare  fieldName // the field of its value when no attribute has one
	text  fieldName // the field of its value beside attributes
	attrs []attribute
	parts []part
	sole  int // the substitution that is all its content, -1 where it has other
	data  dataKind
}

// dataKind tells the elements called Data apart, which get other names.
type dataKind uint8

const (
	plainElement dataKind = iota
	namedData             // Name is an attribute that is the same in every record
	computedData          // Name is an attribute that each record gives
	listedData            // without Name: one item of a list
)

// attribute is a compiled attribute: the field it gives and its value.
type attribute struct {
	name  string // its own
	field fieldName
	parts []part
}

// part is a piece of content: an element, a substitution, or else text.
type part struct {
	text  string
	child *element
	id    int // of the substitution, -1 for none
}

func (p *part) static() bool { return p.id < 0 && p.child == nil }

// compiler turns the binary XML of one template or record into elements.
type compiler struct {
	view     *view
	names    *names
	deps     []extent // names outside the text that is being compiled
	inside   extent
	cost     int       // bytes read so far, each name as often as it is referred to
	limit    int       // of cost
	elements []element // room for more
	parts    []part    // room for more
	stack    []part    // content of the elements that are open
}

// open returns a new element.
func (c *compiler) open() *element {
	if len(c.elements) == 0 {
		c.elements = make([]element, 32)
	}
	e := &c.elements[0]
	c.elements = c.elements[1:]
	return e
}

// close returns the content gathered since the stack had a length.
func (c *compiler) close(start int) []part {
	n := len(c.stack) - start
	if len(c.parts) < n {
		c.parts = make([]part, max(n, 64))
	}
	out := c.parts[:n:n]
	c.parts = c.parts[n:]
	copy(out, c.stack[start:])
	c.stack = c.stack[:start]
	return out
}

// name reads the name at an offset; cur is moved behind it where it stands
// there.
func (c *compiler) name(cur *cursor) string {
	offset := cur.u32()
	head, ok := c.view.at(offset, nameHead)
	if cur.err != nil {
		return ""
	}
	size := nameHead
	if ok {
		size += 2*u16(head, 6) + 2
		head, ok = c.view.at(offset, size)
	}
	if !ok {
		cur.err = fmt.Errorf("the name at byte %d of the chunk is not there", offset)
		return ""
	}
	if c.cost += size; c.cost > c.limit {
		cur.err = errBudget
		return ""
	}
	if offset == cur.offset() {
		cur.take(size)
	}
	if e := (extent{offset, size}); !e.within(c.inside) {
		c.deps = append(c.deps, e)
	}
	return c.names.text(head[nameHead : size-2])
}

// element compiles the element at the cursor. dependent says that elements
// have a dependency identifier, which they lack directly inside a value.
func (c *compiler) element(cur *cursor, parent string, depth int, dependent bool) *element {
	token := cur.byte()
	if token&^moreData != tokenOpen {
		cur.err = errToken(cur, token)
		return nil
	}
	if depth > maxElementDepth {
		cur.err = fmt.Errorf("elements are nested more than %d deep", maxElementDepth)
		return nil
	}
	if dependent {
		cur.take(2)
	}
	cur.take(4) // size of the element: where it ends is read from its tokens
	name := c.name(cur)
	e := c.open()
	e.sole = -1
	own := c.below(parent, name)
	e.path = own.path
	if token&moreData != 0 {
		c.attributes(cur, e)
	}
	if len(e.path) > maxPathBytes {
		cur.err = fmt.Errorf("the path of an element is longer than %d bytes", maxPathBytes)
	}
	if cur.err != nil {
		return nil
	}
	if name == "Data" {
		c.nameData(e, parent)
	} else {
		c.nameFields(e, own)
	}
	switch token := cur.byte(); token {
	case tokenCloseEmpty:
	case tokenCloseStart:
		c.content(cur, e, depth, dependent)
	default:
		cur.err = errToken(cur, token)
	}
	return e
}

func errToken(cur *cursor, token byte) error {
	if cur.err != nil {
		return cur.err
	}
	return fmt.Errorf("byte %d of the chunk: token %#02x is not expected", cur.offset()-1, token)
}

// below returns the field of an element called name.
func (c *compiler) below(parent, name string) fieldName {
	if parent == "" {
		return c.names.field("", "", name)
	}
	return c.names.field(parent, ".", name)
}

// attributes reads an attribute list.
func (c *compiler) attributes(cur *cursor, e *element) {
	size := cur.u32()
	end := cur.pos + size
	if size > len(cur.data)-cur.pos {
		cur.take(size) // sets the error
		return
	}
	for cur.err == nil && cur.pos < end {
		token := cur.byte()
		if token&^moreData != tokenAttribute {
			cur.err = errToken(cur, token)
			return
		}
		a := attribute{name: c.name(cur)}
		start := len(c.stack)
		for cur.err == nil && cur.pos < end && cur.peek()&^moreData != tokenAttribute {
			c.piece(cur, start)
		}
		a.parts = c.close(start)
		e.attrs = append(e.attrs, a)
	}
}

// nameFields decides which fields the element's values go to.
func (c *compiler) nameFields(e *element, own fieldName) {
	e.bare = own
	if len(e.attrs) == 0 {
		return
	}
	e.text = c.names.field(e.path, ".#text", "")
	for i := range e.attrs {
		e.attrs[i].field = c.names.field(e.path, ".#attributes.", e.attrs[i].name)
	}
}

// nameData names the fields of a Data element after its Name; its other
// attributes are left out, as in the usual JSON notation.
func (c *compiler) nameData(e *element, parent string) {
	for i := range e.attrs {
		a := &e.attrs[i]
		if a.name != "Name" {
			continue
		}
		if len(a.parts) == 1 && a.parts[0].static() && a.parts[0].text != "" {
			e.data, e.bare, e.attrs = namedData, c.below(parent, a.parts[0].text), nil
			e.path = e.bare.path
			return
		}
		if len(a.parts) > 0 {
			e.data, e.path, e.attrs = computedData, parent, e.attrs[i:i+1]
			return
		}
	}
	e.data, e.attrs = listedData, nil
	e.text = c.names.field(e.path, ".#text", "")
}

// content reads up to the end of the element.
func (c *compiler) content(cur *cursor, e *element, depth int, dependent bool) {
	start := len(c.stack)
	defer func() {
		if e.parts = c.close(start); len(e.parts) == 1 && e.parts[0].child == nil {
			e.sole = e.parts[0].id
		}
	}()
	for cur.err == nil {
		switch token := cur.peek(); token &^ moreData {
		case tokenEndElement:
			cur.byte()
			return
		case tokenOpen:
			child := c.element(cur, e.path, depth+1, dependent)
			c.stack = append(c.stack, part{child: child, id: -1})
		default:
			c.piece(cur, start)
		}
	}
}

// piece reads one piece of content or of an attribute's value onto the stack.
// Text joins the text before it, down to start.
func (c *compiler) piece(cur *cursor, start int) {
	token := cur.byte()
	text := ""
	switch token &^ moreData {
	case tokenText:
		if kind := cur.byte(); kind != typeString && cur.err == nil {
			cur.err = fmt.Errorf("byte %d of the chunk: text of type %#02x", cur.offset()-1, kind)
		}
		text = c.names.text(cur.counted())
	case tokenCData:
		text = c.names.text(cur.counted())
	case tokenCharacter:
		text = character(rune(cur.u16()))
	case tokenEntity:
		text = entity(c.name(cur))
	case tokenTarget: // processing instructions say nothing about the event
		c.name(cur)
	case tokenTargetData:
		cur.counted()
	case tokenSubstitution, tokenOptional:
		id := cur.u16()
		cur.byte() // the type: that of the value counts
		c.stack = append(c.stack, part{id: id})
		return
	default:
		cur.err = errToken(cur, token)
	}
	if text == "" {
		return
	}
	if n := len(c.stack); n > start && c.stack[n-1].static() {
		c.stack[n-1].text += text
		return
	}
	c.stack = append(c.stack, part{text: text, id: -1})
}

func character(c rune) string {
	if !utf8.ValidRune(c) {
		c = utf8.RuneError
	}
	return string(c)
}

// entity returns the text of a reference: the five that XML predefines, or the
// reference as it is written.
func entity(name string) string {
	switch name {
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "amp":
		return "&"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	if number, ok := strings.CutPrefix(name, "#"); ok {
		if n, err := strconv.ParseUint(number, 10, 32); err == nil {
			return character(rune(n))
		}
	}
	return "&" + name + ";"
}
