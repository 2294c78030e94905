package search

import (
	"strings"
	"time"
)

// layouts are the ways to write a time, from the coarsest. A time names the
// whole of its last written unit.
var layouts = []struct {
	layout string
	unit   time.Duration
}{
	{"2006-01-02", 24 * time.Hour},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
}

// ParseTime reads a date or RFC 3339 time and returns the instants it covers:
// [from, to). A missing zone is UTC. ok is false when the text is no time.
func ParseTime(text string) (from, to time.Time, ok bool) {
	for _, l := range layouts {
		for _, zone := range []string{"", "Z07:00"} {
			t, err := time.Parse(l.layout+zone, text)
			if err == nil {
				t = t.UTC()
				return t, t.Add(written(text, l.unit)), true
			}
		}
	}
	return time.Time{}, time.Time{}, false
}

// written returns the unit of the last digit that was written: time.Parse takes
// fractions of a second that a layout does not have. It is never finer than the
// microseconds that times are kept in.
func written(text string, unit time.Duration) time.Duration {
	_, fraction, ok := strings.Cut(text, ".")
	if !ok {
		return unit
	}
	for _, c := range fraction {
		if c < '0' || c > '9' {
			break
		}
		unit /= 10
	}
	return max(unit, time.Microsecond)
}
