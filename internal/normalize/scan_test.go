package normalize

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
)

// TestScanEqualsEntry: over recordings of all formats, a scanner's events,
// completed or not, and those of Native and Complete, are those of Entry.
func TestScanEqualsEntry(t *testing.T) {
	n := newNormalizer(t)
	scanner := n.Scanner()
	events := 0
	for _, set := range []struct{ folder, suffix string }{
		{"bench", ".gz"},
		{"zeek", ".zip"},
		{"linux", ".zip"},
		{"cloud", ".json"},
		{"otrf/datasets/atomic/linux", ".zip"},
		{"sigma-regression", ".json"},
	} {
		root := needData(t, strings.Split(set.folder, "/")...)
		for i, path := range glob(t, root, set.suffix) {
			if i%4 > 0 && i > 8 {
				continue
			}
			eachFile(t, path, func(name string, data []byte) {
				format, schema, records := frame(t, name, data)
				for _, e := range entries(format, schema, name, records[:min(len(records), 2000)]) {
					compareScan(t, n, scanner, e)
					events += len(e.Records)
				}
			})
		}
	}
	if events < 3000 {
		t.Errorf("only %d events", events)
	}
}

// compareScan decodes one entry in all ways.
func compareScan(t *testing.T, n *Normalizer, scanner *Scanner, e *event.Entry) {
	t.Helper()
	want, native := n.Entry(e), n.Native(e)
	scanner.Open(e)
	for i := range want {
		ev := scanner.Next()
		if i%3 > 0 {
			same(t, e, "next", *ev, bare(want[i]))
			same(t, e, "native", native[i], bare(want[i]))
		}
		scanner.Complete()
		n.Complete(&native[i])
		same(t, e, "complete", *ev, want[i])
		same(t, e, "native complete", native[i], want[i])
	}
	if scanner.Next() != nil {
		t.Fatal("more events than records")
	}
}

// bare is what an event is before it is mapped.
func bare(ev event.Event) event.Event {
	if ev.Problem == "" {
		ev.Time, ev.Class, ev.Activity, ev.Severity, ev.Attrs = ev.Received, 0, 0, 0, nil
	}
	return ev
}

func same(t *testing.T, e *event.Entry, what string, got, want event.Event) {
	t.Helper()
	if len(got.Native) == 0 && len(want.Native) == 0 {
		got.Native, want.Native = nil, nil
	}
	if !reflect.DeepEqual(got, want) && fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%s, %s:\n got %v\nwant %v", e.Source, what, got, want)
	}
}

// TestScanAllocatesNothing: decoding JSON records of known kinds into memory
// used again costs no allocation.
func TestScanAllocatesNothing(t *testing.T) {
	s := newNormalizer(t).Scanner()
	var all []*event.Entry
	eachFile(t, needData(t, "bench", "winmix-20k.ndjson.gz"), func(name string, data []byte) {
		all = entries(event.FormatJSON, "", name, splitLines(data)[:4000])
	})
	allocs := testing.AllocsPerRun(2, func() {
		for _, e := range all {
			s.Open(e)
			for s.Next() != nil {
			}
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations over %d entries", allocs, len(all))
	}
}
