package sigma

import (
	"math/big"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// holds tests one text.
func (n *naive) holds(p *predicate, text string) bool {
	switch p.kind {
	case predString:
		if _, known := n.runes[text]; !known {
			n.runes[text] = []rune(text)
		}
		return naiveGlob(p.pat, n.runes[text], p.cased)
	case predRegex:
		return p.re.MatchString(text)
	case predCIDR:
		return naiveInNetwork(p.prefix, text)
	case predNumber:
		v := naiveNumber(text)
		return v != nil && naiveCompare(p.op, v, naiveNumber(p.operand.text))
	case predTime:
		v := naiveDatePart(p.part, text)
		return v != nil && naiveCompare(p.op, v, naiveNumber(p.operand.text))
	}
	return false
}

// naiveRelated tests a text against that of the referenced field.
func naiveRelated(p *predicate, text, other string) bool {
	if !p.cased {
		text, other = naiveFold(text), naiveFold(other)
	}
	switch p.relation {
	case relStarts:
		return strings.HasPrefix(text, other)
	case relEnds:
		return strings.HasSuffix(text, other)
	case relContains:
		return strings.Contains(text, other)
	}
	return text == other
}

// naiveFold writes every character as the least of those that are the same to
// it under simple case folding.
func naiveFold(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, text)
}

func naiveEqual(a, b string) bool { return naiveFold(a) == naiveFold(b) }

// naiveGlob matches token by token: at holds the places in the text that the
// pattern so far may end at.
func naiveGlob(p pattern, text []rune, cased bool) bool {
	at := []int{0}
	for _, t := range p {
		switch t.kind {
		case tokenStar:
			first := at[0]
			at = at[:0]
			for i := first; i <= len(text); i++ {
				at = append(at, i)
			}
		case tokenOne:
			at = naiveStep(at, text, func(rune) bool { return true })
		case tokenDash:
			at = naiveStep(at, text, func(c rune) bool { return strings.ContainsRune("-/–—―", c) })
		default:
			for _, r := range t.text {
				at = naiveStep(at, text, func(c rune) bool { return sameRune(r, c, cased) })
			}
		}
		if len(at) == 0 {
			return false
		}
	}
	return at[len(at)-1] == len(text)
}

// naiveStep moves every place over one character, if it fits.
func naiveStep(at []int, text []rune, fits func(rune) bool) []int {
	moved := at[:0]
	for _, i := range at {
		if i < len(text) && fits(text[i]) {
			moved = append(moved, i+1)
		}
	}
	return moved
}

// sameRune compares two characters, under simple case folding unless cased.
func sameRune(a, b rune, cased bool) bool {
	if a == b || cased {
		return a == b
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}

// naiveInNetwork compares the bits of the prefix. An IPv4-mapped IPv6 address
// is the IPv4 address in it as well.
func naiveInNetwork(network netip.Prefix, text string) bool {
	text = strings.TrimSpace(text)
	v6 := strings.Contains(text, ":")
	if address, zone, cut := strings.Cut(text, "%"); cut && v6 && zone != "" {
		text = address
	}
	ip := net.ParseIP(text)
	if ip == nil {
		return false
	}
	base, bits := network.Addr().AsSlice(), network.Bits()
	if v6 && naiveSharedBits(base, ip.To16()) >= bits {
		return true
	}
	return ip.To4() != nil && naiveSharedBits(base, ip.To4()) >= bits
}

// naiveSharedBits counts the first bits that are equal, -1 for addresses of
// different families.
func naiveSharedBits(a, b []byte) int {
	if len(a) != len(b) {
		return -1
	}
	for i := range 8 * len(a) {
		if (a[i/8]^b[i/8])<<(i%8)&0x80 != 0 {
			return i
		}
	}
	return 8 * len(a)
}

// naiveDecimal is a number as Sigma's comparisons take it.
var naiveDecimal = regexp.MustCompile(`^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?$`)

// naiveNumber reads a number with all its digits, nil where text is none or
// beyond what a float64 holds.
func naiveNumber(text string) *big.Rat {
	text = strings.TrimSpace(text)
	parts := naiveDecimal.FindStringSubmatch(text)
	if parts == nil || len(text) > 64 {
		return nil
	}
	if e, err := strconv.Atoi(parts[1]); parts[1] != "" && (err != nil || max(e, -e) > maxExponent) {
		return nil
	}
	n, _ := new(big.Rat).SetString(text)
	if f, _ := n.Float64(); f-f != 0 { // infinite
		return nil
	}
	return n
}

// naiveCompare reports whether a op b.
func naiveCompare(op compareOp, a, b *big.Rat) bool {
	c := a.Cmp(b)
	return map[compareOp]bool{
		opEq: c == 0, opLt: c < 0, opLte: c <= 0, opGt: c > 0, opGte: c >= 0,
	}[op]
}

// naiveDate is a date of ISO 8601 with what may be missing of it.
var naiveDate = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)` + // the day, alone or
	`(?:[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:[.,]\d+)?)?` + // with a time
	`(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$`) // and a zone

// naiveDatePart reads a part of the date as it is written, nil where there is
// none.
func naiveDatePart(part timePart, text string) *big.Rat {
	text = strings.TrimSpace(text)
	parts := naiveDate.FindStringSubmatch(text)
	if parts == nil || len(text) > maxDateBytes {
		return nil
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(parts[i])
		return n
	}
	year, month, day := number(1), number(2), number(3)
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day || int(date.Month()) != month {
		return nil
	}
	_, week := date.ISOWeek()
	value := map[timePart]int{
		partYear: year, partMonth: month, partDay: day, partHour: number(4), partMinute: number(5),
		partWeek: week,
	}[part]
	return big.NewRat(int64(value), 1)
}
