package search

import (
	"slices"
	"strings"
	"time"
)

// Limits of the stages behind a query.
const (
	MaxStages = 20 // pipes in one query
	maxRefs   = 20 // fields named in one stage
)

// Options are what a query's text leaves open.
type Options struct {
	Now time.Time         // what relative times count back from; zero is the time of the call
	Set map[string]string // values of the parameters of a saved search; nil: it is none
}

// Pipeline is a query with the stages that its events go through, e.g.
// "class_uid:1007 | count by device.hostname | head 10". It is immutable.
type Pipeline struct {
	Query  *Query
	stages []stage
	pipe   int // where the first pipe stands in the text
}

// stage turns rows into other rows. Its fields and columns were resolved when
// it was parsed.
type stage interface {
	// write appends the canonical text.
	write(w *strings.Builder)
	// refs returns the columns that it reads.
	refs() []ref
	// sql returns the stage's rows as a relation over the given one.
	sql(in relation, b *builder) relation
}

// ParsePipeline reads a query and its stages. Values that concern a protected
// attribute are refused. Errors are *SyntaxError.
func ParsePipeline(src string, opt Options) (*Pipeline, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	if !opt.Now.IsZero() {
		p.now = opt.Now
	}
	p.set, p.used = opt.Set, map[string]bool{}
	pl, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	return pl, p.unused()
}

// pipeline reads everything and has it judged.
func (p *parser) pipeline() (*Pipeline, error) {
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	pl := &Pipeline{Query: q, pipe: p.pos}
	if err := p.judge(); err != nil {
		return nil, err
	}
	pl.stages, err = p.stages()
	return pl, err
}

// Piped reports whether there is a stage: the answer is then a table.
func (pl *Pipeline) Piped() bool { return len(pl.stages) > 0 }

// String returns the canonical text; parsing it gives the same pipeline again.
func (pl *Pipeline) String() string {
	var w strings.Builder
	w.WriteString(pl.Query.String())
	for _, s := range pl.stages {
		w.WriteString(" | ")
		s.write(&w)
	}
	return w.String()
}

// Chart says how to draw the answer when the last stage is a timechart: the
// width of its bars, and the column that tells its series apart, "" for one.
func (pl *Pipeline) Chart() (span time.Duration, by string, ok bool) {
	if len(pl.stages) == 0 {
		return 0, "", false
	}
	t, ok := pl.stages[len(pl.stages)-1].(timechart)
	if !ok {
		return 0, "", false
	}
	if len(t.by) > 0 {
		by = t.by[0].name
	}
	return t.span, by, true
}

// needed returns the fields that the stages read of events, and whether events
// are what is left at the end; their standard columns are then among them.
func (pl *Pipeline) needed() (columns []ref, events bool) {
	add := func(refs []ref) {
		for _, r := range refs {
			if !slices.ContainsFunc(columns, func(x ref) bool { return x.name == r.name }) {
				columns = append(columns, r)
			}
		}
	}
	for _, s := range pl.stages {
		add(s.refs())
		if _, shown := s.(table); shown {
			return columns, false
		}
		if _, counts := s.(tally); counts {
			return columns, false
		}
	}
	add(standardColumns)
	return columns, true
}

// newest returns how many of the newest events the answer can come from at
// most: those, and no others, need to be looked for.
func (pl *Pipeline) newest(limit int) (n int, ok bool) {
	for _, s := range pl.stages {
		switch s := s.(type) {
		case table:
		case head:
			return min(s.n, MaxLimit), true
		default:
			return 0, false
		}
	}
	return limit, true
}
