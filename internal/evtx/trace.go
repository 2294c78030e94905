package evtx

import (
	"cmp"
	"errors"
	"slices"
)

// maxChunkFragments bounds the bytes of fragments that the records of one
// chunk carry together: a forged chunk could otherwise make its records a
// thousand times as long. Windows' own stay below a fourth of it.
const maxChunkFragments = 8 << 20

// tracer collects which parts of the chunk a record refers to.
type tracer struct {
	parser *parser
	needs  []extent
}

func (t *tracer) instance(def *template, values []value, depth int) error {
	t.needs = append(t.needs, def.deps...)
	var first error
	for i := range values {
		if v := &values[i]; v.kind == typeBinXML {
			cur := cursor{data: v.data, base: v.offset}
			if err := t.parser.document(&cur, "", depth+1, t); first == nil {
				first = err
			}
		}
	}
	return first
}

func (t *tracer) element(_ *element, names []extent, _ int) error {
	t.needs = append(t.needs, names...)
	return nil
}

// needs returns the extents that the record refers to outside itself, ascending
// and apart. Of a record that cannot be decoded it returns what could be
// followed.
func (c *Chunk) needs(rec Record) []extent {
	t := &c.tracer
	t.parser, t.needs = &c.parser, t.needs[:0]
	cur := cursor{
		data: c.data[rec.Offset+recordHead : rec.Offset+rec.Size-4],
		base: rec.Offset + recordHead,
	}
	c.parser.budget = maxTemplates
	err := c.parser.document(&cur, "", 0, t) // the decoder will say what is wrong
	c.incomplete = errors.Is(err, errBudget)
	own := extent{rec.Offset, rec.Size}
	needs := slices.DeleteFunc(t.needs, func(e extent) bool { return e.within(own) })
	slices.SortFunc(needs, func(a, b extent) int { return cmp.Compare(a.offset, b.offset) })
	return merge(needs)
}

// merge joins ascending extents that overlap or touch, in place.
func merge(list []extent) []extent {
	out := list[:0]
	for _, e := range list {
		if n := len(out); n > 0 && e.offset <= out[n-1].end() {
			out[n-1].size = max(out[n-1].end(), e.end()) - out[n-1].offset
			continue
		}
		out = append(out, e)
	}
	return out
}
