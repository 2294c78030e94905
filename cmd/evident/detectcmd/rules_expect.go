package detectcmd

import (
	"errors"
	"fmt"
	"os"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/sigma"
)

type testCmd struct {
	loadFlags
	Corpus     []string `placeholder:"PATH" type:"path" help:"What expectations.yml is about; default is the folder that it is in."`
	Unexpected string   `enum:",fail,warn,ignore" default:"" help:"What a finding without an expectation is; default is what expectations.yml says."`
	Strict     bool     `help:"Firing more often than match_count of info.yml is a failure."`
	JUnit      string   `name:"junit" placeholder:"FILE" type:"path" help:"Write a JUnit report there."`
	JSON       bool     `help:"One JSON object a line."`
	Verbose    bool     `short:"v" help:"List the tests that pass, too."`
	Paths      []string `arg:"" optional:"" name:"path" type:"path" help:"Tests, or folders with them; default is the folders of --rules."`
}

// Help shows an example.
func (testCmd) Help() string {
	return "Example:\n  evident rules test --rules my-rules --junit report.xml\n" +
		"  evident rules test --rules sigma/rules sigma/regression_data\n" +
		"  evident rules test --rules my-rules --corpus logs/ ci/expectations.yml"
}

// Run exits 1 when a test fails or cannot be read.
func (c *testCmd) Run(e *console.Env) error {
	set, err := c.load()
	if err != nil {
		return err
	}
	tellRejected(e, len(set.Rejected))
	paths := c.Paths
	if len(paths) == 0 {
		paths = c.Rules
	}
	if len(paths) == 0 {
		return errors.New("test rules: name rules with --rules, or files with tests")
	}
	suites, problems := ruletest.Discover(ruletest.Sources{Paths: paths, Corpus: c.Corpus})
	for _, p := range problems {
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(p.Error()))
	}
	results, err := c.run(e, set, suites)
	if err != nil {
		return err
	}
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, results); err != nil {
			return err
		}
	}
	if err := c.print(e, results); err != nil {
		return err
	}
	if len(problems) > 0 || countStatus(results, ruletest.Failed) > 0 {
		return console.ErrWrong
	}
	return nil
}

func (c *testCmd) run(
	e *console.Env, set *sigma.RuleSet, suites []*ruletest.Suite,
) ([]ruletest.Result, error) {
	judge, err := newTestJudge(e, set)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, s := range suites {
		total += int64(len(s.Cases))
	}
	b := console.NewBar(e.Stderr, "test")
	defer b.Clear()
	runner := ruletest.Runner{Rules: set, Judge: judge, Strict: c.Strict}
	var out []ruletest.Result
	for _, s := range suites {
		if c.Unexpected != "" && len(s.Corpus) > 0 {
			s.Unexpected = ruletest.Policy(c.Unexpected)
		}
		results, err := runner.Run(e.Context, s)
		if err != nil {
			return nil, err
		}
		out = append(out, results...)
		b.Set(int64(len(out)), total, fmt.Sprintf("%d of %d tests", len(out), total))
	}
	return out, nil
}

func countStatus(results []ruletest.Result, status ruletest.Status) int {
	n := 0
	for i := range results {
		if results[i].Status == status {
			n++
		}
	}
	return n
}

func writeJUnit(path string, results []ruletest.Result) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return errors.Join(ruletest.WriteJUnit(f, results), f.Close())
}

func (c *testCmd) print(e *console.Env, results []ruletest.Result) error {
	for i := range results {
		r := &results[i]
		if c.JSON {
			if err := console.JSONLine(e.Stdout, r); err != nil {
				return err
			}
			continue
		}
		if r.Status == ruletest.Passed && r.Text == "" && !c.Verbose {
			continue
		}
		name := r.Title
		if name == "" {
			name = r.Rule
		}
		text := fmt.Sprintf("%s %s: %s: %s", r.Status, r.Place, name, r.Name)
		if r.Text != "" {
			text += ": " + r.Text
		}
		fmt.Fprintln(e.Stdout, console.Plain(text))
	}
	passed, failed := countStatus(results, ruletest.Passed), countStatus(results, ruletest.Failed)
	skipped, warned := countStatus(results, ruletest.Skipped), countStatus(results, ruletest.Warned)
	if c.JSON {
		return console.JSONLine(e.Stdout, map[string]any{"summary": map[string]int{
			"passed": passed, "failed": failed, "skipped": skipped, "warned": warned,
		}})
	}
	fmt.Fprintf(e.Stdout, "%s passed, %d failed", printable.Count(passed, "test"), failed)
	if skipped > 0 {
		fmt.Fprintf(e.Stdout, ", %d skipped", skipped)
	}
	if warned > 0 {
		fmt.Fprintf(e.Stdout, ", %d unexpected", warned)
	}
	fmt.Fprintln(e.Stdout)
	return nil
}
