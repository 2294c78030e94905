package normalize

import (
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// clock is one way to find an event's time.
type clock struct {
	field string
	// For local times: the shipper's own reading of one instant as local and as
	// UTC time, which gives the offset of field.
	seenLocal, seenUTC string

	id, localID, utcID int32 // numbers of the fields
}

// read returns the event's time by this clock.
func (c *clock) read(r *run, received time.Time) (t time.Time, text string, ok bool) {
	v := r.get(c.id)
	if v != nil && v.Kind == event.List && len(v.Items) > 0 {
		v = &v.Items[0]
	}
	if v == nil || v.Text == "" {
		return t, "", false
	}
	t, ok = parseTime(v.Text, received)
	if !ok || c.seenLocal == "" {
		return t, v.Text, ok
	}
	local, ok1 := parseTime(r.text(c.localID), received)
	utc, ok2 := parseTime(r.text(c.utcID), received)
	if !ok1 || !ok2 {
		return t, v.Text, false
	}
	offset := utc.Sub(local).Round(15 * time.Minute)
	if offset.Abs() > 14*time.Hour {
		return t, v.Text, false
	}
	return t.Add(offset), v.Text, true
}

// bsdLayouts are the timestamps of RFC 3164 and its common variants.
var bsdLayouts = []string{
	"Jan _2 15:04:05 2006", "Jan _2 2006 15:04:05", "2006 Jan _2 15:04:05", "Jan _2 15:04:05",
}

// otherLayouts are read as UTC.
var otherLayouts = []string{
	"1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05.000 PM", "1/2/2006 3:04:05.000 PM",
	"1/2/2006 15:04:05", "02/Jan/2006:15:04:05 -0700", time.RFC1123Z, time.RFC1123,
	"Mon Jan _2 15:04:05 2006", "2006/01/02 15:04:05", "2006-01-02",
}

// parseTime reads the time formats that logs use: ISO 8601 with or without
// zone (without: UTC), seconds, milli-, micro- or nanoseconds since 1970, and
// a list of layouts. A time without year gets the one that puts it nearest
// before received.
func parseTime(s string, received time.Time) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 48 {
		return time.Time{}, false
	}
	if s[0] >= '0' && s[0] <= '9' {
		if s[4] == '-' && len(s) >= 19 {
			if t, ok := parseISO(s); ok {
				return t, true
			}
		} else if t, ok := parseEpoch(s); ok {
			return t, true
		}
	}
	for i, layout := range bsdLayouts {
		t, err := time.Parse(layout, s)
		if err == nil && i == len(bsdLayouts)-1 {
			t = withYear(t, received)
		}
		if err == nil {
			return t.UTC(), true
		}
	}
	for _, layout := range otherLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// withYear completes a time without year. Up to one day after received is still
// this year, to allow for zones.
func withYear(t, received time.Time) time.Time {
	year := received.Year()
	out := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	if out.After(received.Add(24 * time.Hour)) {
		out = time.Date(year-1, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	}
	return out
}

// parseISO reads "2006-01-02T15:04:05[.fraction][zone]", also with a space for
// the T and a comma for the dot.
func parseISO(s string) (time.Time, bool) {
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	shape := s[7] == '-' && s[13] == ':' && s[16] == ':' && strings.IndexByte("Tt ", s[10]) >= 0
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && shape) {
		return time.Time{}, false
	}
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	nanos, rest := fraction(s[19:])
	offset, ok := zoneOffset(strings.TrimSpace(rest))
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day && second != 60 {
		return time.Time{}, false // 31 June
	}
	return t.Add(-offset), true
}

// digits reads up to four decimal digits.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// fraction reads ".123456789" (more digits are dropped) as nanoseconds.
func fraction(s string) (nanos int, rest string) {
	if s == "" || s[0] != '.' && s[0] != ',' {
		return 0, s
	}
	i, scale := 1, 100_000_000
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos += int(s[i]-'0') * scale
		scale /= 10
	}
	return nanos, s[i:]
}

func zoneOffset(s string) (time.Duration, bool) {
	switch s {
	case "", "Z", "z", "UTC", "GMT":
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	clock := strings.Replace(s[1:], ":", "", 1)
	if len(clock) == 2 {
		clock += "00"
	}
	n, ok := digits(clock)
	if !ok || len(clock) != 4 || n/100 > 15 || n%100 > 59 {
		return 0, false
	}
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		d = -d
	}
	return d, true
}

// parseEpoch reads seconds with fraction, or whole milli-, micro- or
// nanoseconds told apart by their length.
func parseEpoch(s string) (time.Time, bool) {
	whole, frac, hasFrac := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch l := len(whole); {
	case l <= 10:
		nanos, rest := 0, ""
		if hasFrac {
			nanos, rest = fraction("." + frac)
		}
		return time.Unix(n, int64(nanos)).UTC(), rest == ""
	case hasFrac && l != 13:
		return time.Time{}, false
	case l == 13:
		return time.UnixMilli(n).UTC(), true
	case l == 16:
		return time.UnixMicro(n).UTC(), true
	case l == 19:
		return time.Unix(0, n).UTC(), true
	}
	return time.Time{}, false
}
