package correlate

import (
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// Hit is one event that a correlated rule holds for.
type Hit struct {
	Rule     *sigma.Rule
	ID       event.ID
	Time     time.Time  // the event's own time
	Received time.Time  // its arrival; where zero, no group is ever idle
	Values   [][]string // the texts of Plan.Fields(Rule), in that order
}

// Alert says that a correlation's condition held over a window of a group.
type Alert struct {
	Correlation *sigma.Correlation
	Group       []string // values of Correlation.GroupBy, in that order
	Value       float64  // what the condition was compared with

	From, To time.Time // of the events in the window
	ID       event.ID  // the last event of the window
	By       event.ID  // the event on whose arrival it fired: another one only if that was late

	Events []Evidence // in order of time; the latest where there are too many
	Total  int        // how many there are
}

// Evidence is one event of a window.
type Evidence struct {
	ID   event.ID
	Time time.Time
	Ref  int // which of Correlation.Rules it is of
}

// at turns nanoseconds back into a time.
func at(ns int64) time.Time { return time.Unix(0, ns).UTC() }
