package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/state"
)

// minIncident is the severity_id from which a finding opens an incident; lower
// ones join those that others opened.
const minIncident = 4

// maxSeeds bounds the findings that one update of the incidents starts from,
// worst and newest first.
const maxSeeds = 500

// IncidentSummary is one line of the list of incidents.
type IncidentSummary struct {
	UID      string    `json:"uid"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Grade    string    `json:"grade"`
	Steps    int       `json:"steps"`
	Hosts    int       `json:"hosts"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Findings int       `json:"findings"`
	Gaps     int       `json:"gaps"`
}

// Incidents lists the incidents as the last update found them, worst first:
// by severity, then by how far they reach, then newest first.
func (n *Node) Incidents(ctx context.Context) ([]IncidentSummary, error) {
	kept, err := n.state.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]IncidentSummary, 0, len(kept))
	for _, in := range kept {
		var r reconstruct.Result
		if err := json.Unmarshal(in.Body, &r); err != nil {
			return nil, fmt.Errorf("read incident %s: %w", in.UID, err)
		}
		out = append(out, IncidentSummary{
			UID: in.UID, Title: r.Incident.Title, Severity: r.Incident.Severity, Grade: r.Incident.Grade,
			Steps: len(r.Steps), Hosts: len(r.Incident.Hosts), From: r.Incident.From, To: r.Incident.To,
			Findings: len(r.Incident.Findings), Gaps: len(r.Gaps),
		})
	}
	slices.SortStableFunc(out, func(a, b IncidentSummary) int {
		return cmp.Or(int(detect.SeverityID(b.Severity))-int(detect.SeverityID(a.Severity)),
			b.Hosts-a.Hosts, b.Steps-a.Steps)
	})
	return out, nil
}

// UpdateIncidents groups the findings into incidents anew and keeps them.
func (n *Node) UpdateIncidents(ctx context.Context) error {
	var seeds []reconstruct.Finding
	for severity := uint8(5); severity >= minIncident && len(seeds) < maxSeeds; severity-- {
		found, _, err := n.state.Findings(ctx, state.Filter{
			Severity: severity, Limit: maxSeeds - len(seeds),
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			seed, err := findingOf(f)
			if err != nil {
				return err
			}
			seeds = append(seeds, seed)
		}
	}
	groups, err := n.causes.Group(ctx, seeds)
	if errors.Is(err, reconstruct.ErrNotFound) {
		// The event of a finding is gone; the other findings have their groups.
		n.cfg.Log.Warn("some findings are in no incident", "error", err)
	} else if err != nil {
		return fmt.Errorf("group findings: %w", err)
	}
	kept := make([]state.Incident, len(groups))
	for i, g := range groups {
		body, err := json.Marshal(g.Result)
		if err != nil {
			return fmt.Errorf("encode incident %s: %w", g.Incident.UID, err)
		}
		kept[i] = state.Incident{UID: g.Incident.UID, Time: g.Incident.From, Body: body}
		for _, f := range g.Findings {
			kept[i].Findings = append(kept[i].Findings, f.UID)
		}
		kept[i].Findings = append(kept[i].Findings, g.Incident.Findings...)
	}
	return n.state.PutIncidents(ctx, kept)
}

// maxStale bounds how long a steady stream of findings may put off an update.
const maxStale = time.Minute

// KeepIncidents updates the incidents whenever new findings have come and no
// more came for the interval, or maxStale has passed, until ctx ends.
func (n *Node) KeepIncidents(ctx context.Context, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	done, before := -1, -1
	updated := time.Now()
	for {
		count, err := n.state.FindingCount(ctx)
		if err == nil && count != done && (count == before || time.Since(updated) > maxStale) {
			if err = n.UpdateIncidents(ctx); err == nil {
				done, updated = count, time.Now()
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			n.cfg.Log.Warn("incidents are not up to date", "error", err)
		}
		before = count
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
