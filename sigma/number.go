package sigma

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// number is a decimal number: an int64 where it is one, else a float64.
type number struct {
	text  string
	i     int64
	f     float64
	isInt bool
}

// parseNumber reads decimal text such as "-7", "0.5" or "1e6".
func parseNumber(text string) (number, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 64 || strings.Trim(text, "+-.eE0123456789") != "" {
		return number{}, false
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number{text: text, i: i, f: float64(i), isInt: true}, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return number{}, false
	}
	return number{text: text, f: f}, true
}

// holds reports whether a op b.
func (op compareOp) holds(a, b number) bool {
	c := 0
	switch {
	case a.isInt && b.isInt && a.i < b.i, !(a.isInt && b.isInt) && a.f < b.f:
		c = -1
	case a.isInt && b.isInt && a.i > b.i, !(a.isInt && b.isInt) && a.f > b.f:
		c = 1
	}
	switch op {
	case opLt:
		return c < 0
	case opLte:
		return c <= 0
	case opGt:
		return c > 0
	case opGte:
		return c >= 0
	}
	return c == 0
}

// parseAddress reads an IP address, without its zone.
func parseAddress(text string) (netip.Addr, bool) {
	if len(text) > 64 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	return a.WithZone(""), err == nil
}

// inPrefix reports whether the address lies in the prefix. An IPv4-mapped IPv6
// address (::ffff:10.0.0.1) also counts as the IPv4 address in it.
func inPrefix(p netip.Prefix, text string) bool {
	a, ok := parseAddress(text)
	return ok && (p.Contains(a) || p.Contains(a.Unmap()))
}

// parsePrefix reads CIDR notation or a single address. Host bits are cleared;
// an IPv4-mapped prefix becomes the IPv4 prefix in it.
func parsePrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		a, ok := parseAddress(text)
		if !ok {
			return netip.Prefix{}, false
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// timeLayouts are the date notations that time modifiers read.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// datePart returns the part of the date in text, in the zone it is written in.
func datePart(part timePart, text string) (number, bool) {
	text = strings.TrimSpace(text)
	if len(text) < 10 || len(text) > 48 {
		return number{}, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return number{i: int64(part.of(t)), f: float64(part.of(t)), isInt: true}, true
		}
	}
	return number{}, false
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
