package ruletest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Bounds on what a backtest keeps for one rule.
const (
	maxExamples = 3
	maxHosts    = 100_000 // hosts told apart
)

// Thresholds of the hints: a rule is called broad when it fires on at least
// this share of the hosts, and noisy at this many hits a day.
const (
	broadShare = 0.5
	broadHosts = 4 // fewer hosts say nothing
	noisyDay   = 100
)

// Hit is one finding of a backtest.
type Hit struct {
	Key, Title, Level string
	Time              time.Time
	Host              string
	Event             string // identifier
	Matched           map[string]string
	Known             bool // a rule that runs today has found the event too
}

// RuleHits is how a rule fared.
type RuleHits struct {
	Key    string         `json:"uid"`
	Title  string         `json:"title"`
	Level  string         `json:"level"`
	State  State          `json:"state"`
	Hits   int            `json:"hits"`
	Before int            `json:"hits_before"` // of the rule as it runs today
	Known  int            `json:"hits_known"`  // on events that today's rules find too
	Days   map[string]int `json:"days"`        // by date, UTC
	Hosts  int            `json:"hosts"`
	Share  float64        `json:"host_share"` // of all hosts, 0 to 1
	Hint   string         `json:"hint,omitempty"`

	Examples []Example `json:"examples"`

	hosts map[string]bool
}

// Example is one hit, to look at.
type Example struct {
	Event   string            `json:"event_uid"`
	Time    time.Time         `json:"time"`
	Host    string            `json:"host"`
	Matched map[string]string `json:"matched"`
}

// State compares a rule with those that run today.
type State string

// The states.
const (
	StateNew     State = "new"
	StateChanged State = "changed"
	StateSame    State = "same"
)

// Tally collects a backtest. It is for one goroutine.
type Tally struct {
	rules map[string]*RuleHits
	order []string
}

// Add makes a rule known, so that one without a hit is told as well.
func (t *Tally) Add(key, title, level string, state State) {
	if t.rules == nil {
		t.rules = map[string]*RuleHits{}
	}
	if t.rules[key] == nil {
		t.rules[key] = &RuleHits{
			Key: key, Title: title, Level: level, State: state,
			Days: map[string]int{}, Examples: []Example{}, hosts: map[string]bool{},
		}
		t.order = append(t.order, key)
	}
}

// Hit counts a finding of a rule that was added.
func (t *Tally) Hit(h Hit) {
	r := t.rules[h.Key]
	if r == nil {
		return
	}
	r.Hits++
	r.Days[h.Time.UTC().Format(time.DateOnly)]++
	if h.Known {
		r.Known++
	}
	first := !r.hosts[h.Host]
	if h.Host != "" && len(r.hosts) < maxHosts {
		r.hosts[h.Host] = true
	}
	// Examples of different hosts say more than those of one.
	if len(r.Examples) < maxExamples && (first || r.Hits <= maxExamples) {
		r.Examples = append(r.Examples, Example{h.Event, h.Time, h.Host, h.Matched})
	}
}

// Before counts a finding of the rule as it runs today.
func (t *Tally) Before(key string) {
	if r := t.rules[key]; r != nil {
		r.Before++
	}
}

// Report is what a backtest found.
type Report struct {
	From   time.Time  `json:"from"` // of the events judged
	To     time.Time  `json:"to"`
	Days   []string   `json:"days"`
	Events int64      `json:"events"`
	Hosts  int        `json:"hosts"`
	Rules  []RuleHits `json:"rules"` // most hits first
}

// Report sums up over events from from to to on a number of hosts.
func (t *Tally) Report(from, to time.Time, events int64, hosts int) *Report {
	out := &Report{
		From: from, To: to, Events: events, Hosts: hosts, Days: days(from, to), Rules: []RuleHits{},
	}
	for _, key := range t.order {
		r := t.rules[key]
		r.Hosts = len(r.hosts)
		if hosts > 0 {
			r.Share = float64(r.Hosts) / float64(hosts)
		}
		if r.State == StateSame {
			r.Before = r.Hits
		}
		r.Hint = r.hint(hosts)
		out.Rules = append(out.Rules, *r)
	}
	slices.SortStableFunc(out.Rules, func(a, b RuleHits) int { return cmp.Compare(b.Hits, a.Hits) })
	return out
}

// maxDays bounds the days of a report; one event with a false time must not
// stretch it over centuries.
const maxDays = 3700

func days(from, to time.Time) []string {
	out := []string{}
	if from.IsZero() {
		return out
	}
	last := to.UTC().Format(time.DateOnly)
	for d := from.UTC(); len(out) < maxDays; d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		if day > last {
			break
		}
		out = append(out, day)
	}
	return out
}

// hint says what the counts suggest about false positives.
func (r *RuleHits) hint(hosts int) string {
	most := 0
	for n := range maps.Values(r.Days) {
		most = max(most, n)
	}
	switch {
	case r.Hits == 0:
		return ""
	case hosts >= broadHosts && r.Share >= broadShare:
		return fmt.Sprintf("fires on %d of %d hosts: what most hosts do is rarely an attack",
			r.Hosts, hosts)
	case most >= noisyDay:
		return fmt.Sprintf("fires up to %d times a day: nobody looks at that many", most)
	case r.Known == r.Hits && r.State == StateNew:
		return "finds nothing that the rules of today do not find"
	}
	return ""
}
