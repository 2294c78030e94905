package search

import (
	"context"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// Search returns one page of the events that match. Errors wrap ErrCursor for a
// bad Request.After, and the context's error when it ended first.
func (e *Engine) Search(ctx context.Context, req Request) (*Result, error) {
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
	keys, err := v.walk(ctx, &req, after, limit+1)
	if err != nil {
		return nil, ended(ctx, err)
	}
	if res.Rows, err = v.fetch(ctx, &req, keys[:min(limit, len(keys))]); err != nil {
		return nil, ended(ctx, err)
	}
	if err := v.finish(ctx, &req, res, keys, after, nil); err != nil {
		return nil, ended(ctx, err)
	}
	res.Took = time.Since(start)
	return res, nil
}

// Count returns how many events match. exact is false when the time that
// Request.CountFor allows was over before the end; n is then a lower bound.
func (e *Engine) Count(ctx context.Context, req Request) (n int64, exact bool, err error) {
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return 0, false, err
	}
	defer v.close()
	var res Result
	if err := v.count(ctx, &req, &res, nil); err != nil {
		return 0, false, ended(ctx, err)
	}
	return res.Total, res.TotalExact, nil
}

// count sets Total and TotalExact. It must be the view's last statement: the
// transaction is of no use once a statement was interrupted. tell, which may be
// nil, is told how far it is.
func (v *view) count(
	ctx context.Context, req *Request, res *Result, tell func(total int64, done, all int) error,
) error {
	budget := req.CountFor
	if budget == 0 {
		budget = countBudget
	}
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	total := int64(0)
	narrow, err := v.narrowing(ctx, req.Query)
	if err != nil {
		return err
	}
	left := v.stretches(req, nil)
	all := len(left)
	for step := 1; len(left) > 0; step = min(2*step, maxStep) {
		part := left[:min(step, len(left))]
		left = left[len(part):]
		part, err := narrow.keep(limited, part)
		n := int64(0)
		if err == nil {
			n, err = v.countPart(limited, req, part)
		}
		if err != nil && ctx.Err() == nil && limited.Err() != nil {
			res.Total = max(res.Total, total)
			return nil
		}
		if err != nil {
			return err
		}
		total += n
		if tell == nil {
			continue
		}
		if err := tell(total, all-len(left), all); err != nil {
			return err
		}
	}
	res.Total, res.TotalExact = total, true
	return nil
}

// countPart counts matches; files of which every row matches are not read.
func (v *view) countPart(ctx context.Context, req *Request, part []stretch) (int64, error) {
	known := int64(0)
	var unknown []stretch
	for _, s := range part {
		if _, every := req.Query.tree().(all); every && inside(req, s.span) && !s.hot {
			known += s.files[0].Rows
			continue
		}
		unknown = append(unknown, s)
	}
	if len(unknown) == 0 {
		return known, nil
	}
	b := &builder{}
	var n int64
	stmt := "SELECT count(*)" + v.matching(req, gather(unknown), b)
	if err := v.tx.QueryRowContext(ctx, stmt, b.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count events: %w", err)
	}
	return known + n, nil
}

// inside reports whether the request's times hold all of the span.
func inside(req *Request, s span) bool {
	return (req.From.IsZero() || ceilMicro(req.From) <= s.from) &&
		(req.To.IsZero() || ceilMicro(req.To) > s.to)
}

// Each calls visit for all matches, oldest first, ordered by (time, entry,
// leaf), as of the moment it was called; Request.Limit bounds them when it is
// above 0, and Oldest is taken as set. It ends with visit's first error. The
// whole answer is sorted at once, so DuckDB's memory limit bounds it; what does
// not fit spills to Config.Dir.
func (e *Engine) Each(ctx context.Context, req Request, visit func(Row) error) error {
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return err
	}
	defer v.close()
	parts, err := v.relevant(ctx, &req)
	if err != nil || len(parts) == 0 {
		return ended(ctx, err)
	}
	b := &builder{}
	attrs := wantedAttrs(req.Columns)
	stmt := "SELECT " + selectedSQL(attrs) + v.matching(&req, gather(parts), b) +
		" ORDER BY e.time, e.entry, e.leaf"
	if req.Limit > 0 {
		stmt += " LIMIT " + b.arg(int64(req.Limit))
	}
	return ended(ctx, v.stream(ctx, stmt, b.args, attrs, visit))
}

// stream visits the rows of a statement made with selectedSQL.
func (v *view) stream(
	ctx context.Context, stmt string, args []any, attrs []event.Attr, visit func(Row) error,
) error {
	rows, err := v.tx.QueryContext(ctx, stmt, args...)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	scan := newScanner(attrs)
	for rows.Next() {
		row, err := scan.row(rows)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		if err := visit(*row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}
