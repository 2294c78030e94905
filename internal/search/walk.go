package search

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
)

// stretch is a source that holds events of one span of time.
type stretch struct {
	span
	source
}

// maxStep is how many files one statement of a walk reads at most.
const maxStep = 64

// walk returns the first n keys of the request after the cursor, in order. It
// reads the sources from the end the answer starts at, a few at first and then
// more at once, and stops when what is left cannot contribute.
func (v *view) walk(ctx context.Context, req *Request, after *key, n int) ([]key, error) {
	return v.walkParts(ctx, req, after, n, func([]key, int, int) error { return nil })
}

// walkParts is walk, and says after each statement which keys are certain to be
// the first ones, and how many of the sources were read.
func (v *view) walkParts(
	ctx context.Context, req *Request, after *key, n int, tell func(sure []key, done, all int) error,
) ([]key, error) {
	var best []key
	narrow, err := v.narrowing(ctx, req.Query)
	if err != nil {
		return nil, err
	}
	left := v.stretches(req, after)
	all := len(left)
	for step := 1; len(left) > 0; step = min(2*step, maxStep) {
		full := len(best) >= n
		if full && beyond(req, left[0], best[n-1]) {
			break
		}
		part := left[:min(step, len(left))]
		left = left[len(part):]
		bound := after
		var stop *key
		if full {
			stop = &best[n-1]
		}
		if part, err = narrow.keep(ctx, part); err != nil {
			return nil, err
		}
		keys, err := v.keys(ctx, req, gather(part), limits{bound, stop, n})
		if err != nil {
			return nil, err
		}
		best = append(best, keys...)
		slices.SortFunc(best, func(a, b key) int { return compareKeys(a, b, req.Oldest) })
		best = best[:min(n, len(best))]
		if err := tell(sure(req, best, left), all-len(left), all); err != nil {
			return nil, err
		}
	}
	return best, nil
}

// sure returns the keys that nothing in the sources left can come before.
func sure(req *Request, best []key, left []stretch) []key {
	if len(left) == 0 {
		return best
	}
	n := 0
	for n < len(best) && beyond(req, left[0], best[n]) {
		n++
	}
	return best[:n]
}

func compareKeys(a, b key, oldest bool) int {
	if a == b {
		return 0
	}
	if a.less(b) == oldest {
		return -1
	}
	return 1
}

// beyond reports whether every event of the stretch comes after k.
func beyond(req *Request, s stretch, k key) bool {
	if req.Oldest {
		return s.from > k.micros
	}
	return s.to < k.micros
}

// stretches returns the sources that the answer may come from, in the order in
// which they begin to contribute.
func (v *view) stretches(req *Request, after *key) []stretch {
	var list []stretch
	if v.hotRows > 0 {
		list = append(list, stretch{v.hot, source{hot: true}})
	}
	for _, f := range v.files {
		list = append(list, stretch{
			span{f.From.UnixMicro(), f.To.UnixMicro()}, source{files: []File{f}},
		})
	}
	window := span{math.MinInt64, math.MaxInt64}
	if !req.From.IsZero() {
		window.from = ceilMicro(req.From)
	}
	if !req.To.IsZero() {
		window.to = ceilMicro(req.To) - 1
	}
	if after != nil && req.Oldest {
		window.from = max(window.from, after.micros)
	} else if after != nil {
		window.to = min(window.to, after.micros)
	}
	list = slices.DeleteFunc(list, func(s stretch) bool {
		return s.to < window.from || s.from > window.to
	})
	slices.SortStableFunc(list, func(a, b stretch) int {
		if req.Oldest {
			return compareInts(a.from, b.from)
		}
		return compareInts(b.to, a.to)
	})
	return list
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func gather(list []stretch) (s source) {
	for _, part := range list {
		s.hot = s.hot || part.hot
		s.files = append(s.files, part.files...)
	}
	return s
}

// limits narrows a statement to keys strictly after one, not after stop's time,
// and to the first n of them.
type limits struct {
	after, stop *key
	n           int
}

// keys returns the first n keys of one source, in order.
func (v *view) keys(ctx context.Context, req *Request, s source, lim limits) ([]key, error) {
	if !s.hot && len(s.files) == 0 {
		return nil, nil
	}
	b := &builder{}
	stmt := "SELECT epoch_us(e.time), e.entry, e.leaf, " + placeSQL(s) + v.matching(req, s, b)
	direction, later := " DESC", "<"
	if req.Oldest {
		direction, later = " ASC", ">"
	}
	if k := lim.after; k != nil {
		at, entry, leaf := b.time(k.micros), b.arg(k.entry), b.arg(k.leaf)
		stmt += strings.NewReplacer("@", later, "$T", at, "$E", entry, "$L", leaf).Replace(
			" AND e.time @= $T AND (e.time @ $T OR e.entry @ $E OR e.entry = $E AND e.leaf @ $L)")
	}
	if k := lim.stop; k != nil {
		stmt += " AND " + b.time(k.micros) + " " + later + "= e.time"
	}
	stmt += " ORDER BY e.time" + direction + ", e.entry" + direction + ", e.leaf" + direction +
		fmt.Sprintf(" LIMIT %d", lim.n)
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return nil, fmt.Errorf("search events: %w", err)
	}
	defer rows.Close()
	var out []key
	for rows.Next() {
		var k key
		var row sql.NullInt64
		var path sql.NullString
		if err := rows.Scan(&k.micros, &k.entry, &k.leaf, &row, &path); err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		k.row, k.file = row.Int64, v.fileNumber(path.String)
		out = append(out, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search events: %w", err)
	}
	return out, nil
}
