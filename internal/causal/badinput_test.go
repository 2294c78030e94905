package causal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

const shortStory = `
1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\Windows\explorer.exe uid=a pid=1 image=C:\t\a.exe
1-1 09:00:01 file.create host=ws1 parent=a ppid=1 pimage=C:\t\a.exe path=C:\t\b.exe
1-2 09:00:02 process.launch host=ws1 parent=a ppid=1 pimage=C:\t\a.exe uid=b pid=2 image=C:\t\b.exe
1-3 09:00:03 process.inject host=ws1 parent=b ppid=2 uid=s pid=3 image=C:\Windows\System32\svchost.exe
1-4 09:00:04 process.launch host=ws1 parent=s ppid=3 pimage=C:\Windows\System32\svchost.exe uid=c pid=4 image=C:\t\c.exe
1-5 09:00:05 network.open host=ws1 parent=c ppid=4 pimage=C:\t\c.exe dst=198.51.100.1 dport=443`

// provenLinks lists what a spine proves, by names that outlive a new numbering.
func provenLinks(g *Graph, sp *Spine) []string {
	var list []string
	for _, l := range sp.Links {
		if l.Grade == Proven {
			list = append(list, g.Node(l.Src).String()+" "+l.Verb.String()+" "+g.Node(l.Dst).String())
		}
	}
	slices.Sort(list)
	return list
}

// TestMissingFields: whichever field of whichever record is missing, nothing is
// proven that the whole records do not prove, and nothing fails.
func TestMissingFields(t *testing.T) {
	story := parseEvents(t, shortStory)
	seed := story[len(story)-1].ID
	whole := build(story)
	proven := provenLinks(whole, whole.Spine(seed, Limits{}))
	for i := range story {
		for k := range story[i].Attrs {
			events := slices.Clone(story)
			events[i].Attrs = slices.Delete(slices.Clone(story[i].Attrs), k, k+1)
			g := build(events)
			for _, l := range provenLinks(g, g.Spine(seed, Limits{})) {
				if !slices.Contains(proven, l) && !strings.Contains(l, "pid-") {
					t.Errorf("without %s of %s: %s", story[i].Attrs[k].Attr, story[i].ID, l)
				}
			}
		}
	}
}

// TestDuplicates: a log that was sent twice, under other identifiers, tells the
// same story with the same grades.
func TestDuplicates(t *testing.T) {
	story := parseEvents(t, shortStory)
	seed := story[len(story)-1].ID
	once := build(story)
	twice := slices.Clone(story)
	for _, ev := range story {
		ev.ID.Entry = 2
		twice = append(twice, ev)
	}
	again := build(twice)
	a, b := once.Spine(seed, Limits{}), again.Spine(seed, Limits{})
	if x, y := provenLinks(once, a), provenLinks(again, b); !slices.Equal(x, y) {
		t.Errorf("proven once:\n%s\ntwice:\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
	}
	if a.Grade() != b.Grade() || len(a.Members) != len(b.Members) {
		t.Errorf("grade %s with %d members, sent twice %s with %d", a.Grade(), len(a.Members), b.Grade(),
			len(b.Members))
	}
}

// TestPidReusedInOneSecond: two programs had the parent's pid within one second,
// so neither is proven to be the parent.
func TestPidReusedInOneSecond(t *testing.T) {
	events := parseEvents(t, `
1-0 09:00:00.100 process.launch host=ws1 ppid=9 pid=100 image=C:\t\a.exe
1-1 09:00:00.300 process.end host=ws1 pid=100 image=C:\t\a.exe
1-2 09:00:00.400 process.launch host=ws1 ppid=9 pid=100 image=C:\t\b.exe
1-3 09:00:00.600 process.launch host=ws1 ppid=100 pid=200 image=C:\t\c.exe
1-4 09:00:01.000 network.open host=ws1 ppid=200 dst=198.51.100.1 dport=443`)
	g := build(events)
	sp := g.Spine(events[4].ID, Limits{})
	for _, l := range sp.Links {
		if l.Verb == VerbSpawned && l.Grade == Proven && g.Node(l.Dst).PID == 200 {
			t.Errorf("a parent by a pid that two programs had: %s", describe(g, sp))
		}
	}
	if !slices.ContainsFunc(sp.Gaps, func(gap Gap) bool { return gap.Kind == GapName }) {
		t.Errorf("nothing says that two programs had the pid: %s", describe(g, sp))
	}
}

// TestMillionChildren: a program with a million children meets a limit, and the
// result says so.
func TestMillionChildren(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a million events")
	}
	b := NewBuilder()
	root := parseEvents(t, `1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\Windows\explorer.exe uid=root pid=1 image=C:\t\a.exe`)
	b.Add(&root[0], false)
	for i := range 1_000_000 {
		ev := event.Event{
			ID: event.ID{Entry: uint64(i + 2)}, Class: event.ClassProcess, Activity: event.ProcessLaunch,
			Time: day.Add(9*time.Hour + time.Second),
		}
		ev.Attrs.Set(event.AttrHost, "ws1")
		ev.Attrs.Set(event.AttrActorProcessUID, "root")
		ev.Attrs.Set(event.AttrProcessUID, "c"+strconv.Itoa(i))
		ev.Attrs.Set(event.AttrProcessPath, `C:\t\x.exe`)
		b.Add(&ev, false)
	}
	g := b.Build()
	start := time.Now()
	sp := g.Spine(root[0].ID, Limits{})
	t.Logf("searched in %s, %d members", time.Since(start).Round(time.Millisecond), len(sp.Members))
	if !sp.Stopped || len(sp.Members) > 12_000 {
		t.Errorf("stopped %v with %d members", sp.Stopped, len(sp.Members))
	}
	if !slices.ContainsFunc(sp.Gaps, func(g Gap) bool { return g.Kind == GapBudget && g.Query != "" }) {
		t.Error("no gap names the limit")
	}
}

// TestJumpingClock: a clock that was set back is reported, and identifiers still
// join what it puts into the wrong order.
func TestJumpingClock(t *testing.T) {
	events := parseEvents(t, `
1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\Windows\explorer.exe uid=a pid=1 image=C:\t\a.exe log=S seq=10
1-1 08:00:01 process.launch host=ws1 parent=a pimage=C:\t\a.exe uid=b pid=2 image=C:\t\b.exe log=S seq=11
1-2 08:00:02 network.open host=ws1 parent=b dst=198.51.100.1 dport=443 log=S seq=12`)
	g := build(events)
	sp := g.Spine(events[2].ID, Limits{})
	said := slices.ContainsFunc(sp.Gaps, func(g Gap) bool {
		return g.Kind == GapClock && strings.Contains(g.Text, "set back by 59m59s")
	})
	if !said {
		t.Errorf("nothing says that the clock was set back: %s", describe(g, sp))
	}
	if len(provenLinks(g, sp)) < 2 {
		t.Errorf("identifiers join no more: %s", describe(g, sp))
	}
}

// TestFileRenamedAThousandTimes: the last name leads to who wrote the file, in
// bounded time.
func TestFileRenamedAThousandTimes(t *testing.T) {
	var text strings.Builder
	text.WriteString("1-0 09:00:00 process.launch host=ws1 parent=expl pimage=C:\\Windows\\explorer.exe uid=a pid=1 image=C:\\t\\a.exe\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "2-%d 09:00:01 file.rename host=ws1 parent=a pimage=C:\\t\\a.exe path=C:\\t\\f%d.exe\n", i, i)
	}
	text.WriteString("2-1000 09:00:02 file.rename host=ws1 parent=a pimage=C:\\t\\a.exe path=C:\\t\\a.exe\n")
	text.WriteString("3-0 09:01:00 process.launch host=ws1 parent=svc pimage=C:\\Windows\\System32\\svchost.exe uid=z pid=9 image=C:\\t\\f999.exe\n")
	events := parseEvents(t, text.String())
	g := build(events)
	sp := g.Spine(events[len(events)-1].ID, Limits{})
	if !slices.ContainsFunc(sp.Links, func(l *Link) bool {
		return l.Verb == VerbWrote && g.Node(l.Src).Key == "a" && l.Grade < Proven
	}) {
		t.Errorf("who renamed the file is not found: %s", describe(g, sp))
	}
	if len(sp.Links) > 10 || sp.Visited > 10 || len(sp.Gaps) == 0 {
		t.Errorf("%d links, %d nodes visited, %d gaps", len(sp.Links), sp.Visited, len(sp.Gaps))
	}
	for _, l := range sp.Links {
		if l.Grade == Proven && l.Verb == VerbWrote {
			t.Errorf("proven by a name: %s", l.Why)
		}
	}
}

// TestEveryGapCanBeAsked: whatever the logs hold, a gap says what is missing, which
// log would tell it, and has a search.
func TestEveryGapCanBeAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		g := build(events)
		for _, ev := range events {
			for _, gap := range g.Spine(ev.ID, Limits{}).Gaps {
				if gap.Query == "" || gap.WouldClose == "" || gap.Text == "" || gap.Kind == "" {
					t.Fatalf("%+v", gap)
				}
			}
		}
	})
}
