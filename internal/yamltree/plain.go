package yamltree

import (
	"strings"
	"unicode/utf8"
)

// parsePlain reads the part of YAML that almost all rules keep to, many times
// faster than the YAML module: block maps and lists, plain and quoted scalars
// on one line, literal blocks. It returns false for a file that has anything
// else or is in doubt, and then the module reads it; what it does read, it reads
// as the module does. Time and memory are linear in the file.
func parsePlain(src []byte, limits Limits) ([]*Node, bool) {
	if !plainBytes(src) {
		return nil, false
	}
	p := plain{src: string(src), num: 1, most: limits.Nodes / 2}
	var docs []*Node
	if !p.advance() {
		return nil, false
	}
	if p.cur.kind == rowSeparator && !p.advance() {
		return nil, false
	}
	for {
		if p.cur.kind != rowContent || p.cur.indent != 0 {
			return nil, false
		}
		doc, ok := p.block(0)
		if !ok {
			return nil, false
		}
		docs = append(docs, doc)
		switch {
		case p.cur.kind == rowEnd:
			return docs, true
		case p.cur.kind != rowSeparator || !p.advance():
			return nil, false
		}
	}
}

// plainBytes reports whether the file is UTF-8 without control characters, tabs
// and line ends other than \n.
func plainBytes(src []byte) bool {
	ascii := true
	for _, c := range src {
		if c < ' ' && c != '\n' || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return true
	}
	for rest := src; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError, r == 0xFEFF, r == 0x2028, r == 0x2029, 0x80 <= r && r < 0xA0:
			return false
		}
		rest = rest[n:]
	}
	return true
}

// rowKind is what a line is.
type rowKind uint8

const (
	rowContent rowKind = iota
	rowSeparator
	rowEnd
)

// row is a line without its indentation and the spaces at its end.
type row struct {
	kind   rowKind
	indent int
	text   string
	num    int
}

// plain reads a file line by line.
type plain struct {
	src   string
	at    int // where the next line begins
	num   int // its number
	cur   row
	nodes int
	most  int // far enough below the limit that the module would not refuse
	depth int
}

// line returns the next line and moves on.
func (p *plain) line() string {
	rest := p.src[p.at:]
	text, _, found := strings.Cut(rest, "\n")
	p.at += len(text)
	if found {
		p.at++
	}
	p.num++
	return text
}

// advance makes the next line that is neither blank nor a comment the current
// one.
func (p *plain) advance() bool {
	for p.at < len(p.src) {
		num := p.num
		text := p.line()
		rest := strings.TrimLeft(text, " ")
		indent := len(text) - len(rest)
		rest = strings.TrimRight(rest, " ")
		switch {
		case rest == "" || rest[0] == '#':
			continue
		case indent > maxIndent:
			return false
		case indent == 0 && (rest[0] == '%' || strings.HasPrefix(rest, "...")):
			return false
		case indent == 0 && strings.HasPrefix(rest, "---"):
			p.cur = row{kind: rowSeparator, num: num}
			return rest == "---"
		}
		p.cur = row{rowContent, indent, rest, num}
		return true
	}
	p.cur = row{kind: rowEnd, num: p.num}
	return true
}

// node returns a new node within the bounds.
func (p *plain) node(kind Kind, line int, text string) (*Node, bool) {
	p.nodes++
	return &Node{Kind: kind, Text: text, Line: line}, p.nodes <= p.most
}

// block reads the map or list that begins at the current line.
func (p *plain) block(indent int) (*Node, bool) {
	if p.depth++; p.depth > maxDepth/2 {
		return nil, false
	}
	defer func() { p.depth-- }()
	if p.dash() {
		return p.list(indent)
	}
	return p.mapping(indent)
}

// dash reports whether the current line begins a list item.
func (p *plain) dash() bool { return p.cur.text == "-" || strings.HasPrefix(p.cur.text, "- ") }

// stands reports whether the current line is content at the indentation.
func (p *plain) stands(indent int) bool {
	return p.cur.kind == rowContent && p.cur.indent == indent
}

// closed reports whether the current line is not deeper than the indentation,
// as it must be after a value.
func (p *plain) closed(indent int) bool {
	return p.cur.kind != rowContent || p.cur.indent <= indent
}

// mapping reads a map whose keys stand at the indentation.
func (p *plain) mapping(indent int) (*Node, bool) {
	out, ok := p.node(Map, p.cur.num, "")
	var seen map[string]bool
	for ok && p.stands(indent) && !p.dash() {
		key, rest, found := splitKey(p.cur.text)
		if !found || seen[key] || seen == nil && out.Get(key) != nil {
			return nil, false
		}
		entry := Entry{Key: key, Line: p.cur.num}
		p.nodes++
		if entry.Val, ok = p.value(rest, indent); !ok {
			return nil, false
		}
		out.Entries = append(out.Entries, entry)
		if len(out.Entries) == 16 {
			seen = map[string]bool{}
			for _, e := range out.Entries {
				seen[e.Key] = true
			}
		} else if seen != nil {
			seen[key] = true
		}
	}
	return out, ok && p.closed(indent)
}

// list reads a list whose dashes stand at the indentation.
func (p *plain) list(indent int) (*Node, bool) {
	out, ok := p.node(List, p.cur.num, "")
	for ok && p.stands(indent) && p.dash() {
		rest := strings.TrimLeft(p.cur.text[1:], " ")
		if rest == "" || rest[0] == '#' || strings.HasPrefix(rest, "- ") || rest == "-" {
			return nil, false
		}
		var item *Node
		if _, _, isMap := splitKey(rest); isMap {
			p.cur.indent, p.cur.text = indent+len(p.cur.text)-len(rest), rest
			item, ok = p.block(p.cur.indent)
		} else {
			item, ok = p.value(rest, indent)
		}
		out.Items = append(out.Items, item)
	}
	return out, ok && p.closed(indent) && !(p.stands(indent) && p.dash())
}

// value reads what stands behind a key or a dash at the indentation and moves
// to the line after it.
func (p *plain) value(rest string, indent int) (*Node, bool) {
	line := p.cur.num
	if rest == "" || rest[0] == '#' {
		if !p.advance() {
			return nil, false
		}
		switch {
		case p.cur.kind == rowContent && p.cur.indent > indent, p.stands(indent) && p.dash():
			return p.block(p.cur.indent)
		}
		return p.node(Null, line, "")
	}
	if rest[0] == '|' {
		return p.literal(rest, indent)
	}
	text, kind, ok := scalarText(rest)
	if !ok || !p.advance() || !p.closed(indent) {
		return nil, false
	}
	return p.node(kind, line, text)
}

// literal reads a literal block: lines as they are, with one line end after the
// last, or none behind |-.
func (p *plain) literal(header string, parent int) (*Node, bool) {
	line, indent := p.cur.num, -1
	if header != "|" && header != "|-" {
		return nil, false
	}
	var text strings.Builder
	blank := 0
	for p.at < len(p.src) {
		at, num := p.at, p.num
		raw := p.line()
		if raw == "" && indent >= 0 {
			blank++
			continue
		}
		body := strings.TrimLeft(raw, " ")
		depth := len(raw) - len(body)
		if body == "" || body[len(body)-1] == ' ' || indent < 0 && depth <= parent {
			return nil, false // blank at the beginning, or spaces at an end
		}
		if indent < 0 {
			indent = depth
		}
		if depth < indent {
			if depth > parent {
				return nil, false
			}
			p.at, p.num = at, num
			break
		}
		for ; blank > 0; blank-- {
			text.WriteByte('\n')
		}
		text.WriteString(raw[indent:])
		text.WriteByte('\n')
	}
	out := text.String()
	if out == "" || p.src[p.at-1] != '\n' {
		return nil, false
	}
	if header == "|-" {
		out = out[:len(out)-1]
	}
	if !p.advance() || !p.closed(parent) {
		return nil, false
	}
	return p.node(String, line, out)
}
