package reconstruct

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// crowded is a story of two hosts six hours apart, and a third host that starts a
// program every ten minutes of the day.
func crowded(t *testing.T) []event.Event {
	text := `
1-0 03:00:00 network.open host=ws2 parent=p pimage=C:\t\p.exe src=10.0.0.2 sport=50000 dst=10.0.0.1 dport=445 connection_info.direction=outbound
1-1 03:00:01 logon host=ws1 session=0x5 user=u type=3 src=10.0.0.2 sport=50000
1-2 09:00:00 process.launch host=ws1 parent=wmi pimage=C:\Windows\System32\wbem\wmiprvse.exe uid=x pid=90 image=C:\Windows\System32\cmd.exe insession=0x5
1-3 02:59:00 process.launch host=ws2 parent=y pimage=C:\t\y.exe uid=p pid=2 image=C:\t\p.exe`
	for i := range 24 * 6 {
		text += fmt.Sprintf("\n2-%d %02d:%d5:00 process.launch host=ws9 parent=z uid=n%d pid=%d image=C:\\t\\n.exe",
			i, i/6, i%6, i, i+10)
	}
	return parseEvents(t, text)
}

// TestSkeletonLimit: where hosts that the incident does not reach have more control
// records than may be loaded, those nearest to the seed are; the result says so, and
// still follows the incident to other hosts and days. A limit that is not reached
// changes nothing.
func TestSkeletonLimit(t *testing.T) {
	store := newMemoryStore(crowded(t))
	seed := event.ID{Entry: 1, Leaf: 2}
	run := func(limit int) (*Result, string, []string) {
		rec, err := New(Deps{Events: store, Limits: Limits{Skeleton: limit}})
		if err != nil {
			t.Fatal(err)
		}
		res, err := rec.Incident(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for i := range res.Steps {
			steps = append(steps, res.Steps[i].Host+" "+res.Steps[i].Sentence)
		}
		return res, string(raw), steps
	}
	whole, want, steps := run(math.MaxInt)
	if _, got, _ := run(1000); got != want {
		t.Error("a limit that is not reached changes the result")
	}
	if !slices.ContainsFunc(steps, func(s string) bool { return strings.HasPrefix(s, "ws2 ") }) {
		t.Fatalf("the story has no second host: %q", steps)
	}
	near, _, nearSteps := run(30)
	if !slices.Equal(nearSteps, steps) {
		t.Errorf("steps with the limit: %q\nwant %q", nearSteps, steps)
	}
	if near.Incident.Considered >= whole.Incident.Considered/2 {
		t.Errorf("%d of %d records considered", near.Incident.Considered, whole.Incident.Considered)
	}
	if !slices.ContainsFunc(near.Gaps, func(g Gap) bool {
		return g.Kind == causal.GapBudget && strings.Contains(g.Text, "from 2026-03-02 07:30 to 2026-03-02 10:30 only")
	}) {
		t.Errorf("no gap says where the search ended: %+v", near.Gaps)
	}
}
