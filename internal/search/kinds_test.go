package search

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/evident-sec/evident/event"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestKinds compares the kinds of random events, of which some are sealed, with
// those counted one by one.
func TestKinds(t *testing.T) {
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > 20 { // each check writes files
			return
		}
		evs := genEvents().Draw(rt, "events")
		for i := range evs {
			evs[i].Service = rapid.SampledFrom([]string{"", "sysmon"}).Draw(rt, "service")
			evs[i].Attrs.Set(event.AttrLogName, rapid.SampledFrom([]string{"", "Security"}).Draw(rt, "log"))
			evs[i].Attrs.Set(event.AttrEventCode, fmt.Sprint(rapid.IntRange(1, 2).Draw(rt, "code")))
		}
		lake := newTestLake(t)
		e, err := Open(t.Context(), Config{Dir: t.TempDir(), Lake: lake.dir, Files: lake})
		if err != nil {
			rt.Fatal(err)
		}
		defer e.Close()
		distribute(rt, e, lake, evs)
		got, err := e.Kinds(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		for i := range got[1:] {
			if got[i].Events < got[i+1].Events {
				rt.Fatalf("kind %d has fewer events than the next", i)
			}
		}
		want := naiveKinds(evs)
		slices.SortFunc(got, byExample)
		slices.SortFunc(want, byExample)
		if diff := gocmp.Diff(want, got); diff != "" {
			rt.Fatalf("kinds differ (-want +got):\n%s", diff)
		}
	})
}

func byExample(a, b Kind) int {
	return cmp.Or(cmp.Compare(a.Example.Entry, b.Example.Entry),
		cmp.Compare(a.Example.Leaf, b.Example.Leaf))
}

func naiveKinds(evs []event.Event) []Kind {
	byKind := make(map[Kind]Kind)
	for i := range evs {
		ev := &evs[i]
		k := Kind{
			Product: ev.Product, Service: ev.Service, Category: ev.Category,
			Log: ev.Attrs.Get(event.AttrLogName), Code: ev.Attrs.Get(event.AttrEventCode),
			Class: ev.Class, Activity: ev.Activity,
		}
		of := byKind[k]
		was := of.Example
		of = k
		of.Events, of.Example = byKind[k].Events+1, was
		if byExample(Kind{Example: was}, Kind{Example: ev.ID}) < 0 {
			of.Example = ev.ID
		}
		byKind[k] = of
	}
	var out []Kind
	for _, k := range byKind {
		out = append(out, k)
	}
	return out
}
