package story

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// sketchRow is one event of a Timesketch timeline. Timesketch asks for message,
// datetime and timestamp_desc; timestamp is microseconds since 1970; tag is a
// list of words.
type sketchRow struct {
	Message   string     `json:"message"`
	Datetime  string     `json:"datetime"`
	Timestamp int64      `json:"timestamp"`
	Desc      string     `json:"timestamp_desc"`
	Tag       []string   `json:"tag"`
	DataType  string     `json:"data_type"`
	Hostname  string     `json:"hostname,omitempty"`
	Incident  string     `json:"evident_incident"`
	Step      int        `json:"evident_step,omitempty"`
	Until     string     `json:"evident_until,omitempty"`
	Grade     string     `json:"evident_grade,omitempty"`
	Why       string     `json:"evident_why,omitempty"`
	Events    []event.ID `json:"evident_events,omitempty"`
	Severity  string     `json:"severity,omitempty"`
	Tactic    string     `json:"attack_tactic,omitempty"`
	Technique string     `json:"attack_technique,omitempty"`
	Closes    string     `json:"evident_would_close,omitempty"`
	Query     string     `json:"evident_query,omitempty"`
	Notes     []string   `json:"evident_notes,omitempty"`
}

const sketchTime = "2006-01-02T15:04:05.000000+00:00"

// WriteTimesketch writes one JSON line for each step, added step and gap, in
// order of telling.
func WriteTimesketch(out io.Writer, t *Told) error {
	w := bufio.NewWriter(out)
	last := t.Result.Incident.From
	for _, r := range t.Rows() {
		row := t.sketch(&r, last)
		body, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("encode row: %w", err)
		}
		if _, err := w.Write(append(printable.JSON(body), '\n')); err != nil {
			return err
		}
		if r.Step != nil {
			last = r.Step.From
		}
	}
	return w.Flush()
}

// sketch makes one row; last is the time of the step told before, for gaps
// without a time of their own.
func (t *Told) sketch(r *Row, last time.Time) sketchRow {
	row := sketchRow{Incident: plain(t.Result.Incident.UID), Tag: []string{"evident"}}
	for _, n := range r.Notes {
		row.Notes = append(row.Notes, plain(n.Says()))
	}
	if w := r.verdictWord(); w != "" {
		row.Tag = append(row.Tag, string(r.Verdict))
	}
	switch {
	case r.Gap != nil:
		row.gap(r.Gap, last)
	case r.Added != nil:
		row.at(r.Added.At)
		row.Message, row.Desc = plain(r.Added.Text), "Step added by an analyst"
		row.DataType = "evident:step:added"
		row.Hostname, row.Grade, row.Events = plain(r.Added.Host), assumed, r.Added.Events
	default:
		row.step(r.Step)
	}
	return row
}

func (row *sketchRow) at(t time.Time) {
	row.Datetime, row.Timestamp = t.UTC().Format(sketchTime), t.UnixMicro()
}

func (row *sketchRow) step(s *reconstruct.Step) {
	row.at(s.From)
	row.Message, row.Desc, row.DataType = plain(s.Sentence), "Step begins", "evident:step"
	row.Hostname, row.Step, row.Grade, row.Why = plain(s.Host), s.N, plain(s.Grade), plain(s.Why)
	row.Events, row.Severity, row.Tactic = s.Events, plain(s.Severity), plain(s.Tactic)
	row.Technique = plain(s.Technique)
	if open := orderLine(s); open != "" {
		row.Notes = append(row.Notes, open)
	}
	if s.To.After(s.From) {
		row.Until = s.To.UTC().Format(sketchTime)
	}
}

func (row *sketchRow) gap(g *reconstruct.Gap, last time.Time) {
	row.at(last)
	if !g.From.IsZero() {
		row.at(g.From)
	}
	if g.To.After(g.From) && !g.From.IsZero() {
		row.Until = g.To.UTC().Format(sketchTime)
	}
	row.Message, row.Desc, row.DataType = plain(g.Text), "Not known from here on", "evident:gap"
	row.Hostname, row.Closes, row.Query = plain(g.Host), plain(g.WouldClose), plain(g.Query)
	row.Tag = append(row.Tag, "gap")
}
