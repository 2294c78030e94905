package search

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/glob"

	"github.com/evident-sec/evident/event"
)

// textIs holds where the whole text of a field matches.
type textIs struct {
	field *field
	glob  glob.Glob // folded
}

func (p textIs) match(ev *event.Event) bool {
	text := p.field.text(ev)
	return text != "" && p.glob.Match(plain.Fold(text))
}

func (p textIs) sql(b *builder) string {
	col := p.field.column
	if p.glob.Anything() {
		return col + " IS NOT NULL"
	}
	if p.glob.Caseless() {
		return col + " IS NOT NULL AND " + p.glob.SQL(col, b.arg)
	}
	return col + " IS NOT NULL AND " + p.glob.SQL("lower("+col+")", b.arg)
}

// listHas holds where the whole text of a list or one of its members matches.
type listHas struct{ textIs }

func (p listHas) match(ev *event.Event) bool {
	if p.textIs.match(ev) {
		return true
	}
	for member := range strings.SplitSeq(plain.Fold(p.field.text(ev)), ",") {
		if member = strings.Trim(member, " "); member != "" && p.glob.Match(member) {
			return true
		}
	}
	return false
}

func (p listHas) sql(b *builder) string {
	whole := p.textIs.sql(b)
	for _, r := range p.glob {
		if r == ',' { // no member holds a comma
			return whole
		}
	}
	// An expression may match an empty member where the glob is all stars, but
	// then the whole text matches anyway.
	members := "trim(regexp_replace(lower(" + p.field.column + "), ' *, *', ',', 'g'), ' ')"
	pattern := `(?s)(?:\A|,)` + p.glob.Expression(`[^,]`) + `(?:,|\z)`
	return p.field.column + " IS NOT NULL AND ((" + whole + ") OR regexp_matches(" + members +
		", " + b.arg(pattern) + "))"
}

// rawHas holds where the original bytes match.
type rawHas struct{ glob glob.Glob }

func (p rawHas) match(ev *event.Event) bool { return p.glob.Match(plain.Fold(plain.Raw(ev.Raw))) }

func (p rawHas) sql(b *builder) string { return b.raw(p.glob) }

// anywhere is free text: in the original bytes or in a field of freeText.
type anywhere struct{ glob glob.Glob }

func (p anywhere) match(ev *event.Event) bool {
	for _, f := range freeText {
		if (textIs{f, p.glob}).match(ev) {
			return true
		}
	}
	return rawHas(p).match(ev)
}

func (p anywhere) sql(b *builder) string {
	parts := make([]string, 0, len(freeText)+1)
	for _, f := range freeText {
		parts = append(parts, "("+textIs{f, p.glob}.sql(b)+")")
	}
	return strings.Join(append(parts, b.raw(p.glob)), " OR ")
}

// within holds where a number lies in [lo, hi].
type within struct {
	field  *field
	lo, hi int64
}

func (p within) match(ev *event.Event) bool {
	n, ok := p.field.int(ev)
	return ok && p.lo <= n && n <= p.hi
}

func (p within) sql(b *builder) string {
	col := p.field.column
	if p.lo == p.hi {
		return col + " IS NOT NULL AND " + col + " = " + b.arg(p.lo)
	}
	return col + " IS NOT NULL AND " + col + " BETWEEN " + b.arg(p.lo) + " AND " + b.arg(p.hi)
}

// int returns the field's number; false where the event has none.
func (f *field) int(ev *event.Event) (int64, bool) {
	if f.number != nil {
		return f.number(ev), true
	}
	n, err := strconv.ParseInt(f.text(ev), 10, 64)
	return n, err == nil
}

// during holds for times in [lo, hi), microseconds since 1970.
type during struct {
	field  *field
	lo, hi int64
}

func (p during) match(ev *event.Event) bool {
	n := p.field.number(ev)
	return p.lo <= n && n < p.hi
}

func (p during) sql(b *builder) string {
	col := p.field.column
	return col + " >= " + b.time(p.lo) + " AND " + col + " < " + b.time(p.hi)
}

// isEvent holds for one event, or all of an entry.
type isEvent struct {
	id    event.ID
	whole bool // any leaf of the entry
}

func (p isEvent) match(ev *event.Event) bool {
	return ev.ID.Entry == p.id.Entry && (p.whole || ev.ID.Leaf == p.id.Leaf)
}

func (p isEvent) sql(b *builder) string {
	cond := "e.entry = " + b.arg(int64(p.id.Entry))
	if !p.whole {
		cond += " AND e.leaf = " + b.arg(int64(p.id.Leaf))
	}
	return cond
}
