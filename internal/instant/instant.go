package instant

import (
	"fmt"
	"regexp"
	"strconv"
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

// Parse reads a date or RFC 3339 time and returns the instants it covers:
// [from, to). A missing zone is UTC. ok is false when the text is no time.
func Parse(text string) (from, to time.Time, ok bool) {
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

// units are the letters of relative times and widths.
var units = map[string]time.Duration{
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": Day, "w": Week,
}

// Day and Week are those of UTC, which has no daylight saving.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

var width = regexp.MustCompile(`^([0-9]{1,6})([smhdw])$`)

// Relative reads "now" or a time before it: -15m, -24h, -7d, -2w.
func Relative(text string, now time.Time) (time.Time, bool) {
	if text == "now" {
		return now.UTC(), true
	}
	back, ok := strings.CutPrefix(text, "-")
	m := width.FindStringSubmatch(back)
	if !ok || m == nil {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return time.Time{}, false
	}
	at := now
	for range n / 1000 { // 999,999 weeks are more than a Duration holds
		at = at.Add(-1000 * units[m[2]])
	}
	return at.Add(-time.Duration(n%1000) * units[m[2]]).UTC(), true
}

// At reads a point in time: what Parse reads, its beginning where it is coarser
// than a point, and what Relative reads.
func At(text string, now time.Time) (time.Time, error) {
	if at, ok := Relative(text, now); ok {
		return at, nil
	}
	if from, _, ok := Parse(text); ok {
		return from, nil
	}
	return time.Time{}, fmt.Errorf("read time %.40q: write 2026-01-31, 2026-01-31T08:30:00Z or -24h", text)
}

// maxWidth bounds the number before the unit of a width.
const maxWidth = 10_000

// Width reads 15m, 1h, 7d: a number from 1 to 10,000 and a unit.
func Width(text string) (time.Duration, bool) {
	m := width.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return time.Duration(n) * units[m[2]], err == nil && n >= 1 && n <= maxWidth
}

// WidthText writes a width in its largest whole unit.
func WidthText(d time.Duration) string {
	for _, unit := range []string{"w", "d", "h", "m"} {
		if d%units[unit] == 0 && d >= units[unit] {
			return strconv.FormatInt(int64(d/units[unit]), 10) + unit
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
