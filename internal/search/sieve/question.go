package sieve

import (
	"context"
	"time"
)

// Needle is a value of a column, as comparisons see it, that a question looks
// for.
type Needle struct{ Column, Text string }

// Question is one question for needles. It is used by one goroutine.
type Question struct {
	cache    *Cache
	needles  map[Needle]uint64
	wanted   map[string]bool // columns of which filters are made where they lack
	deadline time.Time
	read     Read
}

// Read returns the hashes of a column's values in a file; they may repeat.
type Read func(ctx context.Context, path, column string) ([]uint64, error)

// Ask begins a question for needles, given with their hashes. Filters that are
// not known are made with read, of columns that are asked for again, until the
// time is over.
func (c *Cache) Ask(needles map[Needle]uint64, limit time.Duration, read Read) *Question {
	q := &Question{
		cache: c, needles: needles, wanted: map[string]bool{}, deadline: time.Now().Add(limit),
		read: read,
	}
	for n := range needles {
		if _, noted := q.wanted[n.Column]; !noted {
			q.wanted[n.Column] = c.Again(n.Column)
		}
	}
	return q
}

// Absent returns the needles that a file certainly lacks.
func (q *Question) Absent(ctx context.Context, path string) (map[Needle]bool, error) {
	out := map[Needle]bool{}
	for n, h := range q.needles {
		f, known, err := q.filter(ctx, Key{path, n.Column})
		if err != nil {
			return nil, err
		}
		if known && !f.May(h) {
			out[n] = true
		}
	}
	return out, nil
}

func (q *Question) filter(ctx context.Context, k Key) (f Filter, known bool, err error) {
	f, known = q.cache.Get(k)
	if known || !q.wanted[k.Column] || time.Now().After(q.deadline) {
		return f, known, nil
	}
	hashes, err := q.read(ctx, k.Path, k.Column)
	if err != nil {
		return f, false, err
	}
	f = New(hashes)
	q.cache.Put(k, f)
	return f, true, nil
}
