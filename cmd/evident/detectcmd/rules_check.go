package detectcmd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/lint"
)

type checkCmd struct {
	loadFlags
	Lint   string `enum:"none,error,warning,info,hint" default:"warning" help:"Report issues of at least this severity; none for no lint."`
	FailOn string `enum:"none,error,warning,info,hint" default:"error" help:"Exit 1 for issues of at least this severity."`
	JSON   bool   `help:"One JSON object a line."`
}

// Help shows an example.
func (checkCmd) Help() string {
	return "Example:\n  evident rules check --rules sigma/rules --lint info"
}

// verdict is one line of rules check --json.
type verdict struct {
	File       string   `json:"file"`
	UID        string   `json:"uid"`
	Title      string   `json:"title"`
	Status     string   `json:"status"` // loaded, rejected or issue
	Kind       string   `json:"kind,omitempty"`
	Severity   string   `json:"severity,omitempty"` // of an issue
	Check      string   `json:"check,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	Hint       string   `json:"hint,omitempty"`
	Everywhere bool     `json:"everywhere,omitempty"`
	Warnings   []string `json:"warnings,omitempty"`
}

// Run exits 1 when a rule is rejected, or has an issue of --fail-on.
func (c *checkCmd) Run(e *console.Env) error {
	set, err := c.load()
	if err != nil {
		return err
	}
	if _, err := node.CompilePlan(set); err != nil { // says which are routed
		return err
	}
	issues, err := c.lint(set)
	if err != nil {
		return err
	}
	if c.JSON {
		err = c.printJSON(e, set, issues)
	} else {
		c.print(e, set, issues)
	}
	if err != nil {
		return err
	}
	fails := slices.ContainsFunc(issues, func(i lint.Issue) bool {
		return reaches(i.Severity, c.FailOn)
	})
	if len(set.Rejected) > 0 || fails {
		return console.ErrWrong
	}
	return nil
}

// reaches reports whether an issue is at least as severe as a flag asks.
func reaches(s lint.Severity, least string) bool {
	for _, want := range []lint.Severity{lint.Error, lint.Warning, lint.Info, lint.Hint} {
		if want.String() == least {
			return s <= want
		}
	}
	return false
}

// lint looks at the files that --rules names, and adds what loading them has
// shown: log sources that nobody knows, placeholders without values.
func (c *checkCmd) lint(set *sigma.RuleSet) ([]lint.Issue, error) {
	if c.Lint == "none" {
		return nil, nil
	}
	sources, err := node.Logsources()
	if err != nil {
		return nil, err
	}
	linter := lint.New(sources)
	var all []lint.Issue
	if err := c.lintStarter(linter); err != nil {
		return nil, err
	}
	err = eachRuleFile(c.Rules, func(path string) error {
		src, err := readSmall(path)
		if err != nil {
			return nil // the loader has said it
		}
		all = append(all, linter.File(path, src)...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	all = append(all, linter.Finish()...)
	out := c.relevant(all, set)
	slices.SortStableFunc(out, func(a, b lint.Issue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line)
	})
	return out, nil
}

// relevant leaves out what is not severe enough, and errors at places of which
// the rejection says the same.
func (c *checkCmd) relevant(all []lint.Issue, set *sigma.RuleSet) []lint.Issue {
	rejected := map[string]bool{}
	for _, r := range set.Rejected {
		rejected[fmt.Sprintf("%s:%d", r.File, r.Line)] = true
	}
	var out []lint.Issue
	for _, i := range all {
		said := i.Severity == lint.Error && rejected[fmt.Sprintf("%s:%d", i.File, i.Line)]
		if !reaches(i.Severity, c.Lint) || said {
			continue
		}
		if i.ID == "logsource-unknown" {
			i.Hint = "the rule runs on every event; " + i.Hint
		}
		out = append(out, i)
	}
	return out
}

// lintStarter lets the linter see the starter pack, which filters and
// correlations may refer to.
func (c *checkCmd) lintStarter(linter *lint.Linter) error {
	if c.NoStarter {
		return nil
	}
	return fs.WalkDir(rules.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(rules.FS, path)
		if err != nil {
			return fmt.Errorf("read starter rules: %w", err)
		}
		linter.File(path, src) // what it says of them is for their own test
		return nil
	})
}

// eachRuleFile visits the files that a Loader reads at the paths.
func eachRuleFile(paths []string, visit func(path string) error) error {
	var errs []error
	for _, root := range paths {
		errs = append(errs, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name := strings.ToLower(d.Name())
			ext := filepath.Ext(name)
			yaml := ext == ".yml" || ext == ".yaml"
			test := strings.HasSuffix(strings.TrimSuffix(name, ext), ".test")
			if path != root && (!yaml || test) {
				return nil
			}
			return visit(path)
		}))
	}
	return errors.Join(errs...)
}

func (c *checkCmd) print(e *console.Env, set *sigma.RuleSet, issues []lint.Issue) {
	for _, r := range set.Rejected {
		fmt.Fprintf(e.Stdout, "rejected %s:%d: %s\n", console.Plain(r.File), r.Line, console.Plain(r.Reason))
	}
	for _, i := range issues {
		fmt.Fprintln(e.Stdout, console.Plain(i.String()))
	}
	for _, v := range loadedOf(set) {
		if c.Lint == "none" {
			break
		}
		for _, w := range v.Warnings {
			fmt.Fprintf(e.Stdout, "%s: %s\n", console.Plain(v.File), console.Plain(w))
		}
	}
	loaded := len(set.Rules) + len(set.Correlations)
	fmt.Fprintf(e.Stdout, "%d rules loaded, %d rejected", loaded, len(set.Rejected))
	if n := len(set.Filters); n > 0 {
		fmt.Fprintf(e.Stdout, ", %d filters", n)
	}
	if text := countIssues(issues); text != "" {
		fmt.Fprintf(e.Stdout, "; %s", text)
	}
	fmt.Fprintln(e.Stdout)
}

// countIssues sums up by severity, worst first.
func countIssues(issues []lint.Issue) string {
	var parts []string
	for _, s := range []lint.Severity{lint.Error, lint.Warning, lint.Info, lint.Hint} {
		n := 0
		for _, i := range issues {
			if i.Severity == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, plural(s.String(), n)))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// loadedOf lists the documents that were loaded, with what is to be said of
// them.
func loadedOf(set *sigma.RuleSet) []verdict {
	var out []verdict
	add := func(kind string, m *sigma.Meta, everywhere bool) {
		out = append(out, verdict{
			File: m.File, UID: m.ID, Title: m.Title, Status: "loaded", Kind: kind,
			Everywhere: everywhere, Warnings: m.Warnings,
		})
	}
	for _, r := range set.Rules {
		add("detection", &r.Meta, !r.Routed && r.Logsource != (sigma.Logsource{}))
	}
	for _, c := range set.Correlations {
		add("correlation", &c.Meta, false)
	}
	for _, f := range set.Filters {
		add("filter", &f.Meta, false)
	}
	return out
}

func (c *checkCmd) printJSON(e *console.Env, set *sigma.RuleSet, issues []lint.Issue) error {
	lines := loadedOf(set)
	for _, r := range set.Rejected {
		lines = append(lines, verdict{
			File: fmt.Sprintf("%s:%d", r.File, r.Line), UID: r.UID, Title: r.Title,
			Status: "rejected", Reason: r.Reason,
		})
	}
	for _, i := range issues {
		lines = append(lines, verdict{
			File: fmt.Sprintf("%s:%d", i.File, i.Line), UID: i.UID, Status: "issue",
			Severity: i.Severity.String(), Check: i.ID, Reason: i.Message, Hint: i.Hint,
		})
	}
	for i := range lines {
		if err := console.JSONLine(e.Stdout, lines[i]); err != nil {
			return err
		}
	}
	return console.JSONLine(e.Stdout, map[string]any{"summary": map[string]int{
		"loaded": len(set.Rules) + len(set.Correlations), "filters": len(set.Filters),
		"rejected": len(set.Rejected), "issues": len(issues),
	}})
}
