package tally

import (
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
)

// Tally counts what a pair of files really holds, to be compared with what the
// catalog says of it: searches leave out files by that.
type Tally struct {
	entries, rows int64
	from, to      time.Time
	arrived, last time.Time
	outside       uint64 // an entry that the catalog has elsewhere, 0 for none
}

// Entry counts an entry of the originals.
func (t *Tally) Entry(f *lake.File, e *event.Entry) {
	t.entries++
	if e.Seq < f.FirstEntry || e.Seq > f.LastEntry {
		t.outside = e.Seq
	}
	if t.entries == 1 || e.Received.Before(t.arrived) {
		t.arrived = e.Received
	}
	if e.Received.After(t.last) {
		t.last = e.Received
	}
}

// Row counts a row of the columns.
func (t *Tally) Row(r *lake.Row) {
	t.rows++
	if at := r.Time; t.rows == 1 || at.Before(t.from) {
		t.from = at
	}
	if r.Time.After(t.to) {
		t.to = r.Time
	}
}

// Differs says what the catalog has otherwise; both parts of the pair were read
// whole. A span that is wider than what is there hides nothing.
func (t *Tally) Differs(f *lake.File) []string {
	var out []string
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	entries := int64(f.LastEntry - f.FirstEntry + 1)
	say(t.outside != 0, "holds entry %d, the catalog says %d to %d", t.outside, f.FirstEntry, f.LastEntry)
	say(t.outside == 0 && t.entries != entries, "holds %d entries, the catalog says %d", t.entries, entries)
	say(t.rows != f.Rows, "holds %d rows, the catalog says %d", t.rows, f.Rows)
	day := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }
	say(t.rows > 0 && (t.from.Before(f.From) || t.to.After(f.To)), "holds events from %s to %s, the catalog says %s to %s",
		day(t.from), day(t.to), day(f.From), day(f.To))
	const micro = time.Microsecond // what the catalog keeps
	say(!f.ReceivedTo.IsZero() && t.entries > 0 &&
		(t.arrived.Truncate(micro).Before(f.ReceivedFrom) || t.last.Truncate(micro).After(f.ReceivedTo)),
		"holds what arrived from %s to %s, the catalog says %s to %s",
		day(t.arrived), day(t.last), day(f.ReceivedFrom), day(f.ReceivedTo))
	return out
}
