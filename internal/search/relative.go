package search

import (
	"github.com/evident-sec/evident/internal/instant"
	"github.com/evident-sec/evident/internal/search/glob"
)

// relative turns relative times in the value into absolute ones, so that a
// query says for ever which times it asked for.
func (p *parser) relative(f *field, v *value) error {
	if f == nil || f.kind != kindTime {
		return nil
	}
	for _, g := range []*glob.Glob{&v.text, &v.upper} {
		text, _ := g.Literal()
		at, ok := instant.Relative(text, p.now)
		if !ok {
			continue
		}
		if v.op == equal {
			return fault(v.from, v.to, "write "+f.name+":>="+text, "a moment has no events to speak of")
		}
		*g = glob.Glob(storable(at).UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	return nil
}
