package story

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

var nine = time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)

func TestSealRefuses(t *testing.T) {
	known := []Overlay{{UID: "note-1", Kind: Reject}, {UID: "note-2", Kind: Withdraw}}
	for _, c := range []struct {
		say string
		o   Overlay
	}{
		{"no kind", Overlay{Kind: "like", Reason: "r"}},
		{"no reason", Overlay{Kind: Confirm, Step: 1, Reason: " \n"}},
		{"name its step", Overlay{Kind: Reject, Reason: "r"}},
		{"has no step 9", Overlay{Kind: Pin, Step: 9, Reason: "r"}},
		{"needs a text", Overlay{Kind: Comment, Step: 1, Reason: "r"}},
		{"needs a text", Overlay{Kind: Rename, Text: " ", Reason: "r"}},
		{"its sentence and its time", Overlay{Kind: Add, Text: "x", Reason: "r"}},
		{"its sentence and its time", Overlay{Kind: Add, Text: "x", At: nine, Step: 1, Reason: "r"}},
		{`called "note-9"`, Overlay{Kind: Withdraw, Withdraws: "note-9", Reason: "r"}},
		{`called "note-2"`, Overlay{Kind: Withdraw, Withdraws: "note-2", Reason: "r"}},
		{"2001 characters", Overlay{Kind: Comment, Text: strings.Repeat("ä", 2001), Reason: "r"}},
		{"101 events", Overlay{
			Kind: Add, Text: "x", At: nine, Events: make([]event.ID, 101), Reason: "r",
		}},
	} {
		c.o.Author, c.o.Time = "uid-1", nine
		err := c.o.Seal(readTold(t, "harbor.json", "").Result, known)
		if !errors.Is(err, ErrOverlay) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%+v: %v, want one that says %q", c.o, err, c.say)
		}
	}
	o := Overlay{Kind: Confirm, Step: 1, Reason: "r", Time: nine}
	if err := o.Seal(readTold(t, "harbor.json", "").Result, nil); err == nil {
		t.Error("an overlay without author is taken")
	}
}

// TestSealFindsTheStep: the overlay holds its step's event and verb, and its
// name follows from what it says and nothing else.
func TestSealFindsTheStep(t *testing.T) {
	r := readTold(t, "harbor.json", "").Result
	o := Overlay{Kind: Confirm, Step: 3, Reason: "r", Author: "uid-1", Time: nine}
	again := o
	again.Record = event.ID{Entry: 99}
	if err := errors.Join(o.Seal(r, nil), again.Seal(r, nil)); err != nil {
		t.Fatal(err)
	}
	if o.Event.String() != "9-3" || o.Verb != "installed" || o.Incident != r.Incident.UID {
		t.Errorf("%+v", o)
	}
	if o.UID == "" || o.UID != again.UID {
		t.Errorf("the same words are %s and %s", o.UID, again.UID)
	}
	again.Reason = "another"
	if err := again.Seal(r, nil); err != nil || again.UID == o.UID {
		t.Errorf("other words, the same name: %v", err)
	}
}

// TestOverlayFollowsItsStep: a later run that numbers its steps otherwise shows
// an overlay at the same step, and one whose step is gone apart.
func TestOverlayFollowsItsStep(t *testing.T) {
	told := readTold(t, "harbor.json", "harbor.notes.json")
	later := *told.Result
	later.Steps = append([]reconstruct.Step{{N: 1, Verb: "mailed"}}, told.Result.Steps[:3]...)
	for i := range later.Steps {
		later.Steps[i].N = i + 1
	}
	moved := New(&later, told.Overlays)
	for _, row := range moved.Rows() {
		if row.Step != nil && (row.Verdict == Confirm) != (row.Step.N == 4) {
			t.Errorf("step %d has verdict %q", row.Step.N, row.Verdict)
		}
	}
	if _, lost := moved.About(); len(lost) != 2 {
		t.Errorf("%d overlays are lost, want those of step 4 and of event 77-1: %+v", len(lost), lost)
	}
}

// TestEveryOverlayIsShownOnce: whatever the result and the overlays, each
// overlay stands at exactly one place, and each step and gap is told once.
func TestEveryOverlayIsShownOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		res := drawResult(r)
		told := New(res, drawOverlays(r, res))
		shown := map[string]int{}
		steps, gaps := 0, 0
		whole, lost := told.About()
		for _, n := range append(whole, lost...) {
			shown[n.UID]++
		}
		for _, row := range told.Rows() {
			if row.Step != nil {
				steps++
			}
			if row.Gap != nil {
				gaps++
			}
			for _, n := range row.Notes {
				shown[n.UID]++
			}
		}
		for _, o := range told.Overlays {
			if shown[o.UID] != 1 {
				r.Fatalf("%s %s is shown %d times", o.Kind, o.UID, shown[o.UID])
			}
		}
		if steps != len(res.Steps) || gaps != len(res.Gaps) {
			r.Fatalf("%d steps and %d gaps are told of %d and %d", steps, gaps, len(res.Steps),
				len(res.Gaps))
		}
	})
}

func drawOverlays(r *rapid.T, res *reconstruct.Result) []Overlay {
	var list []Overlay
	for i := range rapid.IntRange(0, 8).Draw(r, "overlays") {
		o := Overlay{
			Kind: rapid.SampledFrom(Kinds()).Draw(r, "kind"), Text: "t", Reason: "r", Author: "a",
			Time: nine.Add(time.Duration(i) * time.Minute), Host: "h1",
			Step: rapid.IntRange(0, len(res.Steps)).Draw(r, "step"),
		}
		if o.Kind == Add {
			o.Step, o.At = 0, nine
		}
		if o.Kind == Withdraw && len(list) > 0 {
			o.Withdraws = rapid.SampledFrom(list).Draw(r, "which").UID
		}
		if o.Seal(res, list) == nil {
			list = append(list, o)
		}
	}
	return list
}
