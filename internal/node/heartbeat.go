package node

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// heartbeat is the operation of records that say what every source has
// delivered so far.
const heartbeat = "heartbeat"

// maxPulses bounds the sources of one heartbeat.
const maxPulses = 10_000

// pulse is what one source has delivered.
type pulse struct {
	Source string    `json:"source"`
	Host   string    `json:"host,omitempty"`
	Events int64     `json:"events"`
	Last   time.Time `json:"last"` // arrival
}

// Heartbeat writes to the journal how much every source has delivered, so that
// its silence is sealed like its records are.
func (n *Node) Heartbeat(ctx context.Context) error {
	sources, err := n.state.Sources(ctx)
	if err != nil {
		return fmt.Errorf("write heartbeat: %w", err)
	}
	pulses := []pulse{}
	for _, s := range sources[:min(len(sources), maxPulses)] {
		if s.Name != ownSourceName {
			pulses = append(pulses, pulse{s.Name, s.Host, s.Events, s.Received})
		}
	}
	detail, err := json.Marshal(pulses)
	if err != nil {
		return fmt.Errorf("write heartbeat: %w", err)
	}
	return n.Record(ctx, Act{Operation: heartbeat, Caller: "evident", Detail: string(detail)})
}

// ownSourceName is how the state names Evident's own records.
const ownSourceName = "evident/audit"

// KeepHeartbeats writes heartbeats until ctx ends.
func (n *Node) KeepHeartbeats(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := n.Heartbeat(ctx); err != nil && ctx.Err() == nil {
				n.cfg.Log.Warn("the silence of sources is not noted", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// silence compares sealed heartbeats, oldest first.
type silence struct {
	entry uint64
	at    time.Time
	last  map[[2]string]pulse
	quiet map[[2]string]quiet // still at the last heartbeat
	ended []quiet             // over by then
}

// quiet is a source that delivered nothing between two heartbeats or more.
type quiet struct {
	source, host string
	since        time.Time // last arrival
	from, to     uint64    // entries of the first and the last of the heartbeats
	began, until time.Time // their times
}

// beat takes in a heartbeat.
func (s *silence) beat(entry uint64, act *auditRecord) {
	var pulses []pulse
	if err := json.Unmarshal([]byte(act.Detail), &pulses); err != nil {
		return
	}
	now := make(map[[2]string]pulse, len(pulses))
	next := map[[2]string]quiet{}
	for _, p := range pulses {
		key := [2]string{p.Source, p.Host}
		now[key] = p
		if before, ok := s.last[key]; ok && before.Events == p.Events {
			q, longer := s.quiet[key]
			if !longer {
				q = quiet{source: p.Source, host: p.Host, since: p.Last, from: s.entry, began: s.at}
			}
			q.to, q.until = entry, act.Time
			next[key] = q
		}
	}
	for key, q := range s.quiet {
		if _, still := next[key]; !still {
			s.ended = append(s.ended, q)
		}
	}
	s.entry, s.at, s.last, s.quiet = entry, act.Time, now, next
}

// all returns every silence, by its first heartbeat, source and host.
func (s *silence) all() []quiet {
	out := slices.AppendSeq(slices.Clone(s.ended), maps.Values(s.quiet))
	slices.SortFunc(out, func(a, b quiet) int {
		return cmp.Or(cmp.Compare(a.from, b.from), strings.Compare(a.source, b.source), strings.Compare(a.host, b.host))
	})
	return out
}

// silent reports the sources that were silent at the last heartbeat.
func (v *verifier) silent(context.Context) error {
	s := &v.lawful.silence
	keys := make([][2]string, 0, len(s.quiet))
	for key := range s.quiet {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys[:min(len(keys), maxAheadSources)] {
		q := s.quiet[key]
		v.out.Notices = append(v.out.Notices, Failure{
			"silent", fmt.Sprintf("%s of host %q", key[0], key[1]),
			fmt.Sprintf("delivered nothing between the heartbeats in entries %d and %d, last at %s",
				q.from, q.to, q.since.UTC().Format(time.RFC3339)),
		})
	}
	return nil
}
