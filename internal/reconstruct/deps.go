package reconstruct

import (
	"context"
	"errors"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// ErrNotFound says that the store holds no event of that identifier.
var ErrNotFound = errors.New("event not found")

// Query asks for events: all conditions hold together, an empty one always.
type Query = edge.Query

// Events reads stored events. Implementations need not fill Native or Raw, may
// reuse the event between calls of visit, and stop with the error visit
// returns.
type Events interface {
	// Event returns one event, ErrNotFound where there is none.
	Event(ctx context.Context, id event.ID) (event.Event, error)
	// Each visits the matching events ordered by time, entry and leaf.
	Each(ctx context.Context, q Query, visit func(*event.Event) error) error
}

// Edges reads what was stored of events when they came: the same as reading each
// with edge.RecordOf, much faster.
type Edges interface {
	// Each visits the matching records ordered by time, entry and leaf. The
	// record may be used again between calls; its texts stay.
	Each(ctx context.Context, q Query, visit func(*edge.Record) error) error
}

// Dated is an Events that knows how far back it reaches.
type Dated interface {
	// Oldest returns the time of the oldest event kept, zero where there is none.
	Oldest(ctx context.Context) (time.Time, error)
}

// Finding is what a rule said about an event.
type Finding struct {
	UID, Rule, Title string
	Level            string // Sigma level: informational to critical
	Techniques       []string
	Tactics          []string
	Event            event.ID
	Time             time.Time
}

// Findings reads what rules said about events of a time range.
type Findings interface {
	Between(ctx context.Context, from, to time.Time) ([]Finding, error)
}

// Limits bound one reconstruction. Zero values take the defaults.
type Limits struct {
	Before, After time.Duration // loaded before and after what is found, default 24 h each
	Span          time.Duration // the window never leaves the seed further, default 7 days
	Events        int           // events loaded, default 2,000,000
	Skeleton      int           // control records of hosts not reached, about, default 60,000
	Rounds        int           // times the scope is widened, default 12
	Steps         int           // steps shown, default 25; the rest is counted as folded
	Search        causal.Limits
}

func (l Limits) withDefaults() Limits {
	if l.Before == 0 {
		l.Before = 24 * time.Hour
	}
	if l.After == 0 {
		l.After = 24 * time.Hour
	}
	if l.Span == 0 {
		l.Span = 7 * 24 * time.Hour
	}
	if l.Events == 0 {
		l.Events = 2_000_000
	}
	if l.Skeleton == 0 {
		l.Skeleton = 60_000
	}
	if l.Rounds == 0 {
		l.Rounds = 12
	}
	if l.Steps == 0 {
		l.Steps = 25
	}
	return l
}

// Filled returns the limits with every default written out.
func (l Limits) Filled() Limits {
	l = l.withDefaults()
	l.Search = l.Search.Filled()
	return l
}

// Deps are what a Reconstructor works with. Findings may be nil, and so may
// Edges: then events are read. The results are the same.
type Deps struct {
	Events   Events
	Edges    Edges
	Findings Findings
	Limits   Limits
}

// Reconstructor rebuilds incidents. It is safe for concurrent use when its
// dependencies are.
type Reconstructor struct {
	events   Events
	edges    Edges // nil: events are read
	findings Findings
	limits   Limits
}

// New returns a Reconstructor over deps; an error where Events is missing.
func New(deps Deps) (*Reconstructor, error) {
	if deps.Events == nil {
		return nil, errors.New("create reconstructor: no event source")
	}
	return &Reconstructor{
		events: deps.Events, edges: deps.Edges, findings: deps.Findings, limits: deps.Limits.withDefaults(),
	}, nil
}
