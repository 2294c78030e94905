package search

import (
	"slices"
	"strconv"
	"strings"
)

// head is "head N": the first rows.
type head struct{ n int }

func (h head) write(w *strings.Builder) { w.WriteString("head " + strconv.Itoa(h.n)) }

func (head) refs() []ref { return nil }

func (h head) sql(in relation, _ *builder) relation {
	in.from = "(SELECT * FROM " + in.from + in.orderSQL() + " LIMIT " + strconv.Itoa(h.n) + ")"
	return in
}

// table is "table a, b": these columns only, in this order.
type table struct{ columns []ref }

func (p *parser) tableStage(s scope) (stage, scope, error) {
	refs, err := p.refs(s)
	return table{refs}, scope{columns: made(refs)}, err
}

func (t table) write(w *strings.Builder) { w.WriteString("table " + namesOf(t.columns)) }

func (t table) refs() []ref { return t.columns }

// sql keeps the other columns in the relation, which may be ordered by them.
func (t table) sql(in relation, _ *builder) relation {
	in.columns, in.events = made(t.columns), false
	return in
}

// sorting is "sort -count, name": rows ordered by columns, - for descending,
// those without a value last; equal ones stay in the order they were in.
type sorting struct{ by []sortKey }

type sortKey struct {
	ref
	descending bool
}

func (p *parser) sortStage(s scope) (stage, scope, error) {
	var out sorting
	for {
		k := sortKey{descending: p.at('-')}
		if p.at('-') || p.at('+') {
			p.pos++
		}
		from := p.pos
		var err error
		if k.ref, err = p.ref(s); err != nil {
			return nil, s, err
		}
		same := func(x sortKey) bool { return x.name == k.name }
		if slices.ContainsFunc(out.by, same) || len(out.by) == maxRefs {
			return nil, s, fault(from, p.pos, "", "%s is named twice, or there are more than %d", k.name, maxRefs)
		}
		out.by = append(out.by, k)
		if p.space(); p.at(',') {
			p.pos++
			p.space()
		} else if p.end() || p.at('|') {
			return out, s, nil
		}
	}
}

func (s sorting) write(w *strings.Builder) {
	w.WriteString("sort ")
	for i, k := range s.by {
		if i > 0 {
			w.WriteString(", ")
		}
		if k.descending {
			w.WriteByte('-')
		}
		w.WriteString(k.name)
	}
}

func (s sorting) refs() []ref {
	out := make([]ref, len(s.by))
	for i, k := range s.by {
		out[i] = k.ref
	}
	return out
}

func (s sorting) sql(in relation, _ *builder) relation {
	var order []string
	for _, k := range s.by {
		direction := " ASC NULLS LAST"
		if k.descending {
			direction = " DESC NULLS LAST"
		}
		order = append(order, ident(k.name)+direction)
	}
	in.order = append(order, in.order...)
	return in
}

// dedup is "dedup a, b": the first row of each combination of values; rows
// without one of them are left out.
type dedup struct{ by []ref }

func (p *parser) dedupStage(s scope) (stage, scope, error) {
	refs, err := p.refs(s)
	return dedup{refs}, s, err
}

func (d dedup) write(w *strings.Builder) { w.WriteString("dedup " + namesOf(d.by)) }

func (d dedup) refs() []ref { return d.by }

func (d dedup) sql(in relation, _ *builder) relation {
	present := make([]string, len(d.by))
	for i, r := range d.by {
		present[i] = ident(r.name) + " IS NOT NULL"
	}
	in.from = "(SELECT * FROM " + in.from + " WHERE " + strings.Join(present, " AND ") +
		" QUALIFY row_number() OVER (PARTITION BY " + listSQL(d.by) + in.orderSQL() + ") = 1)"
	return in
}
