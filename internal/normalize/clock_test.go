package normalize

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-03-02T09:15:09Z", "2026-03-02T09:15:09Z"},
		{"2026-03-02T09:15:09.1234567Z", "2026-03-02T09:15:09.1234567Z"},
		{"2026-03-02 09:15:09,118", "2026-03-02T09:15:09.118Z"},
		{"2026-03-02T09:15:09+02:00", "2026-03-02T07:15:09Z"},
		{"2026-03-02T09:15:09-0530", "2026-03-02T14:45:09Z"},
		{"2026-03-02 09:15:09 UTC", "2026-03-02T09:15:09Z"},
		{"1772442909", "2026-03-02T09:15:09Z"},
		{"1772442909.118", "2026-03-02T09:15:09.118Z"},
		{"1772442909118", "2026-03-02T09:15:09.118Z"},
		{"1772442909118000", "2026-03-02T09:15:09.118Z"},
		{"1772442909118000000", "2026-03-02T09:15:09.118Z"},
		{"Mar  2 09:15:09", "2026-03-02T09:15:09Z"},
		{"Nov 21 11:00:00", "2026-11-21T11:00:00Z"}, // tomorrow, within a zone's reach
		{"Nov 22 13:00:00", "2025-11-22T13:00:00Z"},
		{"Mar  2 2024 09:15:09", "2024-03-02T09:15:09Z"},
		{"3/2/2026 9:15:09 AM", "2026-03-02T09:15:09Z"},
		{"02/Mar/2026:09:15:09 +0100", "2026-03-02T08:15:09Z"},
		{"2026-02-30T09:15:09Z", ""},
		{"2026-03-02T25:15:09Z", ""},
		{"2026-03-02T09:15:09 Mars", ""},
		{"soon", ""},
		{"", ""},
	} {
		got, ok := parseTime(c.in, received)
		text := ""
		if ok {
			text = got.Format(time.RFC3339Nano)
		}
		if text != c.want {
			t.Errorf("%q: got %q, want %q", c.in, text, c.want)
		}
	}
}

func TestParseTimeAgainstLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sec := rapid.Int64Range(0, 4e9).Draw(t, "seconds")
		zone := time.FixedZone("", rapid.IntRange(-14*4, 14*4).Draw(t, "quarters")*900)
		want := time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).In(zone)
		got, ok := parseTime(want.Format(time.RFC3339Nano), received)
		if !ok || !got.Equal(want) {
			t.Fatalf("got %v %v, want %v", got, ok, want)
		}
	})
}

// A local header time gets the zone from the shipper's own pair of times, also
// when the relay that added the UTC time was late.
func TestLocalClock(t *testing.T) {
	c := clock{id: 0, seenLocal: "EventReceivedTime", localID: 1, utcID: 2}
	for _, tc := range []struct{ event, seen, utc, want string }{
		{"2026-03-02 04:15:09", "2026-03-02 04:15:11", "2026-03-02T09:15:12Z", "2026-03-02T09:15:09Z"},
		{"2026-03-02 04:15:09", "2026-03-02 04:15:11", "2026-03-02T09:19:12Z", "2026-03-02T09:15:09Z"},
		{"2026-03-02 14:45:09", "2026-03-02 14:45:11", "2026-03-02T09:15:12Z", "2026-03-02T09:15:09Z"},
		{"2026-03-02 04:15:09", "", "2026-03-02T09:15:12Z", ""},
		{"2026-03-02 04:15:09", "2026-02-28 04:15:11", "2026-03-02T09:15:12Z", ""},
	} {
		fields := event.Fields{
			{Name: "EventTime", Value: textValue(tc.event)},
			{Name: "EventReceivedTime", Value: textValue(tc.seen)},
			{Name: "@timestamp", Value: textValue(tc.utc)},
		}
		got, _, ok := c.read(&run{fields: fields, at: []int32{0, 1, 2}}, received)
		text := ""
		if ok {
			text = got.Format(time.RFC3339)
		}
		if text != tc.want {
			t.Errorf("%+v: got %q", tc, text)
		}
	}
}
