package normalize

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Bounds on one record. Beyond them the record becomes a dead letter: kept and
// searchable as text, but without fields.
const (
	maxDepth     = 64
	maxValues    = 65_536 // fields and list items together
	maxNameBytes = 1024
)

// jsonScanner reads one JSON object into flat fields. Members of nested
// objects get their path as name; a list of objects becomes one list for each
// path inside it, which is how rules address such members.
type jsonScanner struct {
	mem    *memory
	s      string
	pos    int
	depth  int
	values int
	out    event.Fields
	trail  trail
}

// decodeJSON appends the fields of the object in s to out.
func decodeJSON(mem *memory, s string, out event.Fields) (event.Fields, error) {
	sc := jsonScanner{mem: mem}
	return sc.decode(s, out)
}

// decode appends the fields of the object in s to out.
func (sc *jsonScanner) decode(s string, out event.Fields) (event.Fields, error) {
	sc.s, sc.pos, sc.depth, sc.values, sc.out = s, 0, 0, 0, out
	sc.trail.start()
	sc.space()
	if sc.peek() != '{' {
		return out, sc.fail("not a JSON object")
	}
	if err := sc.object(""); err != nil {
		return sc.out, err
	}
	sc.space()
	if sc.pos < len(s) {
		return sc.out, sc.fail("text after the JSON object")
	}
	return sc.out, nil
}

func (sc *jsonScanner) fail(text string) error {
	return fmt.Errorf("decode json: byte %d: %s", sc.pos+1, text)
}

func (sc *jsonScanner) space() {
	for sc.pos < len(sc.s) {
		switch sc.s[sc.pos] {
		case ' ', '\t', '\n', '\r':
			sc.pos++
		default:
			return
		}
	}
}

// peek returns the byte at the position, 0 at the end.
func (sc *jsonScanner) peek() byte {
	if sc.pos < len(sc.s) {
		return sc.s[sc.pos]
	}
	return 0
}

// emit adds a field; an error when the record has too many values.
func (sc *jsonScanner) emit(name string, kind event.Kind, text string) error {
	if sc.values++; sc.values > maxValues {
		return sc.fail("too many values")
	}
	n := len(sc.out)
	if n == cap(sc.out) {
		sc.out = append(sc.out, event.Field{})
	}
	sc.out = sc.out[:n+1]
	f := &sc.out[n]
	f.Name, f.Value.Kind, f.Value.Text, f.Value.Items = name, kind, text, nil
	return nil
}

func (sc *jsonScanner) enter() error {
	if sc.depth++; sc.depth > maxDepth {
		return sc.fail("nested too deeply")
	}
	sc.pos++
	sc.space()
	return nil
}

// object reads the object at the position; prefix is its path.
func (sc *jsonScanner) object(prefix string) error {
	if err := sc.enter(); err != nil {
		return err
	}
	if sc.peek() == '}' {
		sc.pos++
		sc.depth--
		if sc.depth == 0 {
			return nil
		}
		sc.trail.uneven = true
		return sc.emit(prefix, event.Null, "")
	}
	for {
		if err := sc.member(prefix); err != nil {
			return err
		}
		done, err := sc.next('}')
		if done || err != nil {
			return err
		}
	}
}

// member reads one name and its value.
func (sc *jsonScanner) member(prefix string) error {
	name, err := sc.name(prefix)
	if err != nil {
		return err
	}
	if sc.peek() != ':' {
		sc.space()
		if sc.peek() != ':' {
			return sc.fail("expected a colon")
		}
	}
	sc.pos++
	return sc.value(name)
}

// name reads a member's name and returns its path. Where the records before
// had the same name at this point, it need not be read.
func (sc *jsonScanner) name(prefix string) (string, error) {
	if next := sc.trail.expected(sc.depth, prefix); next != nil &&
		strings.HasPrefix(sc.s[sc.pos:], next.quoted) {
		sc.pos += len(next.quoted)
		sc.trail.at = next
		return next.path, nil
	}
	if sc.peek() != '"' {
		return "", sc.fail("expected a member name")
	}
	start := sc.pos
	name, err := sc.text()
	if err != nil {
		return "", err
	}
	if sc.depth > 1 && len(prefix)+len(name) > maxNameBytes {
		return "", sc.fail("member name too long")
	}
	if known := sc.trail.follow(sc.depth, prefix, sc.s[start:sc.pos], name); known != nil {
		return known.path, nil
	}
	if sc.depth > 1 {
		name = sc.mem.join(prefix, ".", name)
	}
	return name, nil
}

// next reads the comma between members, or the closing byte.
func (sc *jsonScanner) next(closing byte) (done bool, err error) {
	c := sc.peek()
	if c != ',' && c != closing {
		sc.space()
		c = sc.peek()
	}
	switch c {
	case ',':
		sc.pos++
		sc.space()
		return false, nil
	case closing:
		sc.pos++
		sc.depth--
		return true, nil
	}
	return true, sc.fail("expected a comma or " + string(closing))
}

// value reads the value after a colon.
func (sc *jsonScanner) value(name string) error {
	sc.space()
	switch c := sc.peek(); c {
	case '"':
		text, err := sc.text()
		if err != nil {
			return err
		}
		return sc.emit(name, event.String, text)
	case '{':
		return sc.object(name)
	case '[':
		return sc.array(name)
	default:
		v, err := sc.scalar(c)
		if err != nil {
			return err
		}
		return sc.emit(name, v.Kind, v.Text)
	}
}

// scalar reads a number, true, false or null.
func (sc *jsonScanner) scalar(c byte) (event.Value, error) {
	switch {
	case c == '-' || c >= '0' && c <= '9':
		return event.Value{Kind: event.Number, Text: sc.number()}, nil
	case c == 't' && strings.HasPrefix(sc.s[sc.pos:], "true"):
		sc.pos += 4
		return event.Value{Kind: event.Bool, Text: "true"}, nil
	case c == 'f' && strings.HasPrefix(sc.s[sc.pos:], "false"):
		sc.pos += 5
		return event.Value{Kind: event.Bool, Text: "false"}, nil
	case c == 'n' && strings.HasPrefix(sc.s[sc.pos:], "null"):
		sc.pos += 4
		return event.Value{}, nil
	}
	return event.Value{}, sc.fail("expected a value")
}

// number returns the number token as it is written.
func (sc *jsonScanner) number() string {
	start := sc.pos
	for sc.pos++; sc.pos < len(sc.s); sc.pos++ {
		switch c := sc.s[sc.pos]; {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
		default:
			return sc.s[start:sc.pos]
		}
	}
	return sc.s[start:sc.pos]
}
