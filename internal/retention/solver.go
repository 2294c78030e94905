package retention

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Subject is what decides about a record.
type Subject struct {
	Entry          uint64
	Class          uint32 // OCSF class_uid
	Product, Host  string
	Time, Received time.Time
}

// Verdict says whether a record may go, and why or why not.
type Verdict struct {
	Due      bool
	Schedule string    // the longest that covers it, "" for none
	Until    time.Time // end of that schedule's term
	Why      string    // it stays; "" when Due
}

// OwnProduct marks records that Evident writes about itself: they are custody
// and never destroyed.
const OwnProduct = "evident"

// Judge decides about a record at a time: the longest schedule that covers it
// wins, and any hold wins over that.
func (p *Policy) Judge(s Subject, holds []Hold, now time.Time) Verdict {
	if s.Product == OwnProduct {
		return Verdict{Why: "a record of what was done with records"}
	}
	var v Verdict
	for i := range p.Schedules {
		sch := &p.Schedules[i]
		if !sch.covers(s) {
			continue
		}
		if until := sch.Keep.After(s.Received); v.Schedule == "" || until.After(v.Until) {
			v.Schedule, v.Until = sch.ID, until
		}
	}
	for i := range holds {
		if holds[i].Scope.Covers(s) {
			v.Why = "hold " + holds[i].ID
			return v
		}
	}
	switch {
	case v.Schedule == "":
		v.Why = "no schedule covers it"
	case v.Until.After(now):
		v.Why = fmt.Sprintf("kept until %s under %s", v.Until.UTC().Format(time.DateOnly), v.Schedule)
	default:
		v.Due = true
	}
	return v
}

func (s *Schedule) covers(r Subject) bool {
	return (len(s.Classes) == 0 || slices.Contains(s.Classes, r.Class)) &&
		(len(s.Products) == 0 || slices.Contains(s.Products, r.Product))
}

// Shortest returns the shortest term of all schedules: what arrived later than
// that before a time is certainly not due.
func (p *Policy) Shortest(now time.Time) (before time.Time) {
	for i := range p.Schedules {
		k := p.Schedules[i].Keep
		if at := now.AddDate(-k.Years, -k.Months, -k.Days); before.IsZero() || at.After(before) {
			before = at
		}
	}
	// Months differ in length; three days are on the safe side.
	return before.AddDate(0, 0, 3)
}

// Hold keeps records whatever the schedules say.
type Hold struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Scope  Scope  `json:"scope"`
}

// Scope is what a hold covers: records that fit all that is set, all records
// where nothing is.
type Scope struct {
	From       time.Time `json:"from,omitzero"` // event time or arrival, included
	To         time.Time `json:"to,omitzero"`   // excluded
	Classes    []uint32  `json:"classes,omitempty"`
	Products   []string  `json:"products,omitempty"`
	Hosts      []string  `json:"hosts,omitempty"` // case does not matter
	FirstEntry uint64    `json:"first_entry,omitempty"`
	LastEntry  uint64    `json:"last_entry,omitempty"` // included; 0: no end
}

// Covers reports whether the record is held. A record without a host is held
// by a hold on hosts: it may be about one of them.
func (c *Scope) Covers(s Subject) bool {
	host := func(h string) bool { return s.Host == "" || sameHost(h, s.Host) }
	return (c.within(s.Time) || c.within(s.Received)) &&
		(len(c.Classes) == 0 || slices.Contains(c.Classes, s.Class)) &&
		(len(c.Products) == 0 || slices.Contains(c.Products, s.Product)) &&
		(len(c.Hosts) == 0 || slices.ContainsFunc(c.Hosts, host)) &&
		s.Entry >= c.FirstEntry && (c.LastEntry == 0 || s.Entry <= c.LastEntry)
}

// sameHost reports whether two names may be of one host: where one has no
// domain, the first labels decide.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return strings.EqualFold(a, b) ||
		(domainA == "" || domainB == "") && strings.EqualFold(shortA, shortB)
}

func (c *Scope) within(at time.Time) bool {
	return (c.From.IsZero() || !at.Before(c.From)) && (c.To.IsZero() || at.Before(c.To))
}
