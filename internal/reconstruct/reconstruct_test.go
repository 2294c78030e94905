package reconstruct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// tagList is Findings over a slice.
type tagList []Finding

func (l tagList) Between(_ context.Context, from, to time.Time) ([]Finding, error) {
	var out []Finding
	for _, f := range l {
		if !f.Time.Before(from) && f.Time.Before(to) {
			out = append(out, f)
		}
	}
	return out, nil
}

// parseFindings reads lines "finding EVENT LEVEL TECHNIQUE TITLE…".
func parseFindings(t testing.TB, events []event.Event, lines []string) tagList {
	t.Helper()
	var list tagList
	for _, line := range lines {
		w := strings.Fields(line)
		id, err := event.ParseID(w[1])
		if err != nil {
			t.Fatal(err)
		}
		f := Finding{
			UID: "f-" + w[1], Rule: w[4], Title: strings.Join(w[4:], " "), Level: w[2],
			Techniques: []string{w[3]}, Event: id,
		}
		for i := range events {
			if events[i].ID == id {
				f.Time = events[i].Time
			}
		}
		list = append(list, f)
	}
	return list
}

// TestData runs testdata: "text", "json" render an incident,
// "group" lists the incidents of all findings.
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var store *memoryStore
		var findings tagList
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "events" {
				store, findings = load(t, d.Input)
				return ""
			}
			rec := newTest(t, store, findings)
			if d.Cmd == "group" {
				return grouped(t, rec, findings)
			}
			var seed string
			d.ScanArgs(t, "seed", &seed)
			id, err := event.ParseID(seed)
			if err != nil {
				t.Fatal(err)
			}
			res, err := rec.Incident(t.Context(), id)
			if err != nil {
				return err.Error() + "\n"
			}
			checkSteps(t, res)
			return rendered(t, d.Cmd, res)
		})
	})
}

func load(t *testing.T, input string) (*memoryStore, tagList) {
	var lines, tags []string
	for _, l := range strings.Split(input, "\n") {
		if strings.HasPrefix(l, "finding ") {
			tags = append(tags, l)
		} else {
			lines = append(lines, l)
		}
	}
	events := parseEvents(t, strings.Join(lines, "\n"))
	return newMemoryStore(events), parseFindings(t, events, tags)
}

func rendered(t *testing.T, form string, res *Result) string {
	var b strings.Builder
	var err error
	switch form {
	case "text":
		err = res.WriteText(&b)
	case "json":
		var raw []byte
		raw, err = res.JSON()
		b.Write(raw)
	default:
		t.Fatalf("unknown command %s", form)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func grouped(t *testing.T, rec *Reconstructor, findings tagList) string {
	groups, err := rec.Group(t.Context(), findings)
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, "%s %s: %s\n", g.Incident.UID, g.Incident.Severity, g.Incident.Title)
		for _, f := range g.Findings {
			fmt.Fprintf(&b, "  %s %s\n", f.UID, f.Title)
		}
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

func TestNotFound(t *testing.T) {
	rec := newTest(t, newMemoryStore(nil), nil)
	if _, err := rec.Incident(t.Context(), event.ID{Entry: 9}); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
	if _, err := New(Deps{}); err == nil {
		t.Error("no error without an event source")
	}
}

// TestHostileText: nothing a record holds stands raw in a result.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.SampledFrom([]string{
			"\x1b[2J", "\u202eexe.txt", "<script>alert(1)</script>", "\x00\x07", "](javascript:x)", "\u0085", "\xff",
		}).Draw(t, "evil")
		text := evil + rapid.String().Draw(t, "text")
		ev := event.Event{ID: event.ID{Entry: 1}, Time: day, Class: event.ClassProcess, Activity: 1}
		for _, a := range []event.Attr{
			event.AttrHost, event.AttrProcessUID, event.AttrProcessPath, event.AttrProcessCmdLine,
			event.AttrProcessUser, event.AttrActorProcessUID, event.AttrActorPath, event.AttrLogName,
		} {
			ev.Attrs.Set(a, text)
		}
		rec, err := New(Deps{Events: newMemoryStore([]event.Event{ev})})
		if err != nil {
			t.Fatal(err)
		}
		res, err := rec.Incident(context.Background(), ev.ID)
		if err != nil {
			t.Fatal(err)
		}
		var txt strings.Builder
		if err := res.WriteText(&txt); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(txt.String(), hostile); i >= 0 {
			t.Fatalf("control character in text: %q", txt.String()[i:])
		}
	})
}

func hostile(r rune) bool {
	return r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x202e)
}

// TestSameBytes: two runs, and events in another order of arrival at the
// store, give the same bytes.
func TestSameBytes(t *testing.T) {
	store, findings := load(t, story)
	want := ""
	for range 5 {
		res, err := newTest(t, store, findings).Incident(t.Context(), event.ID{Entry: 1, Leaf: 4})
		if err != nil {
			t.Fatal(err)
		}
		b, err := res.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(b)
		} else if string(b) != want {
			t.Fatal("another run, other bytes")
		}
	}
	slices.Reverse(store.events)
	res, err := newTest(t, reversed{store}, findings).Incident(t.Context(), event.ID{Entry: 1, Leaf: 4})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := res.JSON(); string(b) != want {
		t.Fatal("another order, other bytes")
	}
}

// reversed answers from a store whose slice was turned round.
type reversed struct{ *memoryStore }

func (r reversed) Event(ctx context.Context, id event.ID) (event.Event, error) {
	for i := range r.events {
		if r.events[i].ID == id {
			return r.events[i], nil
		}
	}
	return event.Event{}, ErrNotFound
}

const story = `
1-0 09:00:00 file.create host=ws1 log=Sysmon parent=mail pimage=C:\Office\OUTLOOK.EXE path=C:\Users\kim\inbox\Plan.docm
1-1 09:00:09 process.launch host=ws1 log=Sysmon parent=mail pimage=C:\Office\OUTLOOK.EXE uid=word pid=6 image=C:\Office\WINWORD.EXE cmd='winword.exe "C:\Users\kim\inbox\Plan.docm"' runas=kim
1-2 09:00:12 process.launch host=ws1 log=Sysmon parent=word ppid=6 uid=sh pid=7 image=C:\Windows\System32\cmd.exe
1-3 09:00:14 process.launch host=ws1 log=Sysmon parent=sh uid=who pid=8 image=C:\Windows\System32\whoami.exe
1-4 09:00:16 process.open host=ws1 log=Sysmon parent=sh uid=lsa image=C:\Windows\System32\lsass.exe access=0x1410
1-5 09:00:17 network.open host=ws1 log=Sysmon parent=sh dst=198.51.100.7 dport=443
`

// TestBudget: a load that meets its limit says so and still answers.
func TestBudget(t *testing.T) {
	store, _ := load(t, story)
	rec, err := New(Deps{Events: store, Limits: Limits{Events: 2}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := rec.Incident(t.Context(), event.ID{Entry: 1, Leaf: 4})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(res.Gaps, func(g Gap) bool { return g.Kind == "search-budget" }) {
		t.Errorf("no gap names the budget: %+v", res.Gaps)
	}
}
