package detect

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
)

// Detector judges events with one plan. It is read-only and shared; every
// goroutine takes its own Judge.
type Detector struct {
	plan *sigma.Plan
	hash string
}

// New returns a Detector for the plan.
func New(plan *sigma.Plan) *Detector {
	return &Detector{plan: plan, hash: plan.Hash()}
}

// Judge holds the scratch memory of one goroutine.
type Judge struct {
	d       *Detector
	matcher *sigma.Matcher
}

// Judge returns a new Judge.
func (d *Detector) Judge() *Judge { return &Judge{d: d, matcher: d.plan.Matcher()} }

// Findings judges one event and returns what was found. position is the
// record's 1-based number in its source.
func (j *Judge) Findings(ev *event.Event, position int64) ([]state.Finding, error) {
	matches := j.matcher.Match(ev)
	if len(matches) == 0 {
		return nil, nil
	}
	out := make([]state.Finding, 0, len(matches))
	for i := range matches {
		f := j.d.finding(ev, position, &matches[i])
		body, err := f.encode()
		if err != nil {
			return nil, err
		}
		out = append(out, state.Finding{
			UID: f.Info.UID, Time: f.Time, Severity: f.SeverityID, Rule: f.Info.Analytic.UID,
			Title: f.Info.Title, Host: f.Device.Hostname, Event: ev.ID, Body: body,
		})
	}
	return out, nil
}

func (d *Detector) finding(ev *event.Event, position int64, m *sigma.Match) Finding {
	rule := m.Rule
	matched := make(map[string]string, len(m.Fields))
	for _, field := range m.Fields {
		matched[field.Field] = field.Value
	}
	severity := SeverityID(rule.Level)
	return Finding{
		ClassUID: event.ClassFinding, ClassName: event.ClassInfo(event.ClassFinding).Name,
		ActivityID: 1, TypeUID: event.ClassFinding*100 + 1,
		Time: ev.Time, Severity: SeverityName(severity), SeverityID: severity,
		Info: Info{
			UID: findingUID(rule, ev.ID), Title: rule.Title, Desc: rule.Description,
			Analytic: Analytic{UID: rule.ID, Name: rule.Title, Type: "Rule"},
			Attacks:  attacks(rule),
		},
		Device: Device{Hostname: ev.Attrs.Get(event.AttrHost)},
		Evidences: []Evidence{{Data: EvidenceData{
			File: ev.Source, Record: position, EventUID: ev.ID.String(), Matched: matched,
		}}},
		Evident: Provenance{
			RuleSHA256: rule.SHA256, PlanSHA256: d.hash, RuleFile: rule.File,
			Author: rule.Author, License: rule.License, References: rule.References,
			Entity: entity(ev),
		},
	}
}

// findingUID is "F-" and 16 hex digits of SHA-256 over rule id (or its hash
// where it has none) and event identifier.
func findingUID(rule *sigma.Rule, id event.ID) string {
	name := rule.ID
	if name == "" {
		name = rule.SHA256
	}
	sum := sha256.Sum256([]byte(name + "\n" + id.String()))
	return "F-" + hex.EncodeToString(sum[:8])
}
