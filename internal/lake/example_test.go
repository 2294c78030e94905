package lake_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
)

// What was appended is sealed, and the original comes back byte by byte.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "lake")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	table, err := lake.Open(ctx, lake.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer table.Close()
	at := time.Date(2026, 3, 2, 9, 15, 9, 0, time.UTC)
	entry := &event.Entry{Seq: 1, Source: "stdin", Format: event.FormatText, Received: at}
	entry.Records = []event.Record{{Raw: []byte("sshd: accepted"), Position: 1}}
	evs := []event.Event{{ID: event.ID{Entry: 1}, Time: at, Received: at}}
	if err := table.Append(ctx, entry, evs); err != nil {
		fmt.Println(err)
		return
	}
	if err := table.Seal(ctx); err != nil {
		fmt.Println(err)
		return
	}
	original, err := table.Original(ctx, event.ID{Entry: 1})
	fmt.Printf("%s %v, sealed through %d\n", original.Raw, err, table.Watermark())
	// Output: sshd: accepted <nil>, sealed through 1
}
