package search

import (
	"math"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/search/names"

	"github.com/evident-sec/evident/internal/search/glob"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/instant"
)

// meaning turns a field and a value into what is asked of an event. f is nil
// for free text.
func meaning(f *field, v value) (predicate, error) {
	if f == nil {
		return anywhere{v.text.Fold().Within()}, nil
	}
	if v.op == equal && v.text.Anything() && f.kind != kindRaw {
		return presence(f), nil
	}
	switch f.kind {
	case kindInt:
		return intMeaning(f, v)
	case kindTime:
		return timeMeaning(f, v)
	case kindSeverity:
		return severityMeaning(f, v)
	case kindID:
		return idMeaning(v)
	default:
		return textMeaning(f, v)
	}
}

// presence is field:*. Fields that every event has are always present.
func presence(f *field) predicate {
	switch {
	case f.number != nil || f.kind == kindID || f.kind == kindClass || f.kind == kindActivity:
		return all{}
	case f.kind == kindInt:
		return within{f, math.MinInt64, math.MaxInt64}
	}
	return textIs{f, glob.Glob{glob.Star}}
}

func textMeaning(f *field, v value) (predicate, error) {
	if v.op != equal {
		return nil, fault(v.from, v.to, "quote the value if it begins with "+
			"one of < > [", "%s is text: ranges need numbers or times", f.name)
	}
	g := v.text.Fold()
	if text, plain := g.Literal(); plain && strings.HasSuffix(f.name, ".ip") &&
		strings.Contains(text, "/") {
		return nil, fault(v.from, v.to, "write a prefix: 10.1.*", "networks cannot be compared")
	}
	switch f.kind {
	case kindProse:
		return textIs{f, g.Within()}, nil
	case kindList:
		return listHas{textIs{f, g}}, nil
	case kindRaw:
		return rawHas{g.Within()}, nil
	case kindClass, kindActivity:
		return nameIs{textIs{f, g}}, nil
	default:
		return textIs{f, g}, nil
	}
}

func intMeaning(f *field, v value) (predicate, error) {
	return numberRange(f, v, func(g glob.Glob) (int64, error) {
		text, plain := g.Literal()
		n, err := strconv.ParseInt(text, 10, 64)
		if !plain || err != nil {
			return 0, fault(v.from, v.to, f.name+":443, "+f.name+":>=1024 or "+f.name+
				":[1 TO 1023]", "%s is a whole number", f.name)
		}
		return n, nil
	})
}

// severityMeaning compares by name, and by rank where the value is a range.
func severityMeaning(f *field, v value) (predicate, error) {
	if v.op == equal {
		g := v.text.Fold()
		for _, name := range append(names.Severities[:], "Other") {
			if g.Match(strings.ToLower(name)) {
				return nameIs{textIs{f, g}}, nil
			}
		}
		return nil, severityFault(v)
	}
	return numberRange(f, v, func(g glob.Glob) (int64, error) {
		text, _ := g.Literal()
		for id, name := range names.Severities {
			if strings.EqualFold(name, text) {
				return int64(id), nil
			}
		}
		return 0, severityFault(v)
	})
}

func severityFault(v value) error {
	return fault(v.from, v.to, "one of "+strings.Join(names.Severities[:], ", "), "unknown severity")
}

// numberRange reads a value as a range of whole numbers.
func numberRange(f *field, v value, number func(glob.Glob) (int64, error)) (predicate, error) {
	p := within{f, math.MinInt64, math.MaxInt64}
	if v.op == between {
		return p, p.setBounds(v, number)
	}
	n, err := number(v.text)
	if err != nil {
		return nil, err
	}
	switch v.op {
	case atLeast:
		p.lo = n
	case atMost:
		p.hi = n
	case above:
		p.lo = n + 1
	case below:
		p.hi = n - 1
	default:
		p.lo, p.hi = n, n
	}
	if v.op == above && n == math.MaxInt64 || v.op == below && n == math.MinInt64 {
		return not{all{}}, nil
	}
	return p, nil
}

func (p *within) setBounds(v value, number func(glob.Glob) (int64, error)) (err error) {
	if len(v.text) > 0 {
		if p.lo, err = number(v.text); err != nil {
			return err
		}
	}
	if len(v.upper) > 0 {
		if p.hi, err = number(v.upper); err != nil {
			return err
		}
	}
	return ordered(p.lo <= p.hi, v)
}

func ordered(ok bool, v value) error {
	if ok {
		return nil
	}
	return fault(v.from, v.to, "write the smaller value first", "the range is empty")
}

// timeMeaning reads a value as a span of time. A bound includes the whole of
// its last written unit, an excluded one leaves all of it out.
func timeMeaning(f *field, v value) (predicate, error) {
	p := during{f, math.MinInt64 + 1, math.MaxInt64 - 1}
	if v.op == between {
		return timeBounds(p, v)
	}
	lo, hi, err := timeValue(v.text, v)
	if err != nil {
		return nil, err
	}
	switch v.op {
	case atLeast:
		p.lo = lo
	case above:
		p.lo = hi
	case atMost:
		p.hi = hi
	case below:
		p.hi = lo
	default:
		p.lo, p.hi = lo, hi
	}
	return p, nil
}

func timeBounds(p during, v value) (predicate, error) {
	var err error
	if len(v.text) > 0 {
		if p.lo, _, err = timeValue(v.text, v); err != nil {
			return nil, err
		}
	}
	if len(v.upper) > 0 {
		if _, p.hi, err = timeValue(v.upper, v); err != nil {
			return nil, err
		}
	}
	return p, ordered(p.lo < p.hi, v)
}

func timeValue(g glob.Glob, v value) (lo, hi int64, err error) {
	text, _ := g.Literal()
	from, to, ok := instant.Parse(text)
	if !ok {
		return 0, 0, fault(v.from, v.to, "write 2026-01-31 or 2026-01-31T08:30:00Z",
			"not a date or time")
	}
	return from.UnixMicro(), to.UnixMicro(), nil
}

// idMeaning reads ENTRY-LEAF or ENTRY-*. Entries begin at 1, so that 0-0 is the
// identifier of no event.
func idMeaning(v value) (predicate, error) {
	entry, leaf, ok := strings.Cut(v.text.String(), "-")
	id := event.ID{}
	var err1, err2 error
	id.Entry, err1 = strconv.ParseUint(entry, 10, 63)
	whole := leaf == "*" && v.text[len(v.text)-1] == glob.Star
	if !whole {
		var n uint64
		n, err2 = strconv.ParseUint(leaf, 10, 31)
		id.Leaf = uint32(n)
	}
	if !ok || err1 != nil || err2 != nil || v.op != equal {
		return nil, fault(v.from, v.to, "write ENTRY-LEAF, e.g. 12-7, or 12-* for a whole entry",
			"not an event identifier")
	}
	return isEvent{id: id, whole: whole}, nil
}
