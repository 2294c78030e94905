package pipeline

import (
	"encoding/json"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
)

// overlaysOf finds what analysts said of incidents among Evident's own records,
// so that a state that was lost gets it back from there. A record of somebody
// else that looks like one is none: its entry has another source.
func overlaysOf(e *event.Entry) []state.Overlay {
	if e.Source != OwnSource {
		return nil
	}
	var out []state.Overlay
	for leaf := range e.Records {
		var record struct{ Overlay json.RawMessage }
		var head struct {
			UID, Incident string
			Event         event.ID
			Time          time.Time
		}
		if json.Unmarshal(e.Records[leaf].Raw, &record) != nil || len(record.Overlay) == 0 ||
			json.Unmarshal(record.Overlay, &head) != nil || head.UID == "" {
			continue
		}
		out = append(out, state.Overlay{
			UID: head.UID, Incident: head.Incident, Event: head.Event, Time: head.Time,
			Record: event.ID{Entry: e.Seq, Leaf: uint32(leaf)}, Body: record.Overlay,
		})
	}
	return out
}
