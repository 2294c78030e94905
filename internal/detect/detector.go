package detect

import (
	"strings"
	"sync"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/correlate"
)

// Detector judges events with one plan. It is read-only and shared; every
// goroutine takes its own Judge.
type Detector struct {
	plan *sigma.Plan
	hash string

	correlations *correlate.Plan
	err          error // why they cannot be used

	known sync.Map // *sigma.Meta to its []Attack
}

// New returns a Detector for the plan.
func New(plan *sigma.Plan) *Detector {
	d := &Detector{plan: plan, hash: plan.Hash()}
	d.correlations, d.err = correlate.Compile(plan.Correlations())
	return d
}

// Plan returns what the Detector judges by.
func (d *Detector) Plan() *sigma.Plan { return d.plan }

// Judge holds the scratch memory of one goroutine.
type Judge struct {
	d       *Detector
	matcher *sigma.Matcher
}

// Judge returns a new Judge.
func (d *Detector) Judge() *Judge { return &Judge{d: d, matcher: d.plan.Matcher()} }

// Verdict is what judging events gave: the findings, and for a Correlator the
// events that correlated rules hold for.
type Verdict struct {
	Findings []state.Finding
	hits     []correlate.Hit
	seen     []witness
}

// witness is what a finding says of an event.
type witness struct {
	id           event.ID
	source       string
	position     int64
	host, entity string
}

// Add judges one event and adds what was found to the verdict. position is the
// record's 1-based number in its source. Rules that only feed correlations are
// no findings.
func (j *Judge) Add(v *Verdict, ev *event.Event, position int64) error {
	return j.add(v, ev, position, j.matcher.Match(ev))
}

// AddScanned is Add for an event whose memory is used again for the next one
// (normalize.Scanner) and that complete maps once something is found in it; nil
// where it is mapped. Nothing of the event stays in the verdict.
func (j *Judge) AddScanned(v *Verdict, ev *event.Event, position int64, complete func()) error {
	matches := j.matcher.Match(ev)
	if len(matches) == 0 {
		return nil
	}
	if complete != nil {
		complete()
	}
	found, hits, seen := len(v.Findings), len(v.hits), len(v.seen)
	if err := j.add(v, ev, position, matches); err != nil {
		return err
	}
	for _, h := range v.hits[hits:] {
		for i, texts := range h.Values {
			h.Values[i] = cloned(texts)
		}
	}
	for i := range v.seen[seen:] {
		w := &v.seen[seen+i]
		w.host, w.entity = strings.Clone(w.host), strings.Clone(w.entity)
	}
	for i := range v.Findings[found:] {
		f := &v.Findings[found+i]
		f.Host = strings.Clone(f.Host)
	}
	return nil
}

func cloned(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = strings.Clone(s)
	}
	return out
}

// add takes in the rules that hold for an event.
func (j *Judge) add(v *Verdict, ev *event.Event, position int64, matches []sigma.Match) error {
	correlated := false
	for i := range matches {
		rule := matches[i].Rule
		if !rule.Silent {
			f := j.d.finding(ev, position, &matches[i])
			row, err := f.row(ev.ID)
			if err != nil {
				return err
			}
			v.Findings = append(v.Findings, row)
		}
		if fields, ok := j.d.fields(rule); ok {
			v.hits = append(v.hits, j.hit(rule, ev, fields))
			correlated = true
		}
	}
	if correlated {
		v.seen = append(v.seen, witness{
			ev.ID, ev.Source, position, ev.Attrs.Get(event.AttrHost), entity(ev),
		})
	}
	return nil
}

// fields returns the fields that correlations ask of a rule's events.
func (d *Detector) fields(rule *sigma.Rule) ([]string, bool) {
	if d.err != nil {
		return nil, false
	}
	return d.correlations.Fields(rule)
}

func (j *Judge) hit(rule *sigma.Rule, ev *event.Event, fields []string) correlate.Hit {
	h := correlate.Hit{
		Rule: rule, ID: ev.ID, Time: ev.Time, Received: ev.Received,
		Values: make([][]string, len(fields)),
	}
	for i, field := range fields {
		h.Values[i] = j.matcher.Values(rule, field)
	}
	return h
}

// Findings judges one event by itself and returns what was found; correlations
// take no part.
func (j *Judge) Findings(ev *event.Event, position int64) ([]state.Finding, error) {
	var v Verdict
	if err := j.Add(&v, ev, position); err != nil {
		return nil, err
	}
	return v.Findings, nil
}

func (d *Detector) finding(ev *event.Event, position int64, m *sigma.Match) Finding {
	matched := make(map[string]string, len(m.Fields))
	for _, field := range m.Fields {
		matched[field.Field] = field.Value
	}
	f := d.about(&m.Rule.Meta, findingUID(&m.Rule.Meta, ev.ID.String()), SeverityID(m.Rule.Level))
	f.Time = ev.Time
	f.Device.Hostname, f.Evident.Entity = ev.Attrs.Get(event.AttrHost), entity(ev)
	f.Evidences = []Evidence{{Data: EvidenceData{
		File: ev.Source, Record: position, EventUID: ev.ID.String(), Matched: matched,
	}}}
	return f
}

// about returns a finding with all that it says of its rule.
func (d *Detector) about(m *sigma.Meta, uid string, severity uint8) Finding {
	return Finding{
		ClassUID: event.ClassFinding, ClassName: event.ClassInfo(event.ClassFinding).Name,
		ActivityID: 1, TypeUID: event.ClassFinding*100 + 1,
		Severity: SeverityName(severity), SeverityID: severity,
		Info: Info{
			UID: uid, Title: m.Title, Desc: m.Description,
			Analytic: Analytic{UID: m.ID, Name: m.Title, Type: "Rule"}, Attacks: d.attacks(m),
		},
		Evident: Provenance{
			RuleSHA256: m.SHA256, PlanSHA256: d.hash, RuleFile: m.File,
			Author: m.Author, License: m.License, References: m.References,
		},
	}
}
