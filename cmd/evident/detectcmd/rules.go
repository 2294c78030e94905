package detectcmd

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/sigma"
)

type Rules struct {
	Check    checkCmd    `cmd:"" help:"Say which rules cannot be loaded, and what is doubtful in the others."`
	List     listCmd     `cmd:"" help:"List the rules that would judge."`
	Explain  explainCmd  `cmd:"" help:"Say why a rule matches an event or does not, condition by condition."`
	Test     testCmd     `cmd:"" help:"Run the expectations beside rules."`
	Backtest backtestCmd `cmd:"" help:"Try rules on the past of a data folder before they go live."`
	Tune     tuneCmd     `cmd:"" help:"Write a filter that silences a benign pattern, and prove what it hides."`
	Coverage coverageCmd `cmd:"" help:"Show the ATT&CK techniques that rules look for, and which lack data."`
}

// found is a rule or correlation that a person named.
type found struct {
	*sigma.Meta
	rule        *sigma.Rule
	correlation *sigma.Correlation
}

// findRule finds a rule by its id or the beginning of it, its name, its title,
// or its file.
func findRule(set *sigma.RuleSet, name string) (found, error) {
	var all []found
	for _, r := range set.Rules {
		all = append(all, found{Meta: &r.Meta, rule: r})
	}
	for _, c := range set.Correlations {
		all = append(all, found{Meta: &c.Meta, correlation: c})
	}
	for _, fits := range []func(*sigma.Meta) bool{
		func(m *sigma.Meta) bool { return strings.EqualFold(m.ID, name) },
		func(m *sigma.Meta) bool { return m.Name == name },
		func(m *sigma.Meta) bool { return strings.EqualFold(m.Title, name) },
		func(m *sigma.Meta) bool { return m.File == name },
		func(m *sigma.Meta) bool {
			return len(name) >= 4 && strings.HasPrefix(m.ID, strings.ToLower(name))
		},
	} {
		var list []found
		for _, f := range all {
			if name != "" && fits(f.Meta) {
				list = append(list, f)
			}
		}
		switch len(list) {
		case 0:
		case 1:
			return list[0], nil
		default:
			return found{}, fmt.Errorf("find rule: %d rules are called %q, e.g. %s and %s; give the id",
				len(list), name, place(list[0].Meta), place(list[1].Meta))
		}
	}
	for _, r := range set.Rejected {
		if r.UID == name || r.Title == name || r.File == name {
			return found{}, fmt.Errorf("find rule: %s:%d was rejected: %s", r.File, r.Line, r.Reason)
		}
	}
	return found{}, fmt.Errorf("find rule: none is called %q; see evident rules list", name)
}

func place(m *sigma.Meta) string { return fmt.Sprintf("%s:%d", m.File, m.Line) }
