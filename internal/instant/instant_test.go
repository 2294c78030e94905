package instant_test

import (
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/instant"
	"pgregory.net/rapid"
)

func TestAt(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"-90m": "2026-03-01T10:30:00Z", "-7d": "2026-02-22T12:00:00Z", "now": "2026-03-01T12:00:00Z",
		"2026-01-31": "2026-01-31T00:00:00Z", "2026-01-31T08:30+02:00": "2026-01-31T06:30:00Z",
		"-1000w": "2006-12-31T12:00:00Z",
		"":       "", "-": "", "-1": "", "24h": "", "-1y": "", "- 1h": "", "--1h": "", "-9999999s": "",
	} {
		got, err := instant.At(text, now)
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %v; want %q", text, got, err, want)
		}
	}
}

// TestWidths writes widths and reads them back.
func TestWidths(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := time.Duration(rapid.IntRange(1, 10_000).Draw(rt, "n")) * rapid.SampledFrom(
			[]time.Duration{time.Second, time.Minute, time.Hour, instant.Day, instant.Week}).Draw(rt, "unit")
		if got, ok := instant.Width(instant.WidthText(d)); !ok || got != d {
			rt.Fatalf("%s is written %s and read as %s, %t", d, instant.WidthText(d), got, ok)
		}
	})
	for _, text := range []string{"0h", "10001s", "h", "1", "-1h", "1.5h", "1hh"} {
		if d, ok := instant.Width(text); ok {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}
