package sigma

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// excused are the reasons for which a random rule may be refused.
var excused = []string{
	"cannot be encoded in base64", "too short for base64offset", "need base64 or base64offset",
	"three dashes at most", "placeholder %",
}

// parseRandom loads random documents; only an excuse may refuse one.
func parseRandom(t *rapid.T, src string) *RuleSet {
	l := Loader{Placeholders: map[string][]string{"u": {"a", "b*"}}}
	rs := l.Parse("random.yml", []byte(src))
	for _, r := range rs.Rejected {
		is := func(excuse string) bool { return strings.Contains(r.Reason, excuse) }
		if !slices.ContainsFunc(excused, is) {
			t.Fatalf("rejected: %+v\n%s", r, src)
		}
	}
	return rs
}

// TestPlanEqualsNaive: for random rules, filters and events, the plan and the
// oracle agree; one matcher sees several events, so stale state would show.
func TestPlanEqualsNaive(t *testing.T) {
	ls := logsources(t)
	rapid.Check(t, func(t *rapid.T) {
		g, src := newGen(t), ""
		for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
			src += drawRule(g, i)
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "filters") {
			src += drawFilter(g, i)
		}
		rs := parseRandom(t, src)
		p, err := Compile(rs, ls)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Matcher()
		for range 12 {
			ev := drawEvent(g)
			got, want := ids(rulesOf(m.Match(&ev))), ids(rs.MatchNaive(&ev, ls))
			if got != want {
				t.Fatalf("plan %q, oracle %q\nevent %+v\n%s", got, want, ev, src)
			}
		}
	})
}

// TestNaiveEqualsReading: for random rules and events, the oracle agrees with a
// reading of the document that shares nothing with the parser.
func TestNaiveEqualsReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGen(t)
		for range 4 {
			src := drawRule(g, 0)
			rs := parseRandom(t, src)
			docs, err := yamltree.Parse([]byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if len(rs.Rules) == 0 || rs.Rules[0].Unresolved != nil {
				continue
			}
			r := readRule(docs[0])
			r.holders = map[string][]string{"u": {"a", "b*"}}
			for range 15 {
				ev := drawEvent(g)
				got, want := len(rs.MatchNaive(&ev, nil)) == 1, r.holds(&ev, nil)
				if got != want {
					t.Fatalf("oracle %v, reading %v\nevent %+v\n%s", got, want, ev, src)
				}
			}
		}
	})
}

// TestPatternEqualsNaive: the glob matcher agrees with the table of reachable
// positions.
func TestPatternEqualsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ab\\*?é]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching("[abAB\\\\*?é\n]{0,12}").Draw(t, "text")
		p := parsePattern(value)
		got := p.mapText(textmatch.Fold).match([]byte(textmatch.Fold(text)))
		if want := naiveGlob(p, []rune(text), false); got != want {
			t.Fatalf("%q on %q: got %v, want %v", value, text, got, want)
		}
	})
}

// TestRegexEqualsStandard: the lazy automaton agrees with the regexp package.
func TestRegexEqualsStandard(t *testing.T) {
	automata := map[string]*textmatch.LazyDFA{}
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom(someRegexes).Draw(t, "regex")
		if rapid.Bool().Draw(t, "random") {
			expr = rapid.StringMatching(`(\\b|\^)?([ab]|\[ab\]\+|\(a\|b\)\*|\.|\\w\{2,3\}|\\B|\$)*`).Draw(t, "expr")
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			t.Skip(expr)
		}
		if automata[expr] == nil {
			automata[expr] = textmatch.NewLazyDFA(re)
		}
		text := rapid.StringMatching("[abxK é\n]{0,12}").Draw(t, "text")
		if got, want := automata[expr].Match(text), re.MatchString(text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", expr, text, got, want)
		}
		w := regexWitness(&predicate{kind: predRegex, re: re})
		if w.shape != shapeNone && re.MatchString(text) && !containsAny(textmatch.Fold(text), w.literals) {
			t.Fatalf("%q matches %q without any of %q", expr, text, w.literals)
		}
	})
}

func containsAny(text string, literals []string) bool {
	for _, l := range literals {
		if strings.Contains(text, l) {
			return true
		}
	}
	return false
}

// TestLiteralsFindsAll: the search reports exactly the literals that occur.
func TestLiteralsFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literals := rapid.SliceOfN(rapid.StringMatching("[abc]{1,4}"), 1, 12).Draw(t, "literals")
		text := rapid.StringMatching("[abcd]{0,20}").Draw(t, "text")
		var ids []int32
		for i := range literals {
			ids = append(ids, int32(i))
		}
		found := map[int32]bool{}
		for _, id := range textmatch.NewLiterals(literals, ids).AppendFind(nil, text) {
			found[id] = true
		}
		begins := map[int32]bool{}
		for _, id := range textmatch.NewTrie(literals, ids).AppendPrefixes(nil, []byte(text)) {
			begins[id] = true
		}
		for i, l := range literals {
			if found[int32(i)] != strings.Contains(text, l) {
				t.Fatalf("literals: %q in %q: got %v", l, text, found[int32(i)])
			}
			if begins[int32(i)] != strings.HasPrefix(text, l) {
				t.Fatalf("trie: %q begins %q: got %v", l, text, begins[int32(i)])
			}
		}
	})
}
