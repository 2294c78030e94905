package search

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search/sieve"
)

const (
	sieveBytes = 64 << 20               // of filters kept: about 40 million values
	sieveTime  = 300 * time.Millisecond // of one question, spent on making filters
)

// needle returns what a term looks for, false where it is no whole value of an
// identifier: only events with that value fulfil it.
func (p textIs) needle() (sieve.Needle, bool) {
	text, whole := p.glob.Literal()
	if !whole || p.field.kind != kindText || p.field.attr >= event.NumAttrs ||
		!p.field.attr.Info().Identifier {
		return sieve.Needle{}, false
	}
	return sieve.Needle{Column: ident(p.field.name), Text: text}, true
}

// needles returns those of a query.
func needles(n node) (out []sieve.Needle) {
	var kids []node
	switch n := n.(type) {
	case and:
		kids = n
	case or:
		kids = n
	case term:
		if p, ok := n.predicate.(textIs); ok {
			if one, ok := p.needle(); ok {
				return []sieve.Needle{one}
			}
		}
	}
	for _, kid := range kids {
		out = append(out, needles(kid)...)
	}
	return out
}

// possible reports whether a query may have an answer among events of which
// some needles are known to be absent.
func possible(n node, absent map[sieve.Needle]bool) bool {
	switch n := n.(type) {
	case and:
		return !slices.ContainsFunc(n, func(kid node) bool { return !possible(kid, absent) })
	case or:
		return slices.ContainsFunc(n, func(kid node) bool { return possible(kid, absent) })
	case term:
		if p, ok := n.predicate.(textIs); ok {
			one, ok := p.needle()
			return !ok || !absent[one]
		}
	}
	return true
}

// narrowing leaves out files that cannot hold an answer to a query: those in
// which no row has an identifier that all answers have.
type narrowing struct {
	tree node
	*sieve.Question
}

// narrowing returns that of the view's question, nil where it asks for no
// identifier.
func (v *view) narrowing(ctx context.Context, q *Query) (*narrowing, error) {
	wanted := needles(q.tree())
	if v.narrow != nil || len(wanted) == 0 || len(v.files) == 0 {
		return v.narrow, nil
	}
	hashes := map[sieve.Needle]uint64{}
	for _, one := range wanted {
		var h uint64
		if err := v.tx.QueryRowContext(ctx, "SELECT hash($1::VARCHAR)", one.Text).Scan(&h); err != nil {
			return nil, fmt.Errorf("narrow search: %w", err)
		}
		hashes[one] = h
	}
	v.narrow = &narrowing{q.tree(), v.sieves.Ask(hashes, sieveTime, v.hashes)}
	return v.narrow, nil
}

// keep returns the stretches that may hold an answer.
func (n *narrowing) keep(ctx context.Context, parts []stretch) ([]stretch, error) {
	if n == nil {
		return parts, nil
	}
	var kept []stretch
	for _, part := range parts {
		if !part.hot {
			absent, err := n.Absent(ctx, part.files[0].Path)
			if err != nil {
				return nil, err
			}
			if !possible(n.tree, absent) {
				continue
			}
		}
		kept = append(kept, part)
	}
	return kept, nil
}

// relevant returns the stretches that the request's answer may come from.
func (v *view) relevant(ctx context.Context, req *Request) ([]stretch, error) {
	n, err := v.narrowing(ctx, req.Query)
	if err != nil {
		return nil, err
	}
	return n.keep(ctx, v.stretches(req, nil))
}

// hashes returns the hashes of a column's values as comparisons see them. A
// file may be older than the column.
func (v *view) hashes(ctx context.Context, path, column string) ([]uint64, error) {
	b := &builder{}
	rows, err := v.tx.QueryContext(ctx, "SELECT DISTINCT hash(lower("+column+")) FROM (SELECT "+
		column+" FROM "+shape+" UNION ALL BY NAME SELECT * FROM read_parquet("+
		b.arg([]string{path})+")) WHERE "+column+" IS NOT NULL", b.args...)
	if err != nil {
		return nil, fmt.Errorf("narrow search: %w", err)
	}
	defer rows.Close()
	var out []uint64
	for rows.Next() {
		var h uint64
		if err := rows.Scan(&h); err != nil {
			return nil, fmt.Errorf("narrow search: %w", err)
		}
		out = append(out, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("narrow search: %w", err)
	}
	return out, nil
}
