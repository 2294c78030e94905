package sigma

import (
	"strings"
	"time"
)

// maxDateBytes bounds the text that time modifiers look at.
const maxDateBytes = 48

// datePart returns the part of the date in text, in the zone it is written in.
func datePart(part timePart, text string) (number, bool) {
	t, ok := parseDate(strings.TrimSpace(text))
	if !ok {
		return number{}, false
	}
	n := part.of(t)
	return number{i: int64(n), f: float64(n), isInt: true}, true
}

// parseDate reads the dates of ISO 8601 that logs have: a day, alone or with a
// time after a T or a space; seconds, their fraction and the zone may be
// missing. The zone is read over: parts are those that are written.
func parseDate(text string) (time.Time, bool) {
	if len(text) < 10 || len(text) > maxDateBytes || text[4] != '-' {
		return time.Time{}, false
	}
	day, clock := text, ""
	if len(text) > 10 {
		if text[10] != 'T' && text[10] != 't' && text[10] != ' ' {
			return time.Time{}, false
		}
		day, clock = text[:10], cutZone(text[11:])
	}
	for _, layout := range []string{"", "15:04:05.999999999", "15:04"} {
		if (layout == "") != (clock == "") {
			continue
		}
		t, err := time.Parse(time.DateOnly+layout, day+clock)
		if err == nil && (clock != "" || len(text) == 10) {
			return t, true
		}
	}
	return time.Time{}, false
}

// cutZone returns the time of day without a zone: Z, +hh:mm, +hhmm or +hh.
func cutZone(clock string) string {
	if n := len(clock); n > 0 && (clock[n-1] == 'Z' || clock[n-1] == 'z') {
		return clock[:n-1]
	}
	at := strings.LastIndexAny(clock, "+-")
	if at < 0 {
		return clock
	}
	zone := strings.Replace(clock[at+1:], ":", "", 1)
	if len(zone) == 2 {
		zone += "00"
	}
	if _, err := time.Parse("1504", zone); err != nil || len(zone) != 4 {
		return clock
	}
	return clock[:at]
}

// of extracts the part; weeks are those of ISO 8601.
func (part timePart) of(t time.Time) int {
	switch part {
	case partMinute:
		return t.Minute()
	case partHour:
		return t.Hour()
	case partDay:
		return t.Day()
	case partWeek:
		_, week := t.ISOWeek()
		return week
	case partMonth:
		return int(t.Month())
	}
	return t.Year()
}
