package evtx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Verdict is what a file's own checksums and record numbers say about it. They
// find damage and clumsy removal; whoever can write the file can also make
// them right.
type Verdict struct {
	Chunks   int     // chunks with content
	Unsound  int     // chunks of which a checksum does not match
	Records  int     // records found
	Old      int     // old records seen in unused space, not read
	Missing  []Range // record numbers that are not there, ascending
	Repeated []Range // record numbers that are there more than once
	Unclosed bool    // Windows had the file open when it was copied
	// Unordered says that the numbers jump so much that they were not followed.
	Unordered bool

	done bool
}

// Range is record numbers from First to Last, both included.
type Range struct{ First, Last uint64 }

// String returns "7" or "7 to 9".
func (r Range) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d to %d", r.First, r.Last)
}

// maxRuns bounds the memory for record numbers: 16 bytes each.
const maxRuns = 1 << 16

// runs are the record numbers seen, as runs without a gap in order of reading.
type runs struct {
	list     []Range
	overflow bool
}

func (s *runs) add(number uint64) {
	if n := len(s.list); n > 0 && s.list[n-1].Last+1 == number && number != 0 {
		s.list[n-1].Last = number
		return
	}
	if len(s.list) == maxRuns {
		s.overflow = true
		return
	}
	s.list = append(s.list, Range{number, number})
}

// holes returns the numbers between the runs and those in more than one run.
// Sorted, because a log that is full goes on in its first chunk.
func (s *runs) holes() (missing, repeated []Range) {
	slices.SortFunc(s.list, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	for i := 1; i < len(s.list); i++ {
		seen, next := s.list[i-1].Last, s.list[i]
		switch {
		case next.First > seen && next.First-seen > 1:
			missing = append(missing, Range{seen + 1, next.First - 1})
		case next.First <= seen:
			repeated = append(repeated, Range{next.First, min(seen, next.Last)})
		}
		s.list[i].Last = max(seen, next.Last)
	}
	return missing, repeated
}

// finish draws the conclusions that need the whole file.
func (r *Reader) finish() {
	v := &r.verdict
	v.done = true
	if v.Unordered = r.runs.overflow; v.Unordered {
		r.problems.Add(false, "", "its record numbers jump more than %d times; what is missing "+
			"between them is not known", maxRuns)
	} else {
		v.Missing, v.Repeated = r.runs.holes()
		r.tail()
	}
	if len(v.Missing) > 0 {
		r.problems.Add(false, "", "record numbers %s are missing: removed, or left out when the "+
			"log was exported", listed(v.Missing))
	}
	if len(v.Repeated) > 0 {
		r.problems.Add(false, "", "record numbers %s are there more than once", listed(v.Repeated))
	}
	if list := r.problems.All(); v.Chunks == 0 && len(list) == 1 && list[0].Where == headerPlace {
		list[0] = Problem{
			Text: "this Windows event log (EVTX) has a damaged header and nothing else", Lost: true,
		}
	}
	if r.head.sound && r.head.chunks > v.Chunks {
		r.problems.Add(true, "", "the file header names %d chunks, %d are there", r.head.chunks, v.Chunks)
	}
}

// tail adds the records that the file header knows of behind the last one. In
// a file that was not closed the header is behind, not ahead.
func (r *Reader) tail() {
	n := len(r.runs.list)
	if n == 0 || !r.head.sound {
		return
	}
	last := r.runs.list[n-1].Last
	if r.head.next > 0 && last < r.head.next-1 {
		r.verdict.Missing = append(r.verdict.Missing, Range{last + 1, r.head.next - 1})
	}
}

// listed names the first few ranges.
func listed(ranges []Range) string {
	const most = 8
	var parts []string
	for _, r := range ranges[:min(len(ranges), most)] {
		parts = append(parts, r.String())
	}
	if len(ranges) > most {
		parts = append(parts, fmt.Sprintf("and %d ranges more", len(ranges)-most))
	}
	return strings.Join(parts, ", ")
}
