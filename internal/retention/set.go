package retention

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Set is a set of records. Its text is entries and runs of entries, separated
// by spaces; leaves follow an entry of which only some records are meant:
// "12-900 905:0-3,7".
type Set struct{ runs []run }

type run struct {
	first, last uint64
	leaves      [][2]uint32 // nil: all
}

// Add adds records of an entry, in ascending order; whole says that these are
// all there are. Entries come in ascending order.
func (s *Set) Add(entry uint64, leaves []uint32, whole bool) {
	if whole {
		if n := len(s.runs); n > 0 && s.runs[n-1].leaves == nil && s.runs[n-1].last+1 == entry {
			s.runs[n-1].last = entry
			return
		}
		s.runs = append(s.runs, run{first: entry, last: entry})
		return
	}
	r := run{first: entry, last: entry, leaves: [][2]uint32{}}
	for _, leaf := range leaves {
		if n := len(r.leaves); n > 0 && r.leaves[n-1][1]+1 == leaf {
			r.leaves[n-1][1] = leaf
			continue
		}
		r.leaves = append(r.leaves, [2]uint32{leaf, leaf})
	}
	s.runs = append(s.runs, r)
}

// Has reports whether the record is in the set.
func (s *Set) Has(id event.ID) bool {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].last >= id.Entry })
	if i == len(s.runs) || s.runs[i].first > id.Entry {
		return false
	}
	if s.runs[i].leaves == nil {
		return true
	}
	return slices.ContainsFunc(s.runs[i].leaves, func(span [2]uint32) bool {
		return span[0] <= id.Leaf && id.Leaf <= span[1]
	})
}

// Touches reports whether any record of the entries is in the set.
func (s *Set) Touches(first, last uint64) bool {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].last >= first })
	return i < len(s.runs) && s.runs[i].first <= last
}

// String returns the text of the set.
func (s *Set) String() string {
	var b strings.Builder
	for i, r := range s.runs {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(span(r.first, r.last))
		for j, leaves := range r.leaves {
			b.WriteByte(":,"[min(j, 1)])
			b.WriteString(span(uint64(leaves[0]), uint64(leaves[1])))
		}
	}
	return b.String()
}

func span(first, last uint64) string {
	if first == last {
		return strconv.FormatUint(first, 10)
	}
	return strconv.FormatUint(first, 10) + "-" + strconv.FormatUint(last, 10)
}

// ParseSet reads the text of a set. There is one text of each set; any other
// is refused.
func ParseSet(text string) (*Set, error) {
	s := &Set{}
	for part := range strings.FieldsSeq(text) {
		entries, leaves, some := strings.Cut(part, ":")
		first, last, err := parseSpan(entries)
		if err != nil || some && first != last {
			return nil, fmt.Errorf("read set of records: %q", part)
		}
		r := run{first: first, last: last}
		for leaf := range strings.SplitSeq(leaves, ",") {
			if !some {
				break
			}
			from, to, err := parseSpan(leaf)
			if err != nil || to > 1<<31 {
				return nil, fmt.Errorf("read set of records: %q", part)
			}
			r.leaves = append(r.leaves, [2]uint32{uint32(from), uint32(to)})
		}
		if n := len(s.runs); n > 0 && s.runs[n-1].last >= first {
			return nil, fmt.Errorf("read set of records: %q is out of order", part)
		}
		s.runs = append(s.runs, r)
	}
	if s.String() != text {
		return nil, fmt.Errorf("read set of records: not in its one form")
	}
	return s, nil
}

func parseSpan(text string) (first, last uint64, err error) {
	from, to, ranged := strings.Cut(text, "-")
	if first, err = strconv.ParseUint(from, 10, 63); err != nil {
		return 0, 0, err
	}
	if !ranged {
		return first, first, nil
	}
	if last, err = strconv.ParseUint(to, 10, 63); err == nil && last <= first {
		err = strconv.ErrRange
	}
	return first, last, err
}

// subset reports whether all of s is in o; otherwise it names an entry. What
// is meant by a whole entry is in o only as a whole entry.
func (s *Set) subset(o *Set) (entry uint64, ok bool) {
	for _, r := range s.runs {
		for e := r.first; e <= r.last; e++ {
			i := sort.Search(len(o.runs), func(i int) bool { return o.runs[i].last >= e })
			if i == len(o.runs) || o.runs[i].first > e {
				return e, false
			}
			in := o.runs[i]
			if in.leaves == nil {
				continue
			}
			if r.leaves == nil {
				return e, false
			}
			for _, span := range r.leaves {
				inside := func(outer [2]uint32) bool { return outer[0] <= span[0] && span[1] <= outer[1] }
				if !slices.ContainsFunc(in.leaves, inside) {
					return e, false
				}
			}
		}
	}
	return 0, true
}
