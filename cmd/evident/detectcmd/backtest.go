package detectcmd

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/report"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/sigma"
)

type backtestCmd struct {
	console.DataFlag
	spanFlags
	loadFlags
	selectFlags
	NoCompare bool `help:"Do not judge by the rules of today as well; takes half the time."`
	All       bool `help:"List rules without a hit, too."`
	JSON      bool `help:"One JSON object."`
}

// Help shows an example.
func (backtestCmd) Help() string {
	return "Example:\n  evident rules backtest --data /tmp/case1 --rules new-rules " +
		"--from 2026-11-01T00:00:00Z"
}

// Run judges the past by the rules of --rules and says how they would have
// fared. It changes nothing.
func (c *backtestCmd) Run(e *console.Env) error {
	if len(c.Rules) == 0 {
		return errors.New("backtest rules: name the rules to try with --rules")
	}
	set, err := c.load()
	if err != nil {
		return err
	}
	choice, err := c.choose()
	if err != nil {
		return err
	}
	for _, r := range set.Rejected {
		fmt.Fprintf(e.Stderr, "evident: rejected %s:%d: %s\n", console.Plain(r.File), r.Line, console.Plain(r.Reason))
	}
	order := pastOrder{
		dir: c.Dir(), command: "evident rules backtest", operation: "backtest", span: c.spanFlags,
		detail: fmt.Sprintf("rules %q", c.Rules),
	}
	n, err := openPast(e, order)
	if err != nil {
		return err
	}
	sum, err := c.backtest(e, n, pastOf(n, order), choice.apply(set))
	if err = errors.Join(err, n.Close()); err != nil {
		return err
	}
	if c.JSON {
		return console.JSONLine(e.Stdout, sum)
	}
	return report.Backtest(e.Stdout, e.Stderr, sum, c.All)
}

// backtest judges the input by the rules to try and by those of today.
func (c *backtestCmd) backtest(
	e *console.Env, n *node.Node, in *scanInput, set *sigma.RuleSet,
) (*ruletest.Report, error) {
	today, err := rulesOfToday(n)
	if err != nil {
		return nil, err
	}
	tried, tally := candidates(set, today, c.Rules)
	s, err := newScan(tried)
	if err != nil {
		return nil, err
	}
	if !c.NoCompare {
		plan, err := node.CompilePlan(today)
		if err != nil {
			return nil, err
		}
		s.other = detect.New(plan)
	}
	s.from, s.to = c.From, c.To
	var seen extent
	s.see = seen.add
	b := console.NewBar(e.Stderr, "backtest")
	defer b.Clear()
	in.progress = func(done, total int64) { b.Set(done, total, s.rate(b.Began())) }
	if err := s.run(e.Context, in, func(j *judged) error { return tallied(tally, j) }); err != nil {
		return nil, err
	}
	from, to, hosts := seen.bounds()
	return tally.Report(from, to, s.events.Load(), hosts), nil
}

// tallied counts what both sets found in an entry.
func tallied(tally *ruletest.Tally, j *judged) error {
	known := map[event.ID]bool{}
	for i := range j.others {
		known[j.others[i].Event] = true
		tally.Before(cmp.Or(j.others[i].Rule, j.others[i].Title))
	}
	for i := range j.findings {
		f := &j.findings[i]
		body, err := report.Body(f)
		if err != nil {
			return err
		}
		tally.Hit(ruletest.Hit{
			Key: cmp.Or(f.Rule, f.Title), Title: f.Title, Time: f.Time, Host: f.Host,
			Event: f.Event.String(), Matched: report.Evidence(body).Matched, Known: known[f.Event],
		})
	}
	return nil
}

// rulesOfToday loads the rules that the data folder was last judged by.
func rulesOfToday(n *node.Node) (*sigma.RuleSet, error) {
	paths, err := n.RulesOfLast()
	if err != nil {
		return nil, err
	}
	l := node.Loader()
	set, err := l.Load(paths...)
	if err != nil {
		return nil, fmt.Errorf("load the rules of today: %w", err)
	}
	return set, nil
}

// candidates leaves of a set what the paths hold and what filters among it
// change, and says how each compares with the rules of today.
func candidates(set, today *sigma.RuleSet, paths []string) (*sigma.RuleSet, *ruletest.Tally) {
	tally := &ruletest.Tally{}
	old, starter := versions(today), versions(&sigma.RuleSet{})
	l := node.Loader()
	if base, err := l.Load(); err == nil {
		starter = versions(base)
	}
	out := &sigma.RuleSet{Filters: set.Filters, Rejected: set.Rejected}
	now := versions(set)
	state := func(m *sigma.Meta) (ruletest.State, bool) {
		key := ruletest.Key(m)
		shipped := starter[key] == now[key] && !within(m.File, paths)
		switch was, ok := old[key]; {
		case !ok:
			return ruletest.StateNew, !shipped
		case was != now[key]:
			return ruletest.StateChanged, !shipped
		}
		return ruletest.StateSame, !shipped
	}
	for _, r := range set.Rules {
		if s, ok := state(&r.Meta); ok {
			out.Rules = append(out.Rules, r)
			if !r.Silent {
				tally.Add(ruletest.Key(&r.Meta), r.Title, r.Level, s)
			}
		}
	}
	for _, r := range set.Correlations {
		if s, ok := state(&r.Meta); ok {
			out.Correlations = append(out.Correlations, r)
			tally.Add(ruletest.Key(&r.Meta), r.Title, r.Level, s)
		}
	}
	return feeding(out, set), tally
}

// feeding adds the rules that correlations refer to and that are not tried
// themselves.
func feeding(out, set *sigma.RuleSet) *sigma.RuleSet {
	needed := map[any]bool{}
	for _, c := range out.Correlations {
		need(c, needed)
	}
	for _, r := range set.Rules {
		if needed[r] && !slices.Contains(out.Rules, r) {
			r.Silent = true
			out.Rules = append(out.Rules, r)
		}
	}
	return out
}

// versions tells for each rule when its verdicts may differ: its file, its
// place there, and the filters it has.
func versions(set *sigma.RuleSet) map[string]string {
	out := map[string]string{}
	for _, r := range set.Rules {
		out[ruletest.Key(&r.Meta)] = r.SHA256 + ":" + fmt.Sprint(r.Line)
	}
	for _, c := range set.Correlations {
		out[ruletest.Key(&c.Meta)] = c.SHA256 + ":" + fmt.Sprint(c.Line)
	}
	for _, f := range set.Filters {
		for _, r := range f.Applied {
			out[ruletest.Key(&r.Meta)] += " " + f.SHA256 + ":" + fmt.Sprint(f.Line)
		}
	}
	return out
}

// within reports whether a file is one of the paths or below one.
func within(file string, paths []string) bool {
	return slices.ContainsFunc(paths, func(root string) bool {
		rel, err := filepath.Rel(root, file)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

// extent is the time and the hosts of the events judged.
type extent struct {
	mu       sync.Mutex
	from, to time.Time
	hosts    map[string]bool
}

// maxSeenHosts bounds the hosts told apart: names come from records.
const maxSeenHosts = 1_000_000

func (x *extent) add(ev *event.Event) {
	host := ev.Attrs.Get(event.AttrHost)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.from.IsZero() || ev.Time.Before(x.from) {
		x.from = ev.Time
	}
	if ev.Time.After(x.to) {
		x.to = ev.Time
	}
	if host != "" && !x.hosts[host] && len(x.hosts) < maxSeenHosts {
		if x.hosts == nil {
			x.hosts = map[string]bool{}
		}
		x.hosts[string([]byte(host))] = true // the event's memory is used again
	}
}

func (x *extent) bounds() (from, to time.Time, hosts int) { return x.from, x.to, len(x.hosts) }
