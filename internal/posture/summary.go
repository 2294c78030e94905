package posture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/register"
)

func summarise(id string, r, met *review.Report) (ReviewSummary, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return ReviewSummary{}, fmt.Errorf("encode review: %w", err)
	}
	sum := sha256.Sum256(append(body, '\n')) // as exposure review --output json prints it
	p := r.Proposal
	s := ReviewSummary{
		ID: id, Label: p.Name, Kind: p.Kind, Summary: p.Summary, Requester: p.Requester, Result: r.Result, Day: r.Day,
		Base: r.Inputs.Base, Next: r.Inputs.Next, Report: hex.EncodeToString(sum[:]),
		Added: len(p.Added), Replaced: len(p.Replaced), Removed: len(p.Removed),
		Asked: effectOf(r), Met: effectOf(met), Records: r.Blast.Records, ForLife: len(r.Blast.ForLife),
		Conds: len(r.Conditions), Agreed: len(r.Agreements),
	}
	if s.Label == "" {
		s.Label = id
	}
	return s, nil
}

func effectOf(r *review.Report) Effect {
	e := Effect{
		New: len(r.NewPaths), Cheaper: len(r.CheaperPaths), Holdings: len(r.Blast.Holdings), Findings: len(r.Flags),
		Combined: len(r.Combinations), Knowers: len(r.Knowers),
	}
	for _, k := range r.Knowers {
		if slices.Contains([]string{"architecture", "weak-points", "plans"}, k.Kind) {
			e.WeakSpots++
		}
	}
	return e
}

// EntityDiff is what a proposal does to one entry of the register.
type EntityDiff struct {
	ID     string      `json:"id"`
	Label  string      `json:"label"`
	Kind   string      `json:"kind"`
	Change string      `json:"change"` // added, replaced, removed
	Base   Place       `json:"base"`   // where the register has it
	Next   Place       `json:"next"`   // where the proposal has it
	Fields []FieldDiff `json:"fields"`
}

// FieldDiff is one field, as YAML flow text; "" where it is not there.
type FieldDiff struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
	Same   bool   `json:"same"`
}

// diff lists what a proposal adds, replaces and removes.
func diff(in *review.Input) []EntityDiff {
	out := []EntityDiff{}
	for _, id := range slices.Concat(in.Change.Added, in.Change.Replaced, in.Change.Removed) {
		d := EntityDiff{ID: id, Change: "added"}
		var before, after map[string]json.RawMessage
		if it, ok := in.Base.Find(id); ok {
			d.Kind, d.Label, d.Change = it.Kind, in.Base.Label(id), "removed"
			d.Base, before = Place{it.Entity.Place.File, it.Entity.Place.Line}, fields(it)
		}
		if it, ok := in.Next.Find(id); ok {
			d.Kind, d.Label = it.Kind, in.Next.Label(id)
			d.Next, after = Place{it.Entity.Place.File, it.Entity.Place.Line}, fields(it)
			if before != nil {
				d.Change = "replaced"
			}
		}
		d.Fields = fieldDiffs(before, after)
		out = append(out, d)
	}
	return out
}

func fields(it register.Item) map[string]json.RawMessage {
	var doc map[string]map[string]json.RawMessage
	if err := json.Unmarshal(it.Canonical(), &doc); err != nil {
		return map[string]json.RawMessage{} // what was encoded decodes
	}
	return doc[it.Kind]
}

func fieldDiffs(before, after map[string]json.RawMessage) []FieldDiff {
	var keys []string
	for k := range before {
		keys = append(keys, k)
	}
	for k := range after {
		if _, known := before[k]; !known {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := []FieldDiff{}
	for _, k := range keys {
		out = append(out, FieldDiff{k, plainText(before[k]), plainText(after[k]), bytes.Equal(before[k], after[k])})
	}
	return out
}

// plainText is a value as a reader of the register would write it: texts
// without quotes.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// labels names what a report names.
func labels(in *review.Input, r *review.Report) map[string]string {
	out := map[string]string{}
	add := func(ids ...string) {
		for _, id := range ids {
			if _, ok := in.Next.Find(id); ok {
				out[id] = in.Next.Label(id)
			} else {
				out[id] = in.Base.Label(id)
			}
		}
	}
	for _, p := range slices.Concat(r.NewPaths, r.CheaperPaths) {
		add(p.Foothold, p.Holding)
		for _, s := range p.Steps {
			add(s.From, s.To, s.Because)
		}
	}
	for _, k := range r.Knowers {
		add(k.Party, k.About, k.From)
	}
	for _, m := range r.Combinations {
		add(m.Collector)
		add(m.Holdings...)
	}
	for _, c := range r.Conditions {
		add(c.Entity)
	}
	for _, f := range r.Flags {
		add(f.Entity)
	}
	add(r.Blast.Holdings...)
	return out
}
