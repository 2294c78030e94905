package sigma

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/yamltree"
)

// reading evaluates the text of a rule on an event as the specification reads,
// with nothing of the parser: it is to the parser what MatchNaive is to the
// plan. It takes only rules that the parser accepts. Strings become regular
// expressions.
type reading struct {
	selections []yamltree.Entry
	conditions []string
	holders    map[string][]string // placeholders
	compiled   map[string]*regexp.Regexp

	ev   *event.Event
	find func(field string) *event.Value
}

// readRule reads the detection of a rule document.
func readRule(doc *yamltree.Node) *reading {
	r := &reading{holders: testLoader().Placeholders, compiled: map[string]*regexp.Regexp{}}
	for _, e := range doc.Get("detection").Entries {
		if e.Key != "condition" {
			r.selections = append(r.selections, e)
			continue
		}
		r.conditions = doc.Get("detection").Strs("condition")
	}
	return r
}

// readVerdicts gives the verdicts of a reading in the notation of the cases.
func readVerdicts(t *testing.T, rule, events string) string {
	docs, err := yamltree.Parse([]byte(rule))
	if err != nil {
		t.Fatal(err)
	}
	r := readRule(docs[0])
	out := ""
	for _, text := range strings.Split(events, "\n=> ") {
		ev := parseEvent(t, text)
		out += map[bool]string{true: "match\n", false: "no\n"}[r.holds(&ev, nil)]
	}
	return out
}

// holds evaluates the rule; without names fields are called as in the rule.
func (r *reading) holds(ev *event.Event, names func(field string) []string) bool {
	r.ev = ev
	r.find = func(field string) *event.Value {
		list := []string{strings.ReplaceAll(field, " ", "")}
		if names != nil {
			list = names(list[0])
		}
		for _, name := range list {
			for _, strip := range []string{"", " "} {
				for i := range ev.Native {
					if strings.ReplaceAll(ev.Native[i].Name, strip, "") == name {
						return &ev.Native[i].Value
					}
				}
			}
		}
		return nil
	}
	return slices.ContainsFunc(r.conditions, func(text string) bool {
		c := conditionReading{r: r, words: strings.Fields(
			strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))}
		return c.or()
	})
}

// conditionReading evaluates a condition while it reads it.
type conditionReading struct {
	r     *reading
	words []string
}

func (c *conditionReading) next(word string) bool {
	if len(c.words) == 0 || !strings.EqualFold(c.words[0], word) {
		return false
	}
	c.words = c.words[1:]
	return true
}

func (c *conditionReading) or() bool {
	v := c.and()
	for c.next("or") {
		v = c.and() || v
	}
	return v
}

func (c *conditionReading) and() bool {
	v := c.not()
	for c.next("and") {
		v = c.not() && v
	}
	return v
}

func (c *conditionReading) not() bool {
	if c.next("not") {
		return !c.not()
	}
	if c.next("(") {
		v := c.or()
		c.next(")")
		return v
	}
	word := c.words[0]
	c.words = c.words[1:]
	if !c.next("of") {
		return c.r.count(func(name string) bool { return name == word })[1] == 1
	}
	pattern := c.words[0]
	c.words = c.words[1:]
	fits := regexp.MustCompile(
		"^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
	counts := c.r.count(func(name string) bool {
		if strings.EqualFold(pattern, "them") {
			return !strings.HasPrefix(name, "_")
		}
		return fits.MatchString(name)
	})
	switch n, _ := strconv.Atoi(word); {
	case strings.EqualFold(word, "all"):
		return counts[0] == counts[1]
	default:
		return counts[1] >= max(n, 1) // "any" is 1
	}
}

// count returns how many selections are meant and how many of those hold.
func (r *reading) count(meant func(name string) bool) (counts [2]int) {
	for _, s := range r.selections {
		if meant(s.Key) {
			counts[0]++
			if r.selection(s.Val) {
				counts[1]++
			}
		}
	}
	return counts
}

// selection is a map (all items), a list (one member) or a keyword.
func (r *reading) selection(n *yamltree.Node) bool {
	switch n.Kind {
	case yamltree.Map:
		for _, e := range n.Entries {
			parts := strings.Split(e.Key, "|")
			if !r.item(parts[0], parts[1:], e.Val) {
				return false
			}
		}
		return true
	case yamltree.List:
		return slices.ContainsFunc(n.Items, r.selection)
	}
	return r.item("", nil, n)
}

// item is a field with modifiers and values: one holds, with all or neq all.
func (r *reading) item(field string, mods []string, n *yamltree.Node) bool {
	values := n.Items
	if n.Kind != yamltree.List {
		values = []*yamltree.Node{n}
	}
	held := 0
	for _, v := range values {
		if r.value(field, mods, v) {
			held++
		}
	}
	if slices.Contains(mods, "all") || slices.Contains(mods, "neq") {
		return held == len(values)
	}
	return held > 0
}

// value is one value; neq turns it round, between fields only if both have a
// value.
func (r *reading) value(field string, mods []string, v *yamltree.Node) bool {
	if !slices.Contains(mods, "neq") {
		return r.positive(field, mods, v)
	}
	if slices.Contains(mods, "fieldref") && (r.isNull(r.find(field)) || r.isNull(r.find(v.Text))) {
		return false
	}
	return !r.positive(field, mods, v)
}

func (r *reading) isNull(v *event.Value) bool {
	if v != nil && v.Kind == event.List {
		return slices.ContainsFunc(v.Items, func(item event.Value) bool { return r.isNull(&item) })
	}
	return v == nil || v.Kind == event.Null
}

// texts are all texts of a field, or of the event.
func (r *reading) texts(field string) []string {
	var all []string
	var add func(v event.Value)
	add = func(v event.Value) {
		for _, item := range v.Items {
			add(item)
		}
		if v.Kind != event.Null && v.Kind != event.List {
			all = append(all, v.Text)
		}
	}
	if field != "" {
		if v := r.find(field); v != nil {
			add(*v)
		}
		return all
	}
	for _, f := range r.ev.Native {
		add(f.Value)
	}
	return all
}

func (r *reading) positive(field string, mods []string, v *yamltree.Node) bool {
	has := func(m string) bool { return slices.Contains(mods, m) }
	any := func(test func(text string) bool) bool {
		return slices.ContainsFunc(r.texts(field), test)
	}
	switch {
	case has("exists"):
		return (r.find(field) != nil) == (v.Text == "true")
	case v.Kind == yamltree.Null:
		return r.isNull(r.find(field))
	case has("re"):
		return any(r.expression(mods, v.Text).MatchString)
	case has("cidr"):
		network, _ := parsePrefix(v.Text)
		return any(func(text string) bool { return naiveInNetwork(network, text) })
	case has("fieldref"):
		return any(func(text string) bool {
			return slices.ContainsFunc(r.texts(v.Text), func(other string) bool {
				return r.string(mods, placed(mods, literal(other))).MatchString(text)
			})
		})
	}
	for _, part := range []string{"minute", "hour", "day", "week", "month", "year"} {
		if has(part) {
			return any(func(text string) bool {
				n := naiveDatePart(timeParts[part], text)
				return n != nil && compared3(mods, n.Cmp(naiveNumber(v.Text)))
			})
		}
	}
	if has("lt") || has("lte") || has("gt") || has("gte") {
		return any(func(text string) bool {
			n := naiveNumber(text)
			return n != nil && compared3(mods, n.Cmp(naiveNumber(v.Text)))
		})
	}
	return slices.ContainsFunc(r.spelled(mods, v.Text), func(s []sign) bool {
		if field == "" {
			s = slices.Concat([]sign{{wild: '*'}}, s, []sign{{wild: '*'}})
		}
		return any(r.string(mods, s).MatchString)
	})
}

// compared3 is what the comparison in the chain says of c, equal for none.
func compared3(mods []string, c int) bool {
	for _, m := range mods {
		switch m {
		case "lt":
			return c < 0
		case "lte":
			return c <= 0
		case "gt":
			return c > 0
		case "gte":
			return c >= 0
		}
	}
	return c == 0
}

// expression is a value under re.
func (r *reading) expression(mods []string, text string) *regexp.Regexp {
	for _, m := range mods {
		switch m {
		case "startswith":
			text = `\A(?:` + text + ")"
		case "endswith":
			text = "(?:" + text + `)\z`
		case "i", "m", "s":
			text = "(?" + m + ":" + text + ")"
		}
	}
	return r.compile(text)
}

func (r *reading) compile(text string) *regexp.Regexp {
	if r.compiled[text] == nil {
		r.compiled[text] = regexp.MustCompile(text)
	}
	return r.compiled[text]
}

// sign is a character of a value, or with wild set *, ? or - (any dash).
type sign struct {
	char rune
	wild byte
}

func literal(text string) []sign {
	var out []sign
	for _, c := range text {
		out = append(out, sign{char: c})
	}
	return out
}

// escaped are the escapes of the specification, longest first.
var escaped = regexp.MustCompile(`\\\\|\\\*|\\\?|\*|\?|(?s:.)`)

// signs reads wildcards and escapes.
func signs(text string) []sign {
	var out []sign
	for _, s := range escaped.FindAllString(text, -1) {
		switch {
		case s == "*" || s == "?":
			out = append(out, sign{wild: s[0]})
		case len(s) == 2 && s[0] == '\\':
			out = append(out, sign{char: rune(s[1])})
		default:
			out = append(out, literal(s)...)
		}
	}
	return out
}

// spelled applies the chain to a value, in order, once for each combination of
// placeholder values.
func (r *reading) spelled(mods []string, text string) [][]sign {
	all := [][]sign{signs(text)}
	if slices.Contains(mods, "expand") {
		all = nil
		for _, v := range r.expand(text) {
			all = append(all, signs(v))
		}
	}
	for _, m := range mods {
		var next [][]sign
		for _, s := range all {
			next = append(next, modified(m, s)...)
		}
		all = next
	}
	return all
}

// expand puts in the values of placeholders, from the left.
func (r *reading) expand(text string) []string {
	at := regexp.MustCompile(`^((?:\\.|[^%\\])*(?:%%)*)%(\w+)%`).FindStringSubmatch(text)
	if at == nil {
		return []string{strings.ReplaceAll(text, `\%`, "%")}
	}
	var out []string
	for _, v := range r.holders[at[2]] {
		for _, rest := range r.expand(text[len(at[0]):]) {
			out = append(out, strings.ReplaceAll(at[1], `\%`, "%")+v+rest)
		}
	}
	return out
}

// placed applies the placing modifiers only.
func placed(mods []string, s []sign) []sign {
	for _, m := range mods {
		if m == "contains" || m == "startswith" || m == "endswith" {
			s = modified(m, s)[0]
		}
	}
	return s
}

// modified applies one modifier.
func modified(m string, s []sign) [][]sign {
	star := []sign{{wild: '*'}}
	switch m {
	case "contains":
		return [][]sign{slices.Concat(star, s, star)}
	case "startswith":
		return [][]sign{slices.Concat(s, star)}
	case "endswith":
		return [][]sign{slices.Concat(star, s)}
	case "windash":
		return [][]sign{dashed(s)}
	case "wide", "utf16le", "utf16be", "utf16", "base64", "base64offset":
		var out [][]sign
		for _, s := range withDashes(s) {
			out = append(out, encoded(m, s)...)
		}
		return out
	}
	return [][]sign{s}
}

// encoded applies one of the modifiers that encode.
func encoded(m string, s []sign) [][]sign {
	text := ""
	for _, c := range s {
		if text += string(c.char); c.char >= byteSign {
			text = text[:len(text)-len("\uFFFD")] + string([]byte{byte(c.char - byteSign)})
		}
	}
	switch m {
	case "base64":
		return [][]sign{literal(base64.StdEncoding.EncodeToString([]byte(text)))}
	case "base64offset":
		var out [][]sign
		for offset := range 3 {
			if v := invariant(text, offset); v != "" {
				out = append(out, literal(v))
			}
		}
		return out
	}
	return [][]sign{widened(m, s)}
}

var wordSign = regexp.MustCompile(`^[\pL\pN_]$`)

// dashed marks the dashes that begin an argument: before a word character and
// not after one.
func dashed(s []sign) []sign {
	out := slices.Clone(s)
	word := func(i int) bool {
		return i >= 0 && i < len(s) && s[i].wild == 0 && wordSign.MatchString(string(s[i].char))
	}
	for i := range s {
		if s[i].wild == 0 && strings.ContainsRune("-/–—―", s[i].char) && word(i+1) && !word(i-1) {
			out[i] = sign{wild: '-'}
		}
	}
	return out
}

// withDashes spells out marked dashes.
func withDashes(s []sign) [][]sign {
	out := [][]sign{nil}
	for _, c := range s {
		choices := []sign{c}
		if c.wild == '-' {
			choices = literal("-/–—―")
		}
		var next [][]sign
		for _, o := range out {
			for _, choice := range choices {
				next = append(next, append(slices.Clip(o), choice))
			}
		}
		out = next
	}
	return out
}

// byteSign plus a byte is the sign of a byte that is no character.
const byteSign = 0x200000

// widened writes characters as the bytes of UTF-16.
func widened(m string, s []sign) []sign {
	var out []sign
	put := func(b byte) {
		c := rune(b)
		if b >= 0x80 {
			c += byteSign
		}
		out = append(out, sign{char: c})
	}
	if m == "utf16" && slices.ContainsFunc(s, func(c sign) bool { return c.wild == 0 }) {
		put(0xFF)
		put(0xFE)
	}
	for _, c := range s {
		if c.wild != 0 {
			out = append(out, c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c.char}) {
			high, low := byte(unit>>8), byte(unit)
			if m == "utf16be" {
				put(high)
				put(low)
				continue
			}
			put(low)
			put(high)
		}
	}
	return out
}

// invariant is what the encodings of text after offset bytes have in common,
// found by encoding it among zeros and among ones.
func invariant(text string, offset int) string {
	among := func(b byte) string {
		fill := func(n int) string { return strings.Repeat(string([]byte{b}), n) }
		return base64.StdEncoding.EncodeToString([]byte(fill(offset) + text + fill(3)))
	}
	zeros, ones := among(0), among(0xFF)
	from := (offset*8 + 5) / 6 // characters that begin in what stands before
	to := (offset*8 + len(text)*8) / 6
	if from >= to || zeros[from:to] != ones[from:to] {
		return ""
	}
	return zeros[from:to]
}

// string is a value as a regular expression.
func (r *reading) string(mods []string, s []sign) *regexp.Regexp {
	var b strings.Builder
	for _, c := range s {
		switch c.wild {
		case '*':
			b.WriteString("(?s:.*)")
		case '?':
			b.WriteString("(?s:.)")
		case '-':
			b.WriteString("[-/–—―]")
		default:
			fmt.Fprintf(&b, `\x{%x}`, c.char)
		}
	}
	if slices.Contains(mods, "cased") {
		return r.compile(`\A` + b.String() + `\z`)
	}
	return r.compile(`(?i)\A` + b.String() + `\z`)
}
