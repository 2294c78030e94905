package event_test

import (
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// One record, with the name it has in queries and proofs.
func Example() {
	id, err := event.ParseID("93781-17")
	if err != nil {
		fmt.Println(err)
		return
	}
	ev := event.Event{
		ID: id, Class: event.ClassProcess, Activity: 1,
		Time: time.Date(2026, 3, 2, 9, 15, 9, 0, time.UTC),
	}
	attr, _ := event.Lookup("process.cmd_line")
	ev.Attrs.Set(attr, "tar -czf /tmp/a.tgz /srv")
	class := event.ClassInfo(ev.Class)
	fmt.Println(ev.ID, class.Name, class.ActivityName(ev.Activity), ev.TypeUID())
	fmt.Println(attr, "=", ev.Attrs.Get(attr))
	// Output:
	// 93781-17 Process Activity Launch 100701
	// process.cmd_line = tar -czf /tmp/a.tgz /srv
}
