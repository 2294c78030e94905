package simulate

import (
	"slices"
	"time"
)

const counting = "record is the 1-based number of the record in its file: a line of a JSON or " +
	"syslog file, a line of a Zeek log not counting # lines, a whole multi-line audit event"

// KeyFormat is what an answer key says of itself, so that nobody takes it for
// a log.
const KeyFormat = "evident.answer-key/v1"

// Key is the answer key: what happened in the logs and which records show it.
type Key struct {
	Format     string       `json:"format"` // KeyFormat
	Seed       uint64       `json:"seed"`
	Counting   string       `json:"counting"` // how EventRef.Record counts
	Incidents  []*Incident  `json:"incidents"`
	Lookalikes []*Lookalike `json:"lookalikes"`
}

// Incident is one hostile course of action in the order of its steps.
type Incident struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Steps       []*Step      `json:"steps"`
	Processes   []ProcessRef `json:"processes,omitempty"` // processes the intruder controlled
}

// Step is one step of an incident with its ATT&CK technique and tactic.
type Step struct {
	N           int    `json:"n"` // from 1
	Technique   string `json:"technique"`
	Tactic      string `json:"tactic"`
	Description string `json:"description"`
	Trace
}

// Lookalike is ordinary work that resembles a step of an intrusion.
type Lookalike struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Resembles   string `json:"resembles"` // the technique it could be taken for
	Trace
}

// Trace is where and when something shows in the logs.
type Trace struct {
	Host   string     `json:"host"` // full name as in the records, "" without a host
	Time   time.Time  `json:"time"` // of its earliest record, UTC
	Events []EventRef `json:"events"`
}

// EventRef names one written record.
type EventRef struct {
	File   string    `json:"file"`
	Record int       `json:"record"` // 1-based, see Key.Counting
	Host   string    `json:"host,omitempty"`
	Time   time.Time `json:"time"`
}

// ProcessRef names a process the intruder controlled: started, or entered by
// injection.
type ProcessRef struct {
	Host  string `json:"host"`
	GUID  string `json:"guid"`
	PID   int    `json:"pid"`
	Image string `json:"image"`
}

func (t *Trace) add(ref EventRef) {
	if len(t.Events) == 0 || ref.Time.Before(t.Time) {
		t.Time = ref.Time
	}
	t.Events = append(t.Events, ref)
}

// incident adds an incident to the key.
func (k *Key) incident(name, description string) *Incident {
	in := &Incident{Name: name, Description: description}
	k.Incidents = append(k.Incidents, in)
	return in
}

// lookalike adds ordinary work to the key and returns its trace.
func (k *Key) lookalike(name, resembles, host, description string) *Trace {
	l := &Lookalike{Name: name, Description: description, Resembles: resembles}
	l.Host = host
	k.Lookalikes = append(k.Lookalikes, l)
	return &l.Trace
}

// step adds the next step of the incident and returns its trace.
func (in *Incident) step(technique, tactic, host, description string) *Trace {
	s := &Step{Technique: technique, Tactic: tactic, Description: description}
	s.N, s.Host = len(in.Steps)+1, host
	in.Steps = append(in.Steps, s)
	return &s.Trace
}

func (in *Incident) controls(p *process) {
	in.Processes = append(in.Processes,
		ProcessRef{Host: p.host.fqdn, GUID: p.guid, PID: int(p.pid), Image: p.image})
}

// sorted drops what left no record in the simulated days and orders the rest.
func (k *Key) sorted() *Key {
	k.Lookalikes = slices.DeleteFunc(k.Lookalikes,
		func(l *Lookalike) bool { return len(l.Events) == 0 })
	slices.SortStableFunc(k.Lookalikes, func(a, b *Lookalike) int { return a.Time.Compare(b.Time) })
	for _, in := range k.Incidents {
		in.Steps = slices.DeleteFunc(in.Steps, func(s *Step) bool { return len(s.Events) == 0 })
		for i, s := range in.Steps {
			s.N = i + 1
		}
	}
	return k
}
