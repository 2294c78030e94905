package sigma

import (
	"slices"
	"sort"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
)

// maxRouteFields bounds the fields that a mapping routes by.
const maxRouteFields = 16

// routeKey is the numbers of an event's routing values.
type routeKey [maxRouteFields]uint16

// router turns the fields that routing asks for into a short key, so that the
// mapping is consulted once for each kind of event, not for each event.
type router struct {
	fields []routeField
}

// routeField is a field that clauses ask for, with a number for every value
// they name; all others are alike.
type routeField struct {
	own    string  // $product, $category, $service or ""
	names  []int32 // native names, the first present counts
	values map[string]uint16
}

// newRouter lists the fields of all clauses.
func newRouter(ls *Logsources, nameID func(string) int32) router {
	var r router
	if ls == nil {
		return r
	}
	byName := map[string]map[string]uint16{}
	for i := range ls.sources {
		for _, b := range ls.sources[i].branches {
			for _, c := range b.when {
				numberValues(byName, c)
			}
		}
	}
	for field, values := range byName {
		f := routeField{values: values}
		if field == ownProduct || field == ownCategory || field == ownService {
			f.own = field
		} else {
			for _, n := range ls.names(field, nil) {
				f.names = append(f.names, nameID(n))
			}
		}
		r.fields = append(r.fields, f)
	}
	sort.Slice(r.fields, func(i, j int) bool {
		a, b := r.fields[i], r.fields[j]
		if a.own != b.own {
			return a.own < b.own
		}
		return slices.Compare(a.names, b.names) < 0
	})
	return r
}

// numberValues gives every value of the clause a number from 2 on.
func numberValues(byName map[string]map[string]uint16, c clause) {
	values := byName[c.field]
	if values == nil {
		values = map[string]uint16{}
		byName[c.field] = values
	}
	for _, v := range c.values {
		if _, ok := values[v]; !ok {
			values[v] = uint16(len(values) + 2)
		}
	}
}

// ownText returns the part of the event's own log source.
func (f *routeField) ownText(ev *event.Event) string {
	switch f.own {
	case ownProduct:
		return ev.Product
	case ownCategory:
		return ev.Category
	}
	return ev.Service
}

// seenValue remembers the number of a routing value, since few values make up
// most events.
type seenValue struct {
	text   [48]byte
	length uint8 // 0 for nothing
	number uint16
}

// seenValues is how many are remembered for each field.
const seenValues = 32

// routeNumber returns the number of a field's text, 1 where no clause names it.
func (m *Matcher) routeNumber(field int, text string) uint16 {
	f := &m.plan.router.fields[field]
	if text == "" || len(text) > len(seenValue{}.text) {
		return m.lookUpNumber(f, text)
	}
	h := uint(len(text)) + 7*uint(text[0]) + 31*uint(text[len(text)-1]) + 131*uint(text[len(text)/2])
	seen := &m.seenRoutes[field][h%seenValues]
	if string(seen.text[:seen.length]) != text {
		seen.number = m.lookUpNumber(f, text)
		seen.length = uint8(copy(seen.text[:], text))
	}
	return seen.number
}

func (m *Matcher) lookUpNumber(f *routeField, text string) uint16 {
	m.buf = textmatch.AppendFold(m.buf[:0], text)
	if id, known := f.values[string(trimSpace(m.buf))]; known {
		return id
	}
	return 1
}

// route finds the group of the event, by the places of its fields.
func (m *Matcher) route(l *layout) *scratch {
	key, ok := m.routeKey(l)
	if ok {
		if s := m.routes[key]; s != nil {
			return s
		}
	}
	g := m.plan.group(m.plan.ls.route(m.ev))
	s := m.groups[g]
	if s == nil {
		s = newScratch(g, uint64(len(m.groups)+1))
		m.groups[g] = s
	}
	if ok {
		m.routes[key] = s
	}
	return s
}

// routeKey numbers the routing values of the event: 0 absent, 1 a value that no
// clause names. It fails on lists and where the mapping has too many fields.
func (m *Matcher) routeKey(l *layout) (key routeKey, ok bool) {
	fields := m.plan.router.fields
	if len(fields) > maxRouteFields {
		return key, false
	}
	for i := range fields {
		if fields[i].own != "" {
			key[i] = m.routeNumber(i, fields[i].ownText(m.ev))
			continue
		}
		at := l.route[i]
		if at < 0 {
			continue
		}
		v := &m.ev.Native[at].Value
		if v.Kind == event.List || v.Kind == event.Null {
			return key, false
		}
		key[i] = m.routeNumber(i, v.Text)
	}
	return key, true
}

// trimSpace trims as clauses do.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	for n := len(b); n > 0; n-- {
		if c := b[n-1]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		b = b[:n-1]
	}
	return b
}
