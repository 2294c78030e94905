package normalize

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// journalEntry is a journal entry with the records of a journal that systemd wrote.
func journalEntry(tb testing.TB, name string) *event.Entry {
	tb.Helper()
	file, err := journaltest.Journal(name)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := journald.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	e := &event.Entry{Seq: 1, Source: "test", Format: event.FormatJournal, Received: received}
	for {
		raw, err := r.Next()
		if err != nil {
			return e
		}
		e.Records = append(e.Records, event.Record{Raw: bytes.Clone(raw), Position: int64(len(e.Records) + 1)})
	}
}

// TestJournalOfSystemd maps what systemd wrote: no dead letter, every sign-in
// and sudo found, all times read.
func TestJournalOfSystemd(t *testing.T) {
	n := newNormalizer(t)
	counts := map[string]int{}
	events := n.Entry(journalEntry(t, "regular"))
	for i := range events {
		ev := &events[i]
		checkEvent(t, ev)
		if ev.Problem != "" || ev.Product != "linux" || ev.Attrs.Get(event.AttrHost) != "web-03" {
			t.Errorf("record %d: %q %q %v", i, ev.Problem, ev.Product, ev.Attrs)
		}
		counts[fmt.Sprintf("%s %s %s", ev.Service, event.ClassInfo(ev.Class).Name, ev.Attrs.Get(event.AttrStatus))]++
	}
	want := map[string]int{
		"sshd Authentication Success": 8, "sshd Authentication Failure": 7, "sudo Process Activity ": 8,
		"cron Scheduled Job Activity ": 7, "syslog Device Config State Change ": 8,
		"sshd SSH Activity ": 1, "cron Base Event ": 1, // messages with words behind their end
	}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

// TestJournalRepeats joins names that come more than once, few fields and many.
func TestJournalRepeats(t *testing.T) {
	n := newNormalizer(t)
	for _, more := range []int{0, 50, maxJournalFields + 10} {
		var raw strings.Builder
		raw.WriteString("__REALTIME_TIMESTAMP=1772442909000123\nA=1\nA=2\n")
		for i := range more {
			fmt.Fprintf(&raw, "FIELD_%d=x\n", i)
		}
		raw.WriteString("A=3\n__REALTIME_TIMESTAMP=5")
		ev := n.Entry(&event.Entry{
			Seq: 1, Format: event.FormatJournal, Received: received, Records: []event.Record{{Raw: []byte(raw.String())}},
		})[0]
		value, _ := ev.Native.Get("A")
		items := 3
		if more > maxJournalFields {
			items = 2 // the rest is behind the bound
		}
		if len(value.Items) != items || ev.Native.Text(journalMark) != "1772442909000123" {
			t.Errorf("%d more: A is %v, time %q", more, value, ev.Native.Text(journalMark))
		}
	}
}

func BenchmarkJournal(b *testing.B) {
	n := newNormalizer(b)
	e := journalEntry(b, "compact")
	b.SetBytes(int64(e.Bytes()))
	b.ReportAllocs()
	count := 0
	for b.Loop() {
		count += len(n.Entry(e))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(count), "ns/record")
}
