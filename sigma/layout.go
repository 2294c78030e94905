package sigma

import (
	"encoding/binary"
	"slices"
	"strings"
	"unsafe"

	"github.com/evident-sec/evident/event"
)

// Events of one kind have the same names in the same order. A layout is what
// follows from the names alone, so that it is worked out once for each order of
// names and not once for each event.
type layout struct {
	serial uint64 // number of this layout, 0 for none
	hash   uint64
	text   []byte                // the names
	ends   []int32               // of each name in text
	route  [maxRouteFields]int32 // by routing field: place in the event's fields, -1 for none
}

// namePlace says at which place of the event a native name was seen.
type namePlace struct {
	epoch uint32
	at    int32
}

// view is where the slots of a group are in events of a layout.
type view struct {
	layout, scratch uint64
	slots           []int32    // by slot: place in the event's fields, -1 for none
	scan            []scanSlot // present slots with an index
}

// scanSlot is a slot to run the index on and where it is.
type scanSlot struct{ slot, at int32 }

// Layouts and views that a matcher keeps, by hash.
const (
	layoutBits = 9
	viewBits   = 10
)

// layoutMemory is what the names, slots and places of layouts and views are
// written to. When it is full, all are forgotten.
type layoutMemory struct {
	text []byte
	ends []int32
	slot []int32
	scan []scanSlot
}

// Sizes of the parts of a layoutMemory.
const (
	layoutText  = 256 << 10
	layoutEnds  = 16 << 10
	layoutSlots = 64 << 10
)

// carve returns n more elements of the memory, nil where it is full.
func carve[T any](memory *[]T, n, size int) []T {
	if cap(*memory) == 0 {
		*memory = make([]T, 0, max(n, size))
	}
	from := len(*memory)
	if cap(*memory)-from < n {
		return nil
	}
	*memory = (*memory)[:from+n]
	return (*memory)[from : from : from+n]
}

// forgetLayouts makes all layouts and views, and their memory, free. A part
// that was too small for one event grows.
func (m *Matcher) forgetLayouts(text, names, slots int) {
	clear(m.layouts)
	clear(m.views)
	mem := &m.layoutMemory
	mem.text = slices.Grow(mem.text[:0], text)
	mem.ends = slices.Grow(mem.ends[:0], names)
	mem.slot = slices.Grow(mem.slot[:0], slots)
	mem.scan = slices.Grow(mem.scan[:0], slots)
}

// layoutOf returns the layout of the event's names.
func (m *Matcher) layoutOf(f event.Fields) *layout {
	h := hashNames(f)
	l := &m.layouts[h>>(64-layoutBits)]
	if l.serial == 0 || l.hash != h || !l.fits(f) {
		m.lay(l, h, f)
	}
	return l
}

// hashNames mixes the lengths and both ends of the names.
func hashNames(f event.Fields) uint64 {
	const prime = 0x9E3779B97F4A7C15
	h := uint64(len(f))
	for i := range f {
		name := f[i].Name
		n := len(name)
		g := uint64(n)
		if n >= 4 {
			b := unsafe.Slice(unsafe.StringData(name), n)
			g ^= uint64(binary.LittleEndian.Uint32(b))<<32 ^ uint64(binary.LittleEndian.Uint32(b[n-4:]))<<8
		} else if n > 0 {
			g ^= uint64(name[0])<<32 ^ uint64(name[n-1])<<8
		}
		h = (h ^ g) * prime
		h ^= h >> 29
	}
	return h
}

// fits reports whether the layout is that of the fields.
func (l *layout) fits(f event.Fields) bool {
	if len(l.ends) != len(f) {
		return false
	}
	from := int32(0)
	for i := range f {
		if f[i].Name != string(l.text[from:l.ends[i]]) {
			return false
		}
		from = l.ends[i]
	}
	return true
}

// lay works out the layout of the fields.
func (m *Matcher) lay(l *layout, hash uint64, f event.Fields) {
	length := 0
	for i := range f {
		length += len(f[i].Name)
	}
	text := carve(&m.layoutMemory.text, length, layoutText)
	ends := carve(&m.layoutMemory.ends, len(f), layoutEnds)
	if text == nil || ends == nil {
		m.forgetLayouts(length, len(f), 0)
		text = carve(&m.layoutMemory.text, length, layoutText)
		ends = carve(&m.layoutMemory.ends, len(f), layoutEnds)
	}
	for i := range f {
		text = append(text, f[i].Name...)
		ends = append(ends, int32(len(text)))
	}
	m.serial++
	l.serial, l.hash, l.text, l.ends = m.serial, hash, text, ends
	m.placeNames()
	for i, field := range m.plan.router.fields {
		if i < maxRouteFields {
			l.route[i] = m.find(field.names)
		}
	}
}

// placeNames notes where the event has which name, once per event. The first
// of several equal names counts, and an exact one before those with spaces.
func (m *Matcher) placeNames() {
	if m.placed == m.epoch {
		return
	}
	m.placed = m.epoch
	spaced := false
	for i := range m.ev.Native {
		if strings.IndexByte(m.ev.Native[i].Name, ' ') >= 0 {
			spaced = true
			continue
		}
		m.place(i)
	}
	for i := 0; spaced && i < len(m.ev.Native); i++ {
		if strings.IndexByte(m.ev.Native[i].Name, ' ') >= 0 {
			m.place(i)
		}
	}
}

// place notes where a name is, unless it has a place.
func (m *Matcher) place(at int) {
	if id, ok := m.name(m.ev.Native[at].Name); ok && m.places[id].epoch != m.epoch {
		m.places[id] = namePlace{m.epoch, int32(at)}
	}
}

// name returns the number of a native name. Spaces in it do not count, since
// rules are written without.
func (m *Matcher) name(name string) (int32, bool) {
	if strings.IndexByte(name, ' ') < 0 {
		id, ok := m.plan.names[name]
		return id, ok
	}
	m.buf = m.buf[:0]
	for i := 0; i < len(name); i++ {
		if name[i] != ' ' {
			m.buf = append(m.buf, name[i])
		}
	}
	id, ok := m.plan.names[string(m.buf)]
	return id, ok
}

// find returns the place of the first of names that the event has, -1 for
// none. The names have been placed.
func (m *Matcher) find(names []int32) int32 {
	for _, n := range names {
		if m.places[n].epoch == m.epoch {
			return m.places[n].at
		}
	}
	return -1
}

// viewOf returns where the group's slots are in events of the layout.
func (m *Matcher) viewOf(l *layout, s *scratch) *view {
	v := &m.views[(l.serial*0x9E3779B97F4A7C15^s.serial*0xC2B2AE3D27D4EB4F)>>(64-viewBits)]
	if v.layout == l.serial && v.scratch == s.serial {
		return v
	}
	m.look(v, l.serial, s)
	return v
}

// look finds the slots of the group in the current event.
func (m *Matcher) look(v *view, layout uint64, s *scratch) {
	n := len(s.g.slots)
	slots := carve(&m.layoutMemory.slot, n, layoutSlots)
	scan := carve(&m.layoutMemory.scan, len(s.g.scan), layoutSlots)
	if slots == nil || scan == nil {
		m.forgetLayouts(0, 0, n)
		slots = carve(&m.layoutMemory.slot, n, layoutSlots)
		scan = carve(&m.layoutMemory.scan, len(s.g.scan), layoutSlots)
	}
	m.placeNames()
	for i := range s.g.slots {
		slots = append(slots, m.find(s.g.slots[i].names))
	}
	for _, slot := range s.g.scan {
		if at := slots[slot]; at >= 0 && !s.g.slots[slot].keywords {
			scan = append(scan, scanSlot{slot, at})
		}
	}
	*v = view{layout, s.serial, slots, scan}
}
