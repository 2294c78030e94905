package event

import "time"

// Event is one record after normalisation: the same bytes seen twice, as the
// source's native fields (detection) and as OCSF attributes (search, graph).
type Event struct {
	ID       ID
	Time     time.Time // the event's own time, UTC; Received where it has none
	Received time.Time
	Source   string
	Format   Format

	// Logsource in Sigma's terms, set by the mapping; empty where unknown.
	Product, Service, Category string

	Class    uint32 // OCSF class_uid, 0 where no mapping matched
	Activity uint8  // OCSF activity_id
	Severity uint8  // OCSF severity_id, 0 unknown to 6 fatal
	Native   Fields
	Attrs    Attributes
	Raw      []byte

	// Problem says why the record could not be decoded; such a record is a
	// dead letter: kept, sealed and searchable by text.
	Problem string
}

// TypeUID returns OCSF type_uid: class_uid * 100 + activity_id.
func (e *Event) TypeUID() uint32 { return e.Class*100 + uint32(e.Activity) }

// AttrValue is one attribute of an event. Attributes of type TypeInt and
// TypePort hold their decimal text.
type AttrValue struct {
	Attr Attr
	Text string
}

// Attributes are an event's OCSF attributes, each at most once.
type Attributes []AttrValue

// Get returns the attribute's text, "" when the event has none.
func (a Attributes) Get(attr Attr) string {
	for i := range a {
		if a[i].Attr == attr {
			return a[i].Text
		}
	}
	return ""
}

// Set adds the attribute, or replaces its text when it is there.
func (a *Attributes) Set(attr Attr, text string) {
	for i := range *a {
		if (*a)[i].Attr == attr {
			(*a)[i].Text = text
			return
		}
	}
	*a = append(*a, AttrValue{attr, text})
}
