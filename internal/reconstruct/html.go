package reconstruct

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"
)

//go:embed report.html.tmpl
var reportSource string

// WriteHTML writes the reconstruction as one page: no script, no request to
// anywhere, fit to print.
func (r *Result) WriteHTML(out io.Writer) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"utc":   func(t time.Time) string { return t.UTC().Format(clock) },
		"refs":  refs,
		"clean": func(s string) string { return clean(s, 4*maxText) },
		"tech":  func(s Step) string { return tacticLine(&s) },
		"sense": sensorLine,
		"after": func(n int) []Gap { return r.gapsAfter(n) },
	}).Parse(reportSource)
	if err != nil {
		return fmt.Errorf("parse report template: %w", err)
	}
	if err := page.Execute(out, r); err != nil {
		return fmt.Errorf("write report of %s: %w", r.Incident.UID, err)
	}
	return nil
}

func (r *Result) gapsAfter(n int) []Gap {
	var gaps []Gap
	for _, g := range r.Gaps {
		if g.AfterStep == n {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// Row is an edge of the graph with the labels of its ends.
type Row struct {
	From, Verb, To, Grade string
	Step                  int
}

// Edges lists the graph as a table: its twin for print and for readers that
// cannot see the drawing.
func (r *Result) Edges() []Row {
	labels := map[string]string{}
	for _, n := range r.Graph.Nodes {
		labels[n.ID] = n.Label
		if n.Host != "" {
			labels[n.ID] += " on " + n.Host
		}
	}
	rows := make([]Row, 0, len(r.Graph.Edges))
	for _, e := range r.Graph.Edges {
		rows = append(rows, Row{labels[e.Src], e.Verb, labels[e.Dst], e.Grade, e.Step})
	}
	return rows
}
