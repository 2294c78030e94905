package sigma

import (
	"cmp"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// maxExponent bounds the powers of ten that numbers are written with.
const maxExponent = 400

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
	if err != nil || math.IsInf(f, 0) || !smallExponent(text) {
		return number{}, false
	}
	return number{text: text, f: f}, true
}

// smallExponent reports whether the exponent is one that a float64 may have, so
// that exact stays small.
func smallExponent(text string) bool {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return true
	}
	e, err := strconv.Atoi(text[at+1:])
	return err == nil && -maxExponent <= e && e <= maxExponent
}

// compare returns -1, 0 or 1, exactly: only numbers that are the same float64
// need all their digits.
func (n number) compare(other number) int {
	switch {
	case n.isInt && other.isInt:
		return cmp.Compare(n.i, other.i)
	case n.f != other.f:
		return cmp.Compare(n.f, other.f)
	}
	return n.exact().Cmp(other.exact())
}

// exact returns the number with all its digits.
func (n number) exact() *big.Rat {
	if n.isInt {
		return new(big.Rat).SetInt64(n.i)
	}
	r, _ := new(big.Rat).SetString(n.text) // parseNumber took it
	return r
}

// holds reports whether a op b.
func (op compareOp) holds(a, b number) bool {
	c := a.compare(b)
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
