package detectcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/report"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
)

type tuneCmd struct {
	console.DataFlag
	spanFlags
	loadFlags
	Finding  string   `placeholder:"UID" help:"A finding that is benign: its rule, and its event's values."`
	Rule     string   `placeholder:"RULE" help:"The rule to tune, where no finding is given."`
	Field    []string `placeholder:"FIELD" sep:"none" help:"Field of the benign pattern, with Sigma modifiers if wanted; repeatable, all must hold."`
	Value    []string `placeholder:"VALUE" sep:"none" help:"Its value, one for each --field; default is what the finding's event has."`
	Tests    []string `placeholder:"PATH" type:"path" help:"Where else to look for tests of the rule; repeatable."`
	Unproven bool     `help:"Write the filter although the rule has no positive test."`
	Out      string   `placeholder:"FILE" type:"path" help:"Write the filter there; default is standard output."`
	JSON     bool     `help:"One JSON object instead of text."`
}

// Help shows an example.
func (tuneCmd) Help() string {
	return "Example:\n  evident rules tune --data /tmp/case1 --rules my-rules --finding F-0123456789abcdef " +
		"--field User --out my-rules/tuning/backup.yml"
}

// tuning is a filter on trial.
type tuning struct {
	rule   found
	fields []string
	values []string
	paths  []string // of the rules

	ID, Text string
	proof    tuningProof
}

// tuningProof is what the filter was seen to do.
type tuningProof struct {
	Rule     string   `json:"rule"`
	Filter   string   `json:"filter"`
	Tests    int      `json:"positive_tests"` // that the rule passes and that still pass
	Lost     []string `json:"lost_tests"`     // that the filter would hide
	Hits     int      `json:"hits"`           // in the past
	Hidden   int      `json:"hidden"`         // of these, by the filter
	Serious  []string `json:"hidden_in_incidents"`
	Hosts    []string `json:"hidden_on_hosts"`
	Examples []string `json:"hidden_examples"`
	Written  bool     `json:"written"`
	Reason   string   `json:"reason,omitempty"` // why it was not
}

// Run makes the filter, tries it and writes it if it hides no test.
func (c *tuneCmd) Run(e *console.Env) error {
	if err := c.check(); err != nil {
		return err
	}
	n, err := openPast(e, c.order())
	if err != nil {
		return err
	}
	t, err := c.try(e, n)
	if err = errors.Join(err, n.Close()); err != nil {
		return err
	}
	c.decide(&t.proof)
	if t.proof.Written {
		if err := c.write(e, t.Text); err != nil {
			return err
		}
	}
	if err := c.print(e, &t.proof); err != nil {
		return err
	}
	if !t.proof.Written {
		return console.ErrWrong
	}
	return nil
}

func (c *tuneCmd) check() error {
	switch {
	case (c.Finding == "") == (c.Rule == ""):
		return errors.New("tune rule: give --finding or --rule")
	case c.Rule != "" && len(c.Field) == 0:
		return errors.New("tune rule: say what is benign, with --field and --value")
	case len(c.Value) > len(c.Field) || c.Rule != "" && len(c.Value) != len(c.Field):
		return errors.New("tune rule: give one --value for each --field")
	}
	if c.Out == "" {
		return nil
	}
	if _, err := os.Lstat(c.Out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("tune rule: %s is there already; name a new file", c.Out)
	}
	return nil
}

func (c *tuneCmd) order() pastOrder {
	return pastOrder{
		dir: c.Dir(), command: "evident rules tune", operation: "tune-rule", span: c.spanFlags,
		detail: fmt.Sprintf("rule %q finding %q fields %q", c.Rule, c.Finding, c.Field),
	}
}

// try makes the filter and finds out what it does.
func (c *tuneCmd) try(e *console.Env, n *node.Node) (*tuning, error) {
	t := &tuning{fields: c.Field, values: c.Value, paths: c.Rules}
	if len(t.paths) == 0 {
		var err error
		if t.paths, err = n.RulesOfLast(); err != nil {
			return nil, err
		}
		c.Rules = t.paths
	}
	before, err := c.load()
	if err != nil {
		return nil, err
	}
	if err := c.pattern(e, n, before, t); err != nil {
		return nil, err
	}
	f := ruletest.Filter{Rule: t.rule.rule, Fields: t.fields, Values: t.values}
	t.Text, t.ID = f.Text()
	after, err := c.filtered(t)
	if err != nil {
		return nil, err
	}
	t.proof = tuningProof{
		Rule: ruletest.Key(t.rule.Meta), Filter: t.ID,
		Lost: []string{}, Serious: []string{}, Hosts: []string{}, Examples: []string{},
	}
	if err := c.proveTests(e, t, before, after); err != nil {
		return nil, err
	}
	return t, c.proveHits(e, n, t, before, after)
}

// pattern finds the rule and the values that are benign.
func (c *tuneCmd) pattern(e *console.Env, n *node.Node, set *sigma.RuleSet, t *tuning) (err error) {
	name := c.Rule
	var f state.Finding
	if c.Finding != "" {
		if f, err = n.State().Finding(e.Context, c.Finding); err != nil {
			return err
		}
		name = f.Rule
		if name == "" {
			name = f.Title
		}
	}
	if t.rule, err = findRule(set, name); err != nil {
		return err
	}
	if t.rule.rule == nil {
		return fmt.Errorf("tune rule: %s is a correlation; filters concern the rules that it correlates",
			place(t.rule.Meta))
	}
	if c.Finding == "" {
		return nil
	}
	return c.valuesOf(e, n, &f, t)
}

// valuesOf takes the values that are not given from the finding's event.
func (c *tuneCmd) valuesOf(e *console.Env, n *node.Node, f *state.Finding, t *tuning) error {
	if len(t.fields) == 0 {
		body, err := report.Body(f)
		if err != nil {
			return err
		}
		var names []string
		for name, value := range report.Evidence(body).Matched {
			names = append(names, fmt.Sprintf("%s=%q", name, console.Short(value)))
		}
		slices.Sort(names)
		return fmt.Errorf("tune rule: say with --field what of the event is benign; the rule looked at %s",
			strings.Join(names, " "))
	}
	ev, _, err := n.Original(e.Context, console.SystemCaller(), f.Event)
	if err != nil {
		return err
	}
	plan, err := node.CompilePlan(&sigma.RuleSet{Rules: []*sigma.Rule{t.rule.rule}})
	if err != nil {
		return err
	}
	m := plan.Matcher()
	m.Match(ev)
	for len(t.values) < len(t.fields) {
		field, _, _ := strings.Cut(t.fields[len(t.values)], "|")
		texts := m.Values(t.rule.rule, field)
		if len(texts) != 1 {
			return fmt.Errorf("tune rule: the event of %s has %d values of %q; give --value", f.UID,
				len(texts), field)
		}
		t.values = append(slices.Clone(t.values), texts[0])
	}
	return nil
}

// filtered loads the rules with the filter beside them.
func (c *tuneCmd) filtered(t *tuning) (*sigma.RuleSet, error) {
	dir, err := os.MkdirTemp("", "evident-tune-")
	if err != nil {
		return nil, fmt.Errorf("try filter: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "filter.yml")
	if err := os.WriteFile(file, []byte(t.Text), 0o600); err != nil {
		return nil, fmt.Errorf("try filter: %w", err)
	}
	with := c.loadFlags
	with.Rules = append(slices.Clone(t.paths), file)
	set, err := with.load()
	if err != nil {
		return nil, err
	}
	for _, r := range set.Rejected {
		if r.File == file {
			return nil, fmt.Errorf("try filter: %s", r.Reason)
		}
	}
	for _, f := range set.Filters {
		if f.File != file {
			continue
		}
		for _, r := range f.Applied {
			if ruletest.Key(&r.Meta) == ruletest.Key(t.rule.Meta) {
				return set, nil
			}
		}
		return nil, fmt.Errorf("try filter: it does not reach the rule: %s",
			strings.Join(f.Warnings, "; "))
	}
	return nil, errors.New("try filter: it was not loaded")
}

// proveTests runs the rule's positive tests without and with the filter.
func (c *tuneCmd) proveTests(e *console.Env, t *tuning, before, after *sigma.RuleSet) error {
	suites, problems := ruletest.Discover(ruletest.Sources{
		Paths: append(slices.Clone(t.paths), c.Tests...),
	})
	for _, p := range problems {
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(p.Error()))
	}
	old, err := runPositive(e, t, before, suites)
	if err != nil {
		return err
	}
	now, err := runPositive(e, t, after, suites)
	if err != nil {
		return err
	}
	for i := range old {
		switch {
		case old[i].Status != ruletest.Passed:
		case now[i].Fired < old[i].Fired:
			t.proof.Lost = append(t.proof.Lost, old[i].Place+": "+old[i].Name)
		default:
			t.proof.Tests++
		}
	}
	return nil
}

// runPositive runs the tests in which the rule must fire.
func runPositive(
	e *console.Env, t *tuning, set *sigma.RuleSet, suites []*ruletest.Suite,
) ([]ruletest.Result, error) {
	judge, err := newTestJudge(e, only(set, t.rule.Meta))
	if err != nil {
		return nil, err
	}
	runner := ruletest.Runner{Rules: set, Judge: judge}
	var out []ruletest.Result
	for _, s := range suites {
		one := &ruletest.Suite{File: s.File, Unexpected: ruletest.PolicyIgnore}
		for _, about := range s.Cases {
			if about.Want.Least > 0 && runner.About(&about) == ruletest.Key(t.rule.Meta) {
				one.Cases = append(one.Cases, about)
			}
		}
		results, err := runner.Run(e.Context, one)
		if err != nil {
			return nil, err
		}
		out = append(out, results...)
	}
	return out, nil
}

// only is the set with the one rule.
func only(set *sigma.RuleSet, m *sigma.Meta) *sigma.RuleSet {
	out := &sigma.RuleSet{}
	for _, r := range set.Rules {
		if ruletest.Key(&r.Meta) == ruletest.Key(m) {
			r.Silent = false
			out.Rules = append(out.Rules, r)
		}
	}
	return out
}

// proveHits judges the past without and with the filter.
func (c *tuneCmd) proveHits(
	e *console.Env, n *node.Node, t *tuning, before, after *sigma.RuleSet,
) error {
	s, err := newScan(only(before, t.rule.Meta))
	if err != nil {
		return err
	}
	plan, err := node.CompilePlan(only(after, t.rule.Meta))
	if err != nil {
		return err
	}
	s.other, s.from, s.to = detect.New(plan), c.From, c.To
	b := console.NewBar(e.Stderr, "tune")
	defer b.Clear()
	in := pastOf(n, c.order())
	in.progress = func(done, total int64) { b.Set(done, total, s.rate(b.Began())) }
	var hidden []state.Finding
	err = s.run(e.Context, in, func(j *judged) error {
		kept := map[string]bool{}
		for i := range j.others {
			kept[j.others[i].UID] = true
		}
		t.proof.Hits += len(j.findings)
		for i := range j.findings {
			if !kept[j.findings[i].UID] {
				hidden = append(hidden, j.findings[i])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.proof.tell(e, n, hidden)
}
