package detectcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/report"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

type Detect struct {
	loadFlags
	selectFlags
	spanFlags
	Data   string   `placeholder:"DIR" type:"path" help:"Judge what this data folder holds, instead of files."`
	Format string   `enum:",json,evtx,journal,syslog,auditd,zeek-tsv,csv,timesketch,text" default:"" help:"Format, where detection is not wanted."`
	Output string   `enum:"table,json,csv,sarif" default:"table" help:"How to print findings: table, json, csv or sarif."`
	JSON   bool     `help:"The same as --output json: one OCSF Detection Finding a line."`
	Out    string   `placeholder:"FILE" type:"path" help:"Write findings there."`
	Stats  bool     `help:"End with one JSON line of figures on standard error."`
	Paths  []string `arg:"" optional:"" name:"path" help:"Files, folders, archives, or - for standard input."`
}

// spanFlags narrow the past of a data folder.
type spanFlags struct {
	From time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"T" help:"With --data: events from this time, RFC 3339."`
	To   time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"T" help:"With --data: events before this time, RFC 3339."`
}

// Help shows an example.
func (Detect) Help() string {
	return "Example:\n  evident detect --rules sigma/rules --min-level high logs/\n" +
		"  evident detect --rules sigma/rules --output sarif --out findings.sarif case.zip\n" +
		"  evident detect --rules new-rules --data /tmp/case1 --from 2026-11-01T00:00:00Z"
}

// Run scans and keeps nothing.
func (c *Detect) Run(e *console.Env) error {
	began := time.Now()
	if err := c.check(); err != nil {
		return err
	}
	set, err := c.load()
	if err != nil {
		return err
	}
	rejected := len(set.Rejected)
	tellRejected(e, rejected)
	choice, err := c.choose()
	if err != nil {
		return err
	}
	set = choice.apply(set)
	s, err := newScan(set)
	if err != nil {
		return err
	}
	s.from, s.to = c.From, c.To
	if err := c.scan(e, s); err != nil {
		return err
	}
	if c.Stats {
		return console.JSONLine(e.Stderr, s.stats(len(set.Rules)+len(set.Correlations), rejected, began))
	}
	return nil
}

// tellRejected says that rules take no part.
func tellRejected(e *console.Env, n int) {
	switch {
	case n == 1:
		fmt.Fprintln(e.Stderr, "evident: 1 rule was rejected; evident rules check says why")
	case n > 1:
		fmt.Fprintf(e.Stderr, "evident: %d rules were rejected; evident rules check says why\n", n)
	}
}

// check refuses what does not go together.
func (c *Detect) check() error {
	switch {
	case c.Data == "" && len(c.Paths) == 0:
		return errors.New("detect: name files or folders to scan, or --data DIR")
	case c.Data != "" && len(c.Paths) > 0:
		return errors.New("detect: --data judges a data folder; scan files in a call of their own")
	case c.Data == "" && !(c.From.IsZero() && c.To.IsZero()):
		return errors.New("detect: --from and --to go with --data")
	case c.JSON && c.Output != "table" && c.Output != "json":
		return fmt.Errorf("detect: --json and --output %s contradict each other", c.Output)
	}
	return nil
}

// scan judges the input and prints what is found.
func (c *Detect) scan(e *console.Env, s *scan) (err error) {
	out, done, err := c.open(e)
	if err != nil {
		return err
	}
	w, err := report.New(c.format(), out, e.Version)
	if err != nil {
		return err
	}
	sum := report.NewSummary()
	b := console.NewBar(e.Stderr, "detect")
	in, err := c.input(e)
	if err != nil {
		return errors.Join(err, done())
	}
	defer func() { err = errors.Join(err, in.close()) }()
	in.progress = func(done, total int64) { b.Set(done, total, s.rate(b.Began())) }
	err = s.run(e.Context, in, func(j *judged) error {
		if len(j.findings) > 0 {
			b.Clear()
		}
		for i := range j.findings {
			sum.Add(&j.findings[i])
			if err := w.Write(&j.findings[i]); err != nil {
				return err
			}
		}
		return w.Flush()
	})
	b.Clear()
	if err == nil {
		err = w.Close()
	}
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	if c.format() == "table" {
		sum.Print(e.Stderr, s.events.Load(), time.Since(b.Began()))
	}
	return in.verdict(e, s.events.Load())
}

func (c *Detect) format() string {
	if c.JSON {
		return "json"
	}
	return c.Output
}

// open returns where findings go.
func (c *Detect) open(e *console.Env) (io.Writer, func() error, error) {
	if c.Out == "" {
		return e.Stdout, func() error { return nil }, nil
	}
	f, err := os.Create(c.Out)
	if err != nil {
		return nil, nil, fmt.Errorf("write findings: %w", err)
	}
	return f, func() error {
		if err := f.Close(); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
		return nil
	}, nil
}

// input is the files, or the past of the data folder.
func (c *Detect) input(e *console.Env) (*scanInput, error) {
	if c.Data == "" {
		return fileInput(e, c.Paths, c.Format)
	}
	return pastInput(e, pastOrder{
		dir: c.Data, command: "evident detect", operation: "detect-past", span: c.spanFlags,
		detail: fmt.Sprintf("rules %q", c.Rules),
	})
}

// newScan compiles the rules.
func newScan(set *sigma.RuleSet) (*scan, error) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, fmt.Errorf("load mappings: %w", err)
	}
	plan, err := node.CompilePlan(set)
	if err != nil {
		return nil, err
	}
	return prepareScan(norm, detect.New(plan)), nil
}
