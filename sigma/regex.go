package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// maxRegexSteps bounds the program of one expression: an event's text is tried
// against it step by step. The largest of the public SigmaHQ set has 2,000.
const maxRegexSteps = 10_000

// compileRegex compiles the value in RE2 syntax with the chain's flags. A
// placing modifier anchors it; else it may match anywhere. It returns about how
// many steps the program has.
func compileRegex(c chain, text string) (*regexp.Regexp, int, error) {
	flags := ""
	for _, m := range c {
		if modifiers[m] == classFlag {
			flags += m
		}
	}
	switch c.place() {
	case "startswith":
		text = `\A(?:` + text + `)`
	case "endswith":
		text = `(?:` + text + `)\z`
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, fmt.Errorf("regular expression is not in RE2 syntax: %w", clipRegexError(err))
	}
	steps := regexSteps(tree)
	if steps > maxRegexSteps {
		return nil, 0, fmt.Errorf("regular expression has %d steps with its repetitions written out, "+
			"more than %d", steps, maxRegexSteps)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, 0, fmt.Errorf("compile regular expression: %w", clipRegexError(err))
	}
	return re, steps, nil
}

// clipRegexError shortens the expression that the error quotes.
func clipRegexError(err error) error {
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return &syntax.Error{Code: bad.Code, Expr: clip(bad.Expr, 100)}
	}
	return err
}

// regexSteps estimates the length of the program that the expression becomes.
func regexSteps(re *syntax.Regexp) int {
	inner := 0
	for _, sub := range re.Sub {
		inner += regexSteps(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpRepeat:
		return (inner + 1) * max(re.Min, re.Max, 1)
	case syntax.OpCharClass:
		return 1 + len(re.Rune)/16
	}
	return inner + 1
}
