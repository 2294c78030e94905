package normalize_test

import (
	"fmt"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
)

func Example() {
	n, err := normalize.New(mappings.FS)
	if err != nil {
		fmt.Println(err)
		return
	}
	entry := event.Entry{Seq: 12, Format: event.FormatJSON, Records: []event.Record{{Raw: []byte(
		`{"Channel":"Security","EventID":4688,"Computer":"WS07.harbor.example",` +
			`"TimeCreated":"2026-03-02T09:15:09Z","NewProcessId":"0x1a4","NewProcessName":"C:\\a\\b.exe"}`)}}}
	ev := n.Entry(&entry)[0]
	fmt.Println(ev.Product, ev.Service, ev.Category, ev.TypeUID())
	fmt.Println(ev.Attrs.Get(event.AttrHost), ev.Attrs.Get(event.AttrProcessPID),
		ev.Attrs.Get(event.AttrProcessName))
	// Output:
	// windows security process_creation 100701
	// ws07 420 b.exe
}
