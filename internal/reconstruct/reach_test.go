package reconstruct

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// dated is a store that knows its oldest event.
type dated struct {
	*memoryStore
	oldest time.Time
}

func (d dated) Oldest(context.Context) (time.Time, error) { return d.oldest, nil }

// TestReachGaps: a story that begins within a day of the oldest event, or whose
// loading stopped, says so, with a search and the log that would close it.
func TestReachGaps(t *testing.T) {
	store := newMemoryStore(parseEvents(t, `
1-0 09:00:00 process.launch host=ws1 parent=x uid=a pid=1 image=C:\t\a.exe
1-1 09:00:05 process.launch host=ws1 parent=a uid=b pid=2 image=C:\t\b.exe`))
	seed := event.ID{Entry: 1, Leaf: 1}
	for name, c := range map[string]struct {
		oldest time.Time
		limits Limits
		kind   string
		text   string
	}{
		"at the edge":   {oldest: day.Add(9 * time.Hour), kind: causal.GapKept, text: "begins at the oldest"},
		"near the edge": {oldest: day.Add(6*time.Hour + time.Minute), kind: causal.GapKept, text: "begins 2h59m after"},
		"far from it":   {oldest: day.Add(-24 * time.Hour)},
		"unknown":       {},
		"loading stops": {limits: Limits{Events: 1}, kind: causal.GapBudget, text: "Loading stopped at 1 events"},
	} {
		rec, err := New(Deps{Events: dated{store, c.oldest}, Limits: c.limits})
		if err != nil {
			t.Fatal(err)
		}
		res, err := rec.Incident(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		var found []Gap
		for _, g := range res.Gaps {
			if g.Kind == causal.GapKept || g.Kind == causal.GapBudget {
				found = append(found, g)
			}
		}
		switch {
		case c.kind == "" && len(found) > 0, c.kind != "" && len(found) != 1:
			t.Errorf("%s: %+v", name, found)
		case c.kind != "" && (found[0].Kind != c.kind || !strings.Contains(found[0].Text, c.text) ||
			found[0].Query == "" || found[0].WouldClose == "" || !strings.Contains(found[0].Query, `"ws1"`)):
			t.Errorf("%s: %+v", name, found[0])
		}
	}
}
