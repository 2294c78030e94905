package evtxtest

import (
	"fmt"
	"time"
)

// Event is an event as programs log it.
type Event struct {
	Number   uint64 // EventRecordID
	Time     time.Time
	Provider string
	ID       int
	Channel  string
	Computer string
	Data     []Datum
}

// Datum is one Data element.
type Datum struct {
	Name  string // "" for none
	Value Value
}

// Event writes an event as Windows does.
func (f *File) Event(e Event) error {
	return f.Record(e.Number, e.Time, func(w *XML) {
		w.Fragment()
		w.Template("event "+e.Provider, func(w *XML) { defineEvent(w, e.Provider) },
			Number(0x04, 1, 4), Number(0x06, 2, uint64(e.ID)), Number(0x15, 8, 1<<63), Time(e.Time),
			Number(0x0a, 8, e.Number), Null(), Number(0x08, 4, 4312), String(e.Channel),
			String(e.Computer), SID(18), Document(func(w *XML) { e.data(w) }))
		w.End()
	})
}

// defineEvent writes what all events of a provider have in common.
func defineEvent(w *XML, provider string) {
	xmlns := Text("http://schemas.microsoft.com/win/2004/08/events/event")
	w.Element("Event", []Attr{{"xmlns", xmlns}}, func() {
		w.Element("System", nil, func() {
			w.Element("Provider", []Attr{{"Name", Text(provider)}}, nil)
			w.Leaf("EventID", nil, Sub(1, 0x06))
			w.Leaf("Version", nil, Text("0"))
			w.Leaf("Level", nil, Sub(0, 0x04))
			w.Leaf("Keywords", nil, Sub(2, 0x15))
			w.Element("TimeCreated", []Attr{{"SystemTime", Sub(3, 0x11)}}, nil)
			w.Leaf("EventRecordID", nil, Sub(4, 0x0a))
			w.Element("Correlation", []Attr{{"ActivityID", Optional(5, 0x0f)}}, nil)
			w.Element("Execution", []Attr{{"ProcessID", Sub(6, 0x08)}}, nil)
			w.Leaf("Channel", nil, Sub(7, 0x01))
			w.Leaf("Computer", nil, Sub(8, 0x01))
			w.Element("Security", []Attr{{"UserID", Optional(9, 0x13)}}, nil)
		})
		Optional(10, 0x21)(w)
	})
}

// data writes the event's own data, by a template that knows its names.
func (e Event) data(w *XML) {
	key := fmt.Sprintf("data %s %d", e.Provider, e.ID)
	values := make([]Value, len(e.Data))
	for i, d := range e.Data {
		key += "\x00" + d.Name
		values[i] = d.Value
	}
	w.Fragment()
	w.Template(key, func(w *XML) {
		w.Element("EventData", nil, func() {
			for i, d := range e.Data {
				var attrs []Attr
				if d.Name != "" {
					attrs = []Attr{{"Name", Text(d.Name)}}
				}
				w.Leaf("Data", attrs, Sub(i, d.Value.Kind))
			}
		})
	}, values...)
	w.End()
}
