package tally_test

import (
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/tally"
)

var at = time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)

// TestDiffers alters one fact of a file after the other.
func TestDiffers(t *testing.T) {
	for want, alter := range map[string]func(f *lake.File){
		"":                             func(*lake.File) {},
		"holds 3 entries":              func(f *lake.File) { f.LastEntry++ },
		"holds entry 6":                func(f *lake.File) { f.LastEntry-- },
		"holds 3 rows":                 func(f *lake.File) { f.Rows-- },
		"holds events from":            func(f *lake.File) { f.To = f.To.Add(-time.Microsecond) },
		"holds what arrived from":      func(f *lake.File) { f.ReceivedFrom = f.ReceivedFrom.Add(time.Microsecond) },
		"\x00a wider span is no fault": func(f *lake.File) { f.From = f.From.Add(-time.Hour) },
	} {
		f := lake.File{
			FirstEntry: 4, LastEntry: 6, Rows: 3, From: at, To: at.Add(2 * time.Second),
			ReceivedFrom: at.Add(time.Minute), ReceivedTo: at.Add(time.Minute + 2*time.Second),
		}
		alter(&f)
		var c tally.Tally
		for i := range uint64(3) {
			c.Entry(&f, &event.Entry{Seq: 4 + i, Received: at.Add(time.Minute + time.Duration(i)*time.Second + 7)})
			c.Row(&lake.Row{Time: at.Add(time.Duration(2-i) * time.Second)})
		}
		got := strings.Join(c.Differs(&f), "; ")
		if clean := want == "" || want[0] == 0; clean != (got == "") || !clean && !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q", want, got)
		}
	}
}
