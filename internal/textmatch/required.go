package textmatch

import (
	"regexp/syntax"
	"slices"
)

// Bounds on the literals of one expression.
const (
	maxLiterals    = 64
	maxLiteralRune = 9 // last less first rune of a range spelled out: ten digits
)

// Required returns the best set of folded literals for a syntax tree, nil for
// none.
func Required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{Fold(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return Required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return Required(re.Sub[0])
		}
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			set := Required(sub)
			if set == nil {
				return nil
			}
			out = append(out, set...)
		}
		return capSet(unique(out))
	case syntax.OpConcat:
		return requiredConcat(re.Sub)
	case syntax.OpCharClass:
		return spelledClass(re)
	}
	return nil
}

// requiredConcat joins neighbours whose whole text is known and returns the
// best set that results.
func requiredConcat(subs []*syntax.Regexp) []string {
	var best, run []string
	keep := func(set []string) {
		if better(set, best) {
			best = set
		}
	}
	for _, sub := range subs {
		if whole := complete(sub); whole != nil {
			if joined := cross(run, whole); joined != nil {
				run = joined
				continue
			}
		}
		if once := repeated(sub); once != nil { // at least one stands after run
			keep(cross(run, once))
			keep(run)
			run = once
			continue
		}
		keep(run)
		run = complete(sub)
		if run == nil {
			keep(Required(sub))
		}
	}
	keep(run)
	return best
}

// repeated returns the texts of which one or more stand where the tree does,
// nil where they are not known.
func repeated(re *syntax.Regexp) []string {
	if re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Min > 0 {
		return complete(re.Sub[0])
	}
	return nil
}

// complete returns all texts a tree matches, folded, when they are few.
func complete(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{Fold(string(re.Rune))}
	case syntax.OpCharClass:
		return spelledClass(re)
	case syntax.OpCapture:
		return complete(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			set := complete(sub)
			if set == nil {
				return nil
			}
			out = append(out, set...)
		}
		return capSet(unique(out))
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			if out = cross(out, complete(sub)); out == nil {
				return nil
			}
		}
		return out
	}
	return nil
}

// cross returns every text of a followed by every text of b, nil where they
// are too many.
func cross(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxLiterals/2 {
		return nil
	}
	var out []string
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return unique(out)
}

// spelledClass returns the members of a small character class, folded.
func spelledClass(re *syntax.Regexp) []string {
	var out []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i+1]-re.Rune[i] > maxLiteralRune {
			return nil
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if out = append(out, string(FoldRune(r))); len(out) > 2*maxLiteralRune {
				return nil
			}
		}
	}
	return unique(out)
}

func capSet(set []string) []string {
	if len(set) > maxLiterals {
		return nil
	}
	return set
}

// better reports whether a is more selective than b: its shortest literal is
// longer.
func better(a, b []string) bool {
	if len(a) == 0 || shortest(a) == 0 {
		return false
	}
	return len(b) == 0 || shortest(a) > shortest(b) || shortest(a) == shortest(b) && len(a) < len(b)
}

func shortest(set []string) int {
	n := len(set[0])
	for _, s := range set[1:] {
		n = min(n, len(s))
	}
	return n
}

// unique removes repeated texts, keeping the order.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
