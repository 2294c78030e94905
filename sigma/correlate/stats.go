package correlate

// Stats says what an Engine holds and what it had to do without, since it was
// made.
type Stats struct {
	Groups, Hits int64 // kept now
	Alerts       int64

	Late      int64 // events that came later than allowed and went to another timeline
	Evicted   int64 // groups that went because there was no room
	Dropped   int64 // hits of the only group that went because there was no room
	Replaced  int64 // timelines that went because a group had four others
	Expired   int64 // groups forgotten because nothing came to them; no loss
	NoGroup   int64 // events that lack a group-by field
	NoValue   int64 // events that lack the field of a value type, or a number in it
	Truncated int64 // events with more list members than are looked at
	Damaged   int64 // stored groups that could not be read
}

func (s *Stats) add(o *Stats) {
	s.Groups += o.Groups
	s.Hits += o.Hits
	s.Alerts += o.Alerts
	s.Late += o.Late
	s.Evicted += o.Evicted
	s.Dropped += o.Dropped
	s.Replaced += o.Replaced
	s.Expired += o.Expired
	s.NoGroup += o.NoGroup
	s.NoValue += o.NoValue
	s.Truncated += o.Truncated
	s.Damaged += o.Damaged
}

// Stats returns the sums over all correlations.
func (e *Engine) Stats() Stats {
	out := e.stats
	for _, parts := range e.parts {
		for _, p := range parts {
			out.add(&p.stats)
			out.Groups += int64(len(p.groups))
			out.Hits += int64(p.hits)
		}
	}
	return out
}
