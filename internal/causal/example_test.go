package causal_test

import (
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// launch is the start of program uid by program parent, minutes after nine.
func launch(minute int, parent, uid, path string) event.Event {
	ev := event.Event{
		ID: event.ID{Entry: uint64(minute)}, Class: event.ClassProcess, Activity: 1,
		Time: time.Date(2026, 3, 2, 9, minute, 0, 0, time.UTC),
	}
	ev.Attrs.Set(event.AttrHost, "ws1")
	ev.Attrs.Set(event.AttrActorProcessUID, parent)
	ev.Attrs.Set(event.AttrProcessUID, uid)
	ev.Attrs.Set(event.AttrProcessPath, path)
	return ev
}

// From the last program of a chain back to what started it; the editor, which
// another process started, has nothing to do with it.
func Example() {
	events := []event.Event{
		launch(1, "p1", "p2", `C:\Office\winword.exe`),
		launch(2, "p0", "p9", `C:\Windows\notepad.exe`),
		launch(3, "p2", "p3", `C:\Windows\System32\cmd.exe`),
		launch(4, "p3", "p4", `C:\Windows\System32\whoami.exe`),
	}
	b := causal.NewBuilder()
	for i := range events {
		b.Add(&events[i], false)
	}
	g := b.Build()
	spine := g.Spine(event.ID{Entry: 4}, causal.Limits{})
	for _, l := range spine.Links {
		fmt.Println(g.Label(l.Src), l.Verb, g.Label(l.Dst), l.Grade)
	}
	// Output:
	// a process spawned winword.exe PROVEN
	// winword.exe spawned cmd.exe PROVEN
	// cmd.exe spawned whoami.exe PROVEN
}
