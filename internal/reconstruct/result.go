package reconstruct

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// Result is one reconstructed incident in the shape of the API.
type Result struct {
	Incident Incident `json:"incident"`
	Steps    []Step   `json:"steps"`
	Graph    Graph    `json:"graph"`
	Gaps     []Gap    `json:"gaps"`
	Hosts    []Host   `json:"hosts"`
}

// Incident is the head of a reconstruction. From and To span its steps. Grade
// is the weakest on the spine, and WeakestStep the first step that has it.
type Incident struct {
	UID         string     `json:"uid"`
	Title       string     `json:"title"`
	From        time.Time  `json:"from"`
	To          time.Time  `json:"to"`
	Grade       string     `json:"grade"`
	Severity    string     `json:"severity"`
	Hosts       []string   `json:"hosts"`
	Considered  int        `json:"events_considered"`
	Kept        int        `json:"events_kept"` // equal acts counted once
	Folded      int        `json:"folded"`      // actions of the incident that no step shows
	WeakestStep int        `json:"weakest_step"`
	Seed        event.ID   `json:"seed"`
	Entries     []string   `json:"entries"`
	Findings    []string   `json:"findings"` // finding uids on the steps
	Members     []event.ID `json:"-"`        // all events of the incident, for grouping
}

// Step is one thing somebody or something did.
type Step struct {
	N             int        `json:"n"`
	From          time.Time  `json:"from"`
	To            time.Time  `json:"to"`
	Host          string     `json:"host"`
	Actor         string     `json:"actor"`
	Verb          string     `json:"verb"`
	Object        string     `json:"object"`
	Sentence      string     `json:"sentence"`
	Tactic        string     `json:"tactic"`
	Technique     string     `json:"technique"`
	TechniqueName string     `json:"technique_name"`
	Severity      string     `json:"severity"`
	Grade         string     `json:"grade"`
	Why           string     `json:"why"`
	Events        []event.ID `json:"events"`
	Count         int        `json:"count"` // actions merged into this step
	// Techniques are the likely ones, best first, at most three; Technique is
	// the first.
	Techniques []string `json:"techniques,omitempty"`
	// Unordered are the earlier steps, by number, of which the clocks of two
	// hosts do not tell whether they came before this one.
	Unordered []int `json:"order_not_established,omitempty"`
}

// Graph is the causal graph of the incident.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is an entity; ID is stable for the same entity in the same events.
type Node struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Host       string `json:"host"`
	Label      string `json:"label"`
	ProcessUID string `json:"process_uid"`
	Verdict    string `json:"verdict"`
	// Starts are the records of a process's start; more than one where several
	// logs tell it, none where it was running before.
	Starts []event.ID `json:"starts,omitempty"`
	Entity string     `json:"entity"` // the same in every result over the same logs
}

// Edge joins two nodes; Step is the number of the step that tells it, 0 when
// folded.
type Edge struct {
	Src      string     `json:"src"`
	Dst      string     `json:"dst"`
	Verb     string     `json:"verb"`
	Strength string     `json:"strength"`
	Grade    string     `json:"grade"`
	Step     int        `json:"step"`
	Events   []event.ID `json:"events"`
}

// Gap is something that is not known, and what would tell it. AfterStep is the
// step it follows, 0 when it concerns the whole incident or its beginning.
type Gap struct {
	Kind       string    `json:"kind"`
	Host       string    `json:"host"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Text       string    `json:"text"`
	WouldClose string    `json:"would_close"`
	Query      string    `json:"query"`
	AfterStep  int       `json:"after_step"`
	About      string    `json:"about,omitempty"` // the entity of a node, where it is about one
}

// Host is a host of the incident and what reports from it. Times inside the
// records run OffsetMS ahead of their headers, give or take ErrorMS.
type Host struct {
	Name     string   `json:"name"`
	Sensors  []string `json:"sensors"`
	OffsetMS int64    `json:"offset_ms"`
	ErrorMS  int64    `json:"clock_error_ms"`
}

// JSON returns the indented JSON form with a final newline.
func (r *Result) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode incident %s: %w", r.Incident.UID, err)
	}
	return append(b, '\n'), nil
}
