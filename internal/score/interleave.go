package score

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Interleaved is what happens when all recordings run on one clock.
type Interleaved struct {
	Recordings int      `json:"recordings"`
	Labelled   int      `json:"labelled"`
	Events     int      `json:"events"`
	Foreign    int      `json:"foreign_events"` // in all incidents together
	Renamed    []string `json:"renamed_hosts,omitempty"`
	Seeds      []Mixed  `json:"seeds"`
}

// Mixed is one seed reconstructed in the middle of everything.
type Mixed struct {
	Campaign  string  `json:"campaign"`
	Seed      string  `json:"seed"`
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	Kept      int     `json:"events"`
	Foreign   int     `json:"foreign_events"`
}

// mix lays recordings over each other: each is moved to begin at a random
// second of the first ten minutes after start. A host name that an earlier
// recording has gets a number, because two machines cannot be one.
type mix struct {
	all    *store
	origin map[event.ID]int // recording of each event
	hosts  map[string]bool
	report Interleaved
}

// spreadStarts is how far apart the moved recordings may begin.
const spreadStarts = 10 * time.Minute

func newMix(stores []*store, rnd *rand.Rand) *mix {
	m := &mix{
		all:    &store{byID: map[event.ID]int{}, places: map[string]map[int64]event.ID{}},
		origin: map[event.ID]int{}, hosts: map[string]bool{},
	}
	start := time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC)
	for i, s := range stores {
		m.add(i, s, start.Add(time.Duration(rnd.Int64N(int64(spreadStarts)))))
	}
	m.all.seal()
	m.report.Recordings, m.report.Events = len(stores), len(m.all.events)
	return m
}

func (m *mix) add(i int, s *store, start time.Time) {
	if len(s.events) == 0 {
		return
	}
	shift := start.Sub(s.events[0].Time)
	names := m.names(s)
	for k := range s.events {
		ev := s.events[k]
		ev.Time = ev.Time.Add(shift)
		ev.Attrs = moved(ev.Attrs, shift, names)
		m.origin[ev.ID] = i
		m.all.events = append(m.all.events, ev)
	}
}

// names returns new names for the hosts of s that are taken.
func (m *mix) names(s *store) map[string]string {
	own := map[string]bool{}
	for i := range s.events {
		if h := causal.ShortHost(s.events[i].Attrs.Get(event.AttrHost)); h != "" {
			own[h] = true
		}
	}
	names := map[string]string{}
	for _, h := range sortedKeys(own) {
		if !m.hosts[h] {
			m.hosts[h] = true
			continue
		}
		for n := 2; ; n++ {
			name := fmt.Sprintf("%s-%d", h, n)
			if !m.hosts[name] && !own[name] {
				names[h], m.hosts[name] = name, true
				m.report.Renamed = append(m.report.Renamed, name)
				break
			}
		}
	}
	return names
}

// moved returns the attributes with times shifted and hosts renamed.
func moved(attrs event.Attributes, shift time.Duration, names map[string]string) event.Attributes {
	out := slices.Clone(attrs)
	for i := range out {
		a := &out[i]
		switch a.Attr {
		case event.AttrOriginalTime:
			a.Text = shifted(a.Text, shift)
		case event.AttrHost, event.AttrSrcHost, event.AttrDstHost:
			if name := names[causal.ShortHost(a.Text)]; name != "" {
				a.Text = name
			}
		}
	}
	return out
}

func shifted(text string, d time.Duration) string {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Add(d).Format(strings.Replace(layout, "999999999", "000000000", 1))
		}
	}
	return text
}

// scoreSeed reconstructs one seed of recording i and counts what is not its own.
func (m *mix) scoreSeed(
	ctx context.Context, rec *reconstruct.Reconstructor, i int, k *key, seed event.ID,
) (Mixed, error) {
	res, err := rec.Incident(ctx, seed)
	if err != nil {
		return Mixed{}, fmt.Errorf("reconstruct among others: %w", err)
	}
	c := k.count(found(res))
	out := Mixed{Recall: c.Recall(), Precision: c.Precision(), Kept: len(res.Incident.Members)}
	for _, id := range res.Incident.Members {
		if m.origin[id] != i {
			out.Foreign++
		}
	}
	return out, nil
}
