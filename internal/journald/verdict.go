package journald

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/flaw"
)

// Verdict is what a file says about itself.
type Verdict struct {
	FileID    string // the three identifiers in hex
	MachineID string
	SeqnumID  string
	State     string // offline, online, archived, unknown
	Records   int    // entries read
	Objects   int    // objects found
	Unsound   int    // fields and entries that do not match their hash
	Hidden    int    // entries that the file's own index leaves out
	// ClockBack is how often the wall clock was earlier than at the entry before.
	ClockBack int
	// Numbers are the sequence numbers of the entries. Files of one machine share
	// them: those that one file lacks may be in another.
	Numbers []Range
	Seals   Seals
}

// Seals is what the forward-secure seals of a file say.
type Seals struct {
	Sealed     bool // the file's header says that it has seals
	Continuous bool // every interval has one, also when nothing was written
	Count      int
	First      uint64 // epochs of the first and last seal
	Last       uint64
	Jumps      int // places where epochs without a seal lie between two
	Unsealed   int // entries behind the last seal

	Checked  bool // with a verification key
	Good     int  // seals that match
	Verified int  // entries under them, up to the first that does not match
	// From and Until bound the time that the matching seals cover without a break.
	From, Until time.Time
}

// Range is sequence numbers from First to Last, both included.
type Range struct{ First, Last uint64 }

// String returns "7" or "7 to 9".
func (r Range) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d to %d", r.First, r.Last)
}

// Problem is one thing in a file that is not as it should be.
type Problem = flaw.Problem

// Problems returns what was found to be wrong so far.
func (r *Reader) Problems() []Problem {
	return r.problems.All()
}

func byteAt(at int64) string { return fmt.Sprintf("byte %d", at) }

// maxRuns bounds the memory for sequence numbers: 16 bytes each.
const maxRuns = 1 << 16

// addNumber adds a number to runs that are in order of reading.
func addNumber(runs []Range, number uint64) []Range {
	if n := len(runs); n > 0 && runs[n-1].Last+1 == number && number != 0 {
		runs[n-1].Last = number
		return runs
	}
	if len(runs) == maxRuns {
		return runs
	}
	return append(runs, Range{number, number})
}

// Missing returns the numbers that lie between those of the lists and are in
// none of them.
func Missing(lists ...[]Range) (missing []Range) {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	for i := 1; i < len(all); i++ {
		seen := all[i-1].Last
		if next := all[i].First; next > seen && next-seen > 1 {
			missing = append(missing, Range{seen + 1, next - 1})
		}
		all[i].Last = max(seen, all[i].Last)
	}
	return missing
}

// sentence says in words how far the seals hold.
func (s *Seals) sentence() string {
	switch {
	case !s.Sealed && s.Count == 0:
		return "no forward-secure seals"
	case s.Count == 0:
		return "marked as sealed, no seal in it"
	case !s.Checked:
		return fmt.Sprintf("%d forward-secure seals, epochs %d to %d, not verified: no key was given",
			s.Count, s.First, s.Last)
	}
	out := fmt.Sprintf("%d of %d forward-secure seals match", s.Good, s.Count)
	if s.Verified > 0 {
		out += fmt.Sprintf(", %d entries from %s to %s verified", s.Verified,
			s.From.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	return out
}

// String says in one line what the file is and how far its seals hold.
func (v *Verdict) String() string {
	parts := []string{fmt.Sprintf("%d entries, file %s, %s", v.Records, v.State, v.Seals.sentence())}
	if v.Seals.Unsealed > 0 && v.Seals.Count > 0 {
		parts = append(parts, fmt.Sprintf("%d entries behind the last seal", v.Seals.Unsealed))
	}
	if v.Seals.Jumps > 0 {
		parts = append(parts, fmt.Sprintf("%d stretches of epochs without a seal", v.Seals.Jumps))
	}
	if v.ClockBack > 0 {
		parts = append(parts, fmt.Sprintf("the clock went back %d times", v.ClockBack))
	}
	return strings.Join(parts, "; ")
}
