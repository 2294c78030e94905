package causal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// randomEvents draws a small history of two hosts with reused pids, parent
// loops and everything in any order.
func randomEvents(t *rapid.T) []event.Event {
	n := rapid.IntRange(3, 40).Draw(t, "events")
	images := []string{
		`C:\Windows\explorer.exe`, `C:\Windows\System32\svchost.exe`, `C:\t\a.exe`, `C:\t\b.exe`,
		`C:\Windows\System32\cmd.exe`, `C:\Windows\System32\services.exe`, `C:\Windows\System32\lsass.exe`,
	}
	verbs := []string{
		"process.launch", "process.launch", "process.launch", "process.end", "process.inject",
		"file.create", "module.load", "service.create", "logon", "credentials", "process.open",
	}
	var list []event.Event
	for i := range n {
		pick := func(name string, options []string) string {
			return rapid.SampledFrom(options).Draw(t, name)
		}
		pid := func(name string) string { return itoa(rapid.IntRange(1, 6).Draw(t, name)) }
		line := fmt.Sprintf("1-%d 09:00:%02d %s host=%s ppid=%s pimage=%s pid=%s image=%s", i,
			rapid.IntRange(0, 59).Draw(t, "second"), pick("verb", verbs), pick("host", []string{"a1", "b1"}),
			pid("parent"), pick("parent image", images), pid("pid"), pick("image", images))
		if rapid.Bool().Draw(t, "guids") {
			line += " parent=g" + pid("parent uid") + " uid=g" + pid("uid")
		}
		line += " session=0x" + pid("session") + " user=u type=3 src=10.0.0.1 insession=0x" + pid("in") +
			" path=C:\\t\\a.exe service=s" + pid("service") + " scmd=C:\\t\\b.exe access=0x1410"
		ev, err := parseEvent(line)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, ev)
	}
	return list
}

// TestOrderDoesNotMatter: the same events in any order give the same answer.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		seed := events[rapid.IntRange(0, len(events)-1).Draw(t, "seed")].ID
		want := answer(events, seed)
		shuffled := slices.Clone(events)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
		rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		shuffled = append(shuffled, shuffled[0]) // seen twice
		if got := answer(shuffled, seed); got != want {
			t.Fatalf("another order, another answer:\n%s\nwant\n%s", got, want)
		}
	})
}

func answer(events []event.Event, seed event.ID) string {
	g := build(events)
	return describe(g, g.Spine(seed, Limits{}))
}

// TestProvenMeansEqualKeys: whatever is proven between two processes that carry
// unique identifiers is what a record says by these identifiers; nothing
// proven appears because other records were deleted.
func TestProvenMeansEqualKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		seed := events[rapid.IntRange(0, len(events)-1).Draw(t, "seed")].ID
		drop := rapid.SliceOfN(rapid.IntRange(0, len(events)-1), 0, 6).Draw(t, "deleted")
		var kept []event.Event
		for i, ev := range events {
			if !slices.Contains(drop, i) || ev.ID == seed {
				kept = append(kept, ev)
			}
		}
		all, part := build(events), build(kept)
		truth := map[string]bool{}
		for i := range all.rels {
			if r := &all.rels[i]; r.Src >= 0 && r.Dst >= 0 {
				truth[pairOf(all, r.Src, r.Dst, r.ID)] = true
			}
		}
		for _, l := range part.Spine(seed, Limits{}).Links {
			src, dst := part.Node(l.Src), part.Node(l.Dst)
			byPID := strings.HasPrefix(src.Key, "pid-") || strings.HasPrefix(dst.Key, "pid-")
			if l.Grade != Proven || src.Kind != KindProcess || dst.Kind != KindProcess || byPID {
				continue
			}
			if !slices.ContainsFunc(l.Events, func(id event.ID) bool {
				return truth[pairOf(part, l.Src, l.Dst, id)]
			}) {
				t.Fatalf("proven without equal keys: %s -> %s %v %s", src, dst, l.Events, l.Why)
			}
		}
	})
}

func pairOf(g *Graph, src, dst int, id event.ID) string {
	return g.Node(src).String() + ">" + g.Node(dst).String() + ">" + id.String()
}

// TestDeletedControlIsAGap: without the record that joins two steps, the story
// ends there and says so.
func TestDeletedControlIsAGap(t *testing.T) {
	story := parseEvents(t, `
1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\Windows\explorer.exe uid=a pid=1 image=C:\t\a.exe
1-1 09:00:01 process.launch host=ws1 parent=a pimage=C:\t\a.exe uid=b pid=2 image=C:\t\b.exe
1-2 09:00:02 process.launch host=ws1 parent=b pimage=C:\t\b.exe uid=c pid=3 image=C:\t\c.exe
1-3 09:00:03 process.launch host=ws1 parent=c pimage=C:\t\c.exe uid=d pid=4 image=C:\t\d.exe
1-4 09:00:04 network.open host=ws1 parent=d dst=198.51.100.1 dport=443`)
	for del := range 4 {
		kept := slices.Delete(slices.Clone(story), del, del+1)
		g := build(kept)
		sp := g.Spine(story[4].ID, Limits{})
		if !slices.ContainsFunc(sp.Gaps, func(gap Gap) bool { return gap.Kind == GapParent }) {
			t.Errorf("without %s: no gap for the missing parent:\n%s", story[del].ID, describe(g, sp))
		}
		if n := len(sp.Links); n > 3-min(del, 3)+1 {
			t.Errorf("without %s: %d links, some invented:\n%s", story[del].ID, n, describe(g, sp))
		}
	}
}

// TestPidReuse: a parent pid without its end record is never proof.
func TestPidReuse(t *testing.T) {
	events := parseEvents(t, `
1-0 09:00:00 process.launch host=ws1 ppid=9 pid=100 image=C:\t\a.exe
1-1 09:05:00 process.launch host=ws1 ppid=100 pimage=C:\t\a.exe pid=200 image=C:\t\b.exe`)
	g := build(events)
	sp := g.Spine(events[1].ID, Limits{})
	for _, l := range sp.Links {
		if l.Grade == Proven && l.Verb == VerbSpawned {
			t.Errorf("proven by a pid that may be reused: %s", describe(g, sp))
		}
	}
}

// TestParentLoop: records that contradict each other end the search, not the
// program.
func TestParentLoop(t *testing.T) {
	events := parseEvents(t, `
1-0 09:00:00 process.launch host=ws1 parent=a uid=b pid=1 image=C:\t\a.exe
1-1 09:00:01 process.launch host=ws1 parent=b uid=a pid=2 image=C:\t\b.exe
1-2 09:00:02 process.launch host=ws1 parent=a uid=a pid=2 image=C:\t\b.exe
1-3 09:00:03 process.inject host=ws1 parent=a uid=a`)
	for _, ev := range events {
		g := build(events)
		sp := g.Spine(ev.ID, Limits{})
		for _, l := range sp.Links {
			if l.Verb == VerbSpawned && l.Grade == Proven {
				t.Errorf("seed %s: proven in a loop: %s", ev.ID, describe(g, sp))
			}
		}
		if !slices.ContainsFunc(sp.Gaps, func(gap Gap) bool { return gap.Kind == GapName }) {
			t.Errorf("seed %s: nothing says that the records contradict: %s", ev.ID, describe(g, sp))
		}
	}
}

// TestLoopsOnly: only starts that lead back to themselves lose their proof, not what
// leads from one loop to another, or into and out of one.
func TestLoopsOnly(t *testing.T) {
	var text strings.Builder
	starts := []string{"r>a", "a>b", "b>a", "b>c", "c>d", "d>e", "e>d", "e>z"}
	for i, s := range starts {
		fmt.Fprintf(&text, "1-%d 09:00:%02d process.launch host=ws1 parent=%s pimage=C:\\t\\%s.exe uid=%s pid=%d image=C:\\t\\%s.exe\n",
			i, i, s[:1], s[:1], s[2:], i+1, s[2:])
	}
	events := parseEvents(t, text.String())
	g := build(events)
	sp := g.Spine(events[len(events)-1].ID, Limits{})
	grades := map[string]Grade{}
	for _, l := range sp.Links {
		grades[g.Node(l.Src).Key+">"+g.Node(l.Dst).Key] = l.Grade
	}
	for _, s := range starts {
		looped := strings.Contains("a>b b>a d>e e>d", s)
		if grade, ok := grades[s]; !ok || looped != (grade < Proven) {
			t.Errorf("%s: %s, known %v", s, grade, ok)
		}
	}
}

// TestManyChildren: a program with a hundred thousand children meets a limit,
// quickly, and the result says so.
func TestManyChildren(t *testing.T) {
	b := NewBuilder()
	root := parseEvents(t, `1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\Windows\explorer.exe uid=root pid=1 image=C:\t\a.exe`)
	b.Add(&root[0], false)
	line := `%d-0 09:00:01 process.launch host=ws1 parent=root pimage=C:\t\a.exe uid=c%d pid=2 image=C:\t\x.exe cmd=x`
	for i := range 100_000 {
		ev, err := parseEvent(fmt.Sprintf(line, i+2, i))
		if err != nil {
			t.Fatal(err)
		}
		b.Add(&ev, false)
	}
	start := time.Now()
	g := b.Build()
	sp := g.Spine(root[0].ID, Limits{})
	t.Logf("100,000 children: %s, %d members", time.Since(start).Round(time.Millisecond), len(sp.Members))
	if !sp.Stopped || len(sp.Members) > 12_000 {
		t.Errorf("stopped %v with %d members", sp.Stopped, len(sp.Members))
	}
	if !slices.ContainsFunc(sp.Gaps, func(g Gap) bool { return g.Kind == GapBudget }) {
		t.Error("no gap names the limit")
	}
}

// TestNoNamesOfRecordings keeps rules general: no tool, file or host of the
// recordings they were tried on.
func TestNoNamesOfRecordings(t *testing.T) {
	names := regexp.MustCompile(`(?i)mimikatz|metasploit|meterpreter|procdump|comsvcs|rtcpef|qfhaer|` +
		`winx64|payload\.exe|pandalab|mordor|empire|covenant|cobalt|psexec|rubeus|mkt01|acct01|prd01|` +
		`pedro|stevie|nora\.quemona|tidesync|quayside|tsvchlp|steward|coastalmirror|harbor|ha-\w+\d\d|msf`)
	for _, dir := range []string{".", "edge", "../reconstruct"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			code, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if m := names.Find(code); m != nil {
				t.Errorf("%s names %q, which belongs to a recording", f, m)
			}
		}
	}
}

// TestInOrder: merging what is in order already sorts as sorting does.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []*Edge
		for range rapid.IntRange(0, 6).Draw(t, "stretches") {
			at := rapid.IntRange(0, 20).Draw(t, "from")
			for range rapid.IntRange(0, 8).Draw(t, "edges") {
				at += rapid.IntRange(-1, 2).Draw(t, "later")
				id := event.ID{Entry: uint64(rapid.IntRange(0, 2).Draw(t, "entry"))}
				list = append(list, &Edge{Time: day.Add(time.Duration(at)), ID: id})
			}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, edge.Compare)
		if got := edge.InOrder(list); !slices.Equal(got, want) {
			t.Fatal("another order than sorting gives")
		}
	})
}
