package detect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/correlate"
)

// finding turns an alert into a finding about the event on whose arrival it
// fired. Its identifier is made of the correlation, the group, that event and
// the last of the window.
func (c *Correlator) finding(a *correlate.Alert) *Finding {
	co := a.Correlation
	uid := findingUID(&co.Meta, slices.Concat(a.Group, []string{a.By.String(), a.ID.String()})...)
	f := c.d.about(&co.Meta, uid, severityOf(co))
	f.Time = a.To
	f.Info.Analytic.Type = "Correlation"
	f.Info.FirstSeen, f.Info.LastSeen, f.Info.Related = a.From, a.To, a.Total
	inherit(&f, co)
	by := c.places.now[a.By]
	f.Device.Hostname, f.Evident.Entity = by.host, by.entity
	f.Evident.Correlation = &Window{
		Type: string(co.Type), Timespan: timespan(co.Timespan), Value: a.Value, Group: groupOf(a),
	}
	for _, e := range a.Events {
		d := EvidenceData{
			EventUID: e.ID.String(), Matched: map[string]string{},
			Rule: refName(&co.Rules[e.Ref]), Time: e.Time,
		}
		d.File, d.Record = c.places.of(e.ID)
		f.Evidences = append(f.Evidences, Evidence{Data: d})
	}
	return &f
}

func groupOf(a *correlate.Alert) map[string]string {
	group := make(map[string]string, len(a.Group))
	for i, value := range a.Group {
		group[a.Correlation.GroupBy[i]] = value
	}
	return group
}

// metaOf returns the document that a reference is to.
func metaOf(ref *sigma.Reference) *sigma.Meta {
	if ref.Correlation != nil {
		return &ref.Correlation.Meta
	}
	return &ref.Rule.Meta
}

func refName(ref *sigma.Reference) string {
	m := metaOf(ref)
	return cmp.Or(m.ID, m.Title)
}

// severityOf is the correlation's own level, else the highest of what it refers
// to.
func severityOf(c *sigma.Correlation) (worst uint8) {
	seen := map[*sigma.Correlation]bool{c: true}
	for next := []*sigma.Correlation{c}; len(next) > 0; {
		at := next[0]
		next = next[1:]
		if at.Level != "" {
			worst = max(worst, SeverityID(at.Level))
			continue
		}
		for i := range at.Rules {
			switch inner := at.Rules[i].Correlation; {
			case inner == nil:
				worst = max(worst, SeverityID(at.Rules[i].Rule.Level))
			case !seen[inner]:
				seen[inner] = true
				next = append(next, inner)
			}
		}
	}
	return worst
}

// timespan writes a duration as rules do, e.g. 90m.
func timespan(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return d.String()
}

// inherit adds what the finding owes to the rules referred to: their tactics
// and techniques, and, where the correlation names none, their authors and
// licences, which the Detection Rule License wants to travel along.
func inherit(f *Finding, c *sigma.Correlation) {
	var authors, licenses []string
	for i := range c.Rules {
		m := metaOf(&c.Rules[i])
		for _, a := range attacks(m) {
			if !slices.ContainsFunc(f.Info.Attacks, func(b Attack) bool { return sameAttack(a, b) }) {
				f.Info.Attacks = append(f.Info.Attacks, a)
			}
		}
		authors, licenses = append(authors, m.Author), append(licenses, m.License)
	}
	f.Evident.Author = cmp.Or(f.Evident.Author, joined(authors))
	f.Evident.License = cmp.Or(f.Evident.License, joined(licenses))
}

func sameAttack(a, b Attack) bool {
	same := func(x, y *Named) bool { return x == y || x != nil && y != nil && *x == *y }
	return same(a.Tactic, b.Tactic) && same(a.Technique, b.Technique)
}

// joined lists the different texts that are not empty.
func joined(list []string) string {
	var out []string
	for _, text := range list {
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}
