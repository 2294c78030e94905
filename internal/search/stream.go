package search

import (
	"context"
	"fmt"
	"time"
)

// Part is a piece of an answer that is being made.
type Part struct {
	Rows      []Row // the next rows, in the order of the answer
	Total     int64 // matches known so far
	Done, All int   // parts of the events: looked through, and all; 0 of 0 says nothing
}

// Stream is Search that gives rows as soon as nothing can come before them,
// then counts, and says how far it is. Result has no rows. visit's error ends
// it.
func (e *Engine) Stream(
	ctx context.Context, req Request, visit func(Part) error,
) (*Result, error) {
	start := time.Now()
	after, err := req.cursor()
	if err != nil {
		return nil, err
	}
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return nil, err
	}
	defer v.close()
	res := &Result{Files: len(v.files), HotRows: v.hotRows}
	limit := req.limit()
	given := 0
	keys, err := v.walkParts(ctx, &req, after, limit+1, func(sure []key, done, all int) error {
		rows, err := v.fetch(ctx, &req, sure[given:min(limit, len(sure))])
		if err != nil {
			return err
		}
		given += len(rows)
		return visit(Part{Rows: rows, Total: int64(len(sure)), Done: done, All: all})
	})
	if err != nil {
		return nil, ended(ctx, err)
	}
	if err := v.remaining(ctx, &req, keys, given, visit); err != nil {
		return nil, ended(ctx, err)
	}
	if err := v.finish(ctx, &req, res, keys, after, visit); err != nil {
		return nil, ended(ctx, err)
	}
	res.Took = time.Since(start)
	return res, nil
}

// remaining gives the rows that were found before the walk could be sure.
func (v *view) remaining(
	ctx context.Context, req *Request, keys []key, given int, visit func(Part) error,
) error {
	rest := keys[given:max(given, min(req.limit(), len(keys)))]
	if len(rest) == 0 {
		return nil
	}
	rows, err := v.fetch(ctx, req, rest)
	if err != nil {
		return err
	}
	return visit(Part{Rows: rows, Total: int64(len(keys))})
}

// finish sets what the result says of all matches. visit may be nil.
func (v *view) finish(
	ctx context.Context, req *Request, res *Result, keys []key, after *key, visit func(Part) error,
) error {
	limit := req.limit()
	more := len(keys) > limit
	if more {
		res.After = keys[limit-1].cursor()
	}
	res.Total, res.TotalExact = int64(min(limit, len(keys))), !more && after == nil
	if res.TotalExact || req.CountFor < 0 {
		return nil
	}
	if visit == nil {
		return v.count(ctx, req, res, nil)
	}
	return v.count(ctx, req, res, func(total int64, done, all int) error {
		return visit(Part{Total: total, Done: done, All: all})
	})
}

func (r *Request) cursor() (*key, error) {
	if r.After == "" {
		return nil, nil
	}
	k, err := parseCursor(r.After)
	if err != nil {
		return nil, fmt.Errorf("continue search: %w", err)
	}
	return &k, nil
}
