package search

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/names"

	"github.com/evident-sec/evident/event"
)

// ErrField is wrapped by errors about a name that is no field, or one whose
// values cannot be counted.
var ErrField = errors.New("not a field with countable values")

// Facet is one value of a field and how many events have it.
type Facet struct {
	Value string
	Count int64
}

// Facets returns the n most frequent values of the named field among the
// matches, the most frequent first, equal ones by value. Errors wrap ErrField.
func (e *Engine) Facets(ctx context.Context, req Request, name string, n int) ([]Facet, error) {
	f, err := countable(name)
	if err != nil {
		return nil, err
	}
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return nil, err
	}
	defer v.close()
	parts, err := v.relevant(ctx, &req)
	if err != nil {
		return nil, ended(ctx, err)
	}
	list, err := v.facets(ctx, &req, gather(parts), facetSpec{field: f, n: n})
	return list, ended(ctx, err)
}

func countable(name string) (*field, error) {
	f, err := findField(name, 0, len(name))
	if err != nil {
		return nil, fmt.Errorf("count values of %.80q: %w", name, ErrField)
	}
	if f.column == "" || f.kind == kindTime {
		return nil, fmt.Errorf("count values of %s: %w", f.name, ErrField)
	}
	return f, nil
}

// facetSpec says which values to count: those that begin with prefix in any
// case.
type facetSpec struct {
	field  *field
	prefix string
	n      int
}

func (v *view) facets(
	ctx context.Context, req *Request, s source, spec facetSpec,
) ([]Facet, error) {
	b := &builder{}
	col := spec.field.column
	stmt := "SELECT CAST(" + col + " AS VARCHAR) AS value, count(*) AS n" + v.matching(req, s, b) +
		" AND " + col + " IS NOT NULL"
	if spec.prefix != "" {
		stmt += " AND starts_with(lower(CAST(" + col + " AS VARCHAR)), " +
			b.arg(plain.Fold(spec.prefix)) + ")"
	}
	stmt += " GROUP BY value ORDER BY n DESC, value LIMIT " + strconv.Itoa(max(spec.n, 0))
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return nil, fmt.Errorf("count values: %w", err)
	}
	defer rows.Close()
	var out []Facet
	for rows.Next() {
		var f Facet
		if err := rows.Scan(&f.Value, &f.Count); err != nil {
			return nil, fmt.Errorf("count values: %w", err)
		}
		f.Value = spec.field.label(f.Value)
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count values: %w", err)
	}
	return out, nil
}

// label turns the column's text into the field's: names are stored as numbers.
func (f *field) label(text string) string {
	n, err := strconv.ParseUint(text, 10, 32)
	switch {
	case err != nil:
		return text
	case f.kind == kindSeverity:
		return SeverityName(uint8(min(n, 255)))
	case f.kind == kindClass:
		return event.ClassInfo(uint32(n)).Name
	}
	return text
}

// Values limits: completion has to be quick, and recent events are enough.
const (
	valueFiles  = 8
	valueBudget = 400 * time.Millisecond
)

// Values returns up to n frequent values of the named field that begin with the
// prefix in any case, for completion. It looks at unsealed events and the newest
// files only, and returns nothing when that takes longer than 400 ms. Errors
// wrap ErrField.
func (e *Engine) Values(ctx context.Context, name, prefix string, n int) ([]Facet, error) {
	f, err := countable(name)
	if err != nil {
		return nil, err
	}
	if names := f.names(prefix); names != nil {
		return names[:min(n, len(names))], nil
	}
	limited, cancel := context.WithTimeout(ctx, valueBudget)
	defer cancel()
	v, limited, err := e.view(limited, time.Time{}, time.Time{})
	if err != nil {
		return nil, err
	}
	defer v.close()
	newest := v.stretches(&Request{}, nil)
	part := gather(newest[:min(valueFiles, len(newest))])
	list, err := v.facets(limited, &Request{}, part, facetSpec{f, prefix, n})
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, nil
	}
	return list, ended(ctx, err)
}

// names lists the values of a field that has a fixed set of names, nil for
// others.
func (f *field) names(prefix string) []Facet {
	var all []string
	switch f.kind {
	case kindSeverity:
		all = names.Severities[:]
	case kindClass:
		for _, c := range names.Classes {
			all = append(all, c.Name)
		}
	default:
		return nil
	}
	out := []Facet{}
	for _, name := range all {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix)) {
			out = append(out, Facet{Value: name})
		}
	}
	return out
}
