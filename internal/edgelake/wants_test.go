package edgelake

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// TestWants: what a block says of an origin after reading some of it is what the
// query says of all of it.
func TestWants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"", "a", "A", "b", "c"})
		class := rapid.Uint32Range(1, 3)
		p := newPacker()
		for i := range rapid.IntRange(1, 12).Draw(t, "records") {
			r := edge.Record{Time: time.Unix(int64(i), 0), Origin: edge.Origin{Class: class.Draw(t, "class")}}
			for k := range originTexts {
				*originTexts[k].of(&r.Origin) = word.Draw(t, originTexts[k].column)
			}
			p.add(&r)
		}
		q := edge.Query{
			Hosts:   rapid.SliceOfN(word, 0, 2).Draw(t, "hosts"),
			Classes: rapid.SliceOfN(class, 0, 2).Draw(t, "classes"),
			Address: word.Draw(t, "address"), Session: word.Draw(t, "session"), Named: word.Draw(t, "named"),
		}
		for b, i := p.block(), 0; i < b.places; i++ {
			o := b.origin(i)
			if got := b.wants(i, &q, new(edge.Origin)); got != q.Wants(&o) {
				t.Fatalf("origin %+v, query %+v: %v", o, q, got)
			}
		}
	})
}
