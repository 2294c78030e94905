package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/sigma"
)

// Fires is how often each rule fired, by Key.
type Fires map[string]int

// Judge judges inputs with the loaded rules.
type Judge interface {
	// File judges all events of one file.
	File(ctx context.Context, path string) (Fires, error)
	// Events judges JSON objects as one stream. An event that does not say
	// where it comes from is of the log source of the rule with the key.
	Events(ctx context.Context, events [][]byte, rule string) (Fires, error)
}

// Status is the outcome of a case.
type Status string

// The outcomes.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
	Warned  Status = "warned" // unexpected, and the policy is to warn
)

// Result is what came of a case.
type Result struct {
	Suite   string        `json:"suite"`
	Place   string        `json:"place"` // file:line
	Rule    string        `json:"rule"`  // as the case calls it
	Title   string        `json:"title,omitempty"`
	Name    string        `json:"name"`
	Status  Status        `json:"status"`
	Want    string        `json:"want,omitempty"`
	Fired   int           `json:"fired"`
	Text    string        `json:"text,omitempty"` // why it failed or was skipped, or a note
	Elapsed time.Duration `json:"-"`
}

// Runner runs suites. It is for one goroutine.
type Runner struct {
	Rules  *sigma.RuleSet
	Judge  Judge
	Strict bool // firing more often than match_count of info.yml is a failure

	names *directory
	files map[string]judgedFile
}

// judgedFile is the outcome for one file, kept for other cases about it.
type judgedFile struct {
	fires Fires
	err   error
}

// Run judges the cases of a suite in order. The error is ctx's.
func (r *Runner) Run(ctx context.Context, s *Suite) ([]Result, error) {
	if r.names == nil {
		r.names, r.files = newDirectory(r.Rules), map[string]judgedFile{}
	}
	var out []Result
	for i := range s.Cases {
		began := time.Now()
		res := r.one(ctx, &s.Cases[i])
		if err := ctx.Err(); err != nil {
			return out, err
		}
		res.Suite, res.Elapsed = s.File, time.Since(began)
		out = append(out, res)
	}
	more, err := r.unexpected(ctx, s)
	return append(out, more...), err
}

func (r *Runner) one(ctx context.Context, c *Case) Result {
	res := Result{
		Place: c.Place(), Rule: cmp.Or(c.Rule, c.RuleFile), Name: c.Name, Want: c.Want.String(),
	}
	who, err := r.names.find(c)
	if err != nil {
		res.Status, res.Text = Failed, err.Error()
		if c.Optional {
			res.Status = Skipped
		}
		return res
	}
	res.Title = who.title
	want := c.Want
	if c.Every && who.detection {
		want = Exactly(len(c.Input.Events))
		res.Want = want.String()
	}
	if res.Fired, err = r.fired(ctx, c, who.key); err != nil {
		res.Status, res.Text = Failed, err.Error()
		return res
	}
	switch {
	case want.Holds(res.Fired):
		res.Status = Passed
	case c.Loose && !r.Strict && res.Fired > want.Most:
		res.Status = Passed
		res.Text = fmt.Sprintf("fired %d times, more than %d", res.Fired, want.Most)
	default:
		res.Status = Failed
		res.Text = fmt.Sprintf("want %s, fired %d", want, res.Fired)
	}
	return res
}

// fired judges the case's input and counts one rule.
func (r *Runner) fired(ctx context.Context, c *Case, key string) (int, error) {
	if len(c.Input.Events) > 0 {
		fires, err := r.Judge.Events(ctx, c.Input.Events, key)
		return fires[key], err
	}
	total := 0
	for _, path := range c.Input.Files {
		fires, err := r.file(ctx, path)
		if err != nil {
			return 0, err
		}
		total += fires[key]
	}
	return total, nil
}

func (r *Runner) file(ctx context.Context, path string) (Fires, error) {
	if done, ok := r.files[path]; ok {
		return done.fires, done.err
	}
	fires, err := r.Judge.File(ctx, path)
	if ctx.Err() == nil {
		r.files[path] = judgedFile{fires, err}
	}
	return fires, err
}

// unexpected reports rules that fired on the corpus without a case about them.
func (r *Runner) unexpected(ctx context.Context, s *Suite) ([]Result, error) {
	if s.Unexpected == PolicyIgnore {
		return nil, nil
	}
	covered := map[[2]string]bool{} // rule and file
	for i := range s.Cases {
		who, err := r.names.find(&s.Cases[i])
		for _, f := range s.Cases[i].Input.Files {
			covered[[2]string{who.key, f}] = err == nil
		}
	}
	surplus := Fires{}
	for _, f := range s.Corpus {
		fires, err := r.file(ctx, f.Path)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			continue // its cases have said it; a file without cases is not about a rule
		}
		for key, n := range fires {
			if !covered[[2]string{key, f.Path}] {
				surplus[key] += n
			}
		}
	}
	return r.surplus(s, surplus), nil
}

func (r *Runner) surplus(s *Suite, fires Fires) []Result {
	var out []Result
	for key, n := range fires {
		res := Result{
			Suite: s.File, Place: s.File + ":1", Rule: key, Name: "unexpected", Status: Warned, Fired: n,
			Text: fmt.Sprintf("fired %d times, and no expectation is about it", n),
		}
		if list := append(slices.Clone(r.names.byID[key]), r.names.byTitle[key]...); len(list) > 0 {
			res.Title = list[0].title
		}
		if s.Unexpected == PolicyFail {
			res.Status = Failed
		}
		out = append(out, res)
	}
	slices.SortFunc(out, func(a, b Result) int {
		return cmp.Or(cmp.Compare(b.Fired, a.Fired), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

// About returns the Key of the rule that a case is about, "" where it is not
// among the rules.
func (r *Runner) About(c *Case) string {
	if r.names == nil {
		r.names, r.files = newDirectory(r.Rules), map[string]judgedFile{}
	}
	who, err := r.names.find(c)
	if err != nil {
		return ""
	}
	return who.key
}
