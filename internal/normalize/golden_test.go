package normalize

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
)

// TestGolden runs testdata/*.txt: a record in, its native fields and attributes
// out. "schema" sets the header for the records that follow it. Rewrite the
// expected output with go test -run Golden -args -rewrite, then read the diff.
func TestGolden(t *testing.T) {
	n := newNormalizer(t)
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		schema := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "schema" {
				schema = d.Input
				return "ok"
			}
			native := !d.HasArg("attributes")
			raw := d.Input
			if d.HasArg("unquote") {
				raw = unquote(t, raw)
			}
			e := &event.Entry{
				Seq: 1, Source: "test", Format: event.Format(d.Cmd), Schema: schema,
				Received: received, Records: []event.Record{{Raw: []byte(raw), Position: 1}},
			}
			return describe(&n.Entry(e)[0], native)
		})
	})
}

func unquote(t *testing.T, s string) string {
	var out string
	if _, err := fmt.Sscanf(s, "%q", &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// describe prints an event. Times equal to the arrival print as "received".
func describe(ev *event.Event, native bool) string {
	var b strings.Builder
	if ev.Problem != "" {
		fmt.Fprintf(&b, "problem: %s\n", ev.Problem)
	}
	at := "received"
	if !ev.Time.Equal(received) {
		at = ev.Time.Format(time.RFC3339Nano)
	}
	class := event.ClassInfo(ev.Class)
	fmt.Fprintf(&b, "%s  %s: %s (%d)  severity %d  %q %q %q\n", at, class.Name,
		class.ActivityName(ev.Activity), ev.TypeUID(), ev.Severity, ev.Product, ev.Service, ev.Category)
	if native {
		for _, f := range ev.Native {
			fmt.Fprintf(&b, "  %s = %s\n", f.Name, show(f.Value))
		}
	}
	for _, a := range ev.Attrs {
		if a.Attr != event.AttrLogSource {
			fmt.Fprintf(&b, "%s: %q\n", a.Attr, a.Text)
		}
	}
	return b.String()
}

func show(v event.Value) string {
	switch v.Kind {
	case event.Null:
		return "null"
	case event.List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = show(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case event.String:
		return fmt.Sprintf("%q", v.Text)
	}
	return v.Text
}
