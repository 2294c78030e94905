package reconstruct_test

import (
	"context"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// list is Events over a few events in order.
type list []event.Event

func (l list) Event(_ context.Context, id event.ID) (event.Event, error) {
	for _, ev := range l {
		if ev.ID == id {
			return ev, nil
		}
	}
	return event.Event{}, reconstruct.ErrNotFound
}

func (l list) Each(
	_ context.Context, q reconstruct.Query, visit func(*event.Event) error,
) error {
	for i := range l {
		if l[i].Time.Before(q.From) || !l[i].Time.Before(q.To) {
			continue
		}
		if err := visit(&l[i]); err != nil {
			return err
		}
	}
	return nil
}

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

func Example() {
	r, err := reconstruct.New(reconstruct.Deps{Events: list{
		launch(1, "p1", "p2", `C:\Office\winword.exe`),
		launch(3, "p2", "p3", `C:\Windows\System32\cmd.exe`),
		launch(4, "p3", "p4", `C:\Windows\System32\whoami.exe`),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := r.Incident(context.Background(), event.ID{Entry: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range result.Steps {
		fmt.Println(s.N, s.Sentence, s.Grade, s.Events)
	}
	// Output:
	// 1 On ws1, a process started winword.exe. PROVEN [1-0]
	// 2 On ws1, winword.exe started cmd.exe. PROVEN [3-0]
	// 3 On ws1, cmd.exe started whoami.exe. PROVEN [4-0]
}
