package rerun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/story"
)

// EngineVersion counts changes that make another result of the same records: of
// the search, the grades, the gaps or the sentences.
const EngineVersion = 1

// Store is what a run reads. Root returns the root of a journal entry, in hex, as
// the ledger has it; its error wraps reconstruct.ErrNotFound where it has none.
type Store struct {
	Events   reconstruct.Events
	Findings reconstruct.Findings
	Root     func(ctx context.Context, entry uint64) (string, error)
}

// Request is a reconstruction to seal.
type Request struct {
	Asked      string
	Seed       event.ID
	Through    uint64 // last entry that it may see
	Checkpoint []byte
	Now        time.Time
	Limits     reconstruct.Limits
}

// Seal reconstructs around the seed and returns the document and the result.
func Seal(ctx context.Context, st Store, q Request) (*Sealed, *reconstruct.Result, error) {
	s := &Sealed{
		Made: q.Now.UTC(), Asked: q.Asked, Engine: EngineVersion, Edges: edge.Version, Seed: q.Seed.String(),
		Limits: limitsOf(q.Limits.Filled()), Through: q.Through, Checkpoint: string(q.Checkpoint),
	}
	if dated, ok := st.Events.(reconstruct.Dated); ok {
		oldest, err := dated.Oldest(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("seal reconstruction: %w", err)
		}
		s.Oldest = oldest.UTC()
	}
	v := newView(st, s)
	res, err := v.run(ctx, s)
	if err != nil {
		return nil, nil, fmt.Errorf("seal reconstruction: %w", err)
	}
	inputs, _, err := v.inputs(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("seal reconstruction: %w", err)
	}
	s.Events = int64(len(v.read))
	if err := s.seal(inputs, v.said(), res); err != nil {
		return nil, nil, fmt.Errorf("seal reconstruction: %w", err)
	}
	return s, res, nil
}

// Verdict is what another run of a sealed reconstruction shows.
type Verdict struct {
	Same     bool     `json:"same"`           // result and inputs
	Digest   string   `json:"digest"`         // of this run's result
	Root     string   `json:"root"`           // of this run's inputs
	Altered  []uint64 `json:"altered"`        // entries whose root is another one now
	Gone     []uint64 `json:"gone"`           // entries read then, not now
	Added    []uint64 `json:"added"`          // entries read now, not then
	Engine   bool     `json:"engine_changed"` // the program searches or tells otherwise
	Rejudged bool     `json:"rejudged"`       // the findings were not kept, and are others now

	// Differences of the results; none where the document has only the digest.
	Differences []story.Difference `json:"differences"`
}

// Check runs a sealed reconstruction again.
func Check(ctx context.Context, st Store, s *Sealed) (*Verdict, error) {
	v := newView(st, s)
	res, err := v.run(ctx, s)
	out := &Verdict{
		Engine:  s.Engine != EngineVersion || s.Edges != edge.Version,
		Altered: []uint64{}, Gone: []uint64{}, Added: []uint64{}, Differences: []story.Difference{},
	}
	if errors.Is(err, reconstruct.ErrNotFound) { // the seed itself is gone
		id, _ := event.ParseID(s.Seed)
		out.Gone = []uint64{id.Entry}
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("run sealed reconstruction again: %w", err)
	}
	if out.Digest, err = digest(res); err != nil {
		return nil, fmt.Errorf("run sealed reconstruction again: %w", err)
	}
	inputs, gone, err := v.inputs(ctx)
	if err != nil {
		return nil, fmt.Errorf("run sealed reconstruction again: %w", err)
	}
	out.Root, out.Gone = rootOf(inputs), append(out.Gone, gone...)
	out.hold(s.Inputs, inputs)
	out.Rejudged = judged(v.said()) != s.Judged
	out.Same = out.Digest == s.Digest && out.Root == s.Root
	was, err := s.told()
	if err != nil {
		return nil, err
	}
	if was != nil && out.Digest != s.Digest {
		out.Differences = story.Compare(was, res).Differences
	}
	return out, nil
}

// hold compares the entries of both runs.
func (v *Verdict) hold(was, is []Input) {
	if was == nil {
		return
	}
	roots := map[uint64]string{}
	for _, in := range is {
		roots[in.Entry] = in.Root
	}
	for _, in := range was {
		root, read := roots[in.Entry]
		switch {
		case !read && !slices.Contains(v.Gone, in.Entry):
			v.Gone = append(v.Gone, in.Entry)
		case read && root != in.Root:
			v.Altered = append(v.Altered, in.Entry)
		}
		delete(roots, in.Entry)
	}
	v.Added = append(v.Added, slices.Sorted(maps.Keys(roots))...)
}

// view is a store as a sealed run may see it, and what the run read of it.
type view struct {
	st       Store
	through  uint64
	oldest   time.Time
	sealed   []Finding // nil: ask the store
	read     map[event.ID]struct{}
	findings map[string]Finding // by uid and event
}

func newView(st Store, s *Sealed) *view {
	return &view{
		st: st, through: s.Through, oldest: s.Oldest, sealed: s.Findings,
		read: map[event.ID]struct{}{}, findings: map[string]Finding{},
	}
}

func (v *view) run(ctx context.Context, s *Sealed) (*reconstruct.Result, error) {
	seed, err := event.ParseID(s.Seed)
	if err != nil {
		return nil, err
	}
	rec, err := reconstruct.New(reconstruct.Deps{Events: v, Findings: v, Limits: s.Limits.limits()})
	if err != nil {
		return nil, err
	}
	return rec.Incident(ctx, seed)
}

// Event returns one event of the entries that may be seen.
func (v *view) Event(ctx context.Context, id event.ID) (event.Event, error) {
	if id.Entry > v.through {
		return event.Event{}, reconstruct.ErrNotFound
	}
	ev, err := v.st.Events.Event(ctx, id)
	if err == nil {
		v.read[id] = struct{}{}
	}
	return ev, err
}

// Each visits the events of the entries that may be seen.
func (v *view) Each(ctx context.Context, q reconstruct.Query, visit func(*event.Event) error) error {
	return v.st.Events.Each(ctx, q, func(ev *event.Event) error {
		if ev.ID.Entry > v.through {
			return nil
		}
		v.read[ev.ID] = struct{}{}
		return visit(ev)
	})
}

// Oldest returns what was the oldest event then.
func (v *view) Oldest(context.Context) (time.Time, error) { return v.oldest, nil }

// Between returns the findings of a time range that are on events that may be
// seen: the sealed ones where they were kept.
func (v *view) Between(ctx context.Context, from, to time.Time) ([]reconstruct.Finding, error) {
	list, err := v.candidates(ctx, from, to)
	if err != nil {
		return nil, err
	}
	var out []reconstruct.Finding
	for i := range list {
		f := &list[i]
		if f.Event.Entry > v.through || f.Time.Before(from) || !f.Time.Before(to) {
			continue
		}
		v.findings[f.UID+" "+f.Event.String()] = findingOf(f)
		out = append(out, *f)
	}
	return out, nil
}

func (v *view) candidates(ctx context.Context, from, to time.Time) ([]reconstruct.Finding, error) {
	if v.sealed == nil {
		if v.st.Findings == nil {
			return nil, nil
		}
		return v.st.Findings.Between(ctx, from, to)
	}
	list := make([]reconstruct.Finding, 0, len(v.sealed))
	for i := range v.sealed {
		f, err := v.sealed[i].finding()
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// said lists the findings that the run was given, in one order.
func (v *view) said() []Finding {
	list := make([]Finding, 0, len(v.findings))
	for _, f := range v.findings {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Event, b.Event))
	})
	return list
}

// inputs lists the entries that were read with their roots, and those of which the
// ledger has none.
func (v *view) inputs(ctx context.Context) (list []Input, gone []uint64, err error) {
	entries := map[uint64]bool{}
	for id := range v.read {
		entries[id.Entry] = true
	}
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		root, err := v.st.Root(ctx, entry)
		if errors.Is(err, reconstruct.ErrNotFound) {
			gone = append(gone, entry)
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read root of entry %d: %w", entry, err)
		}
		list = append(list, Input{entry, root})
	}
	return list, gone, nil
}
