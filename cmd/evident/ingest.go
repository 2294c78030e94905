package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/cloudtrail"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/internal/sourceseal"
	"github.com/evident-sec/evident/internal/state"
)

type ingestCmd struct {
	console.DataFlag
	Server   string   `placeholder:"URL" help:"Send to a running evident serve instead; the URL with its token."`
	Format   string   `enum:",json,evtx,journal,syslog,auditd,zeek-tsv,csv,timesketch,text" default:"" help:"Format, where detection is not wanted."`
	Rules    []string `placeholder:"DIR" help:"Sigma rules besides the starter pack; repeatable." type:"path"`
	NoDetect bool     `help:"Receive and seal only."`
	Again    bool     `help:"Take content a second time even if it is here."`
	JSON     bool     `help:"Print the report as JSON."`
	// Keys are what "aws cloudtrail list-public-keys" prints.
	CloudtrailKeys string `placeholder:"FILE" type:"path" help:"Public keys of CloudTrail: check its digest files and seal the verdict."`
	// JournaldKey is what "journalctl --setup-keys" prints.
	JournaldKey string   `placeholder:"FILE" type:"path" help:"Verification keys of systemd journals, one a line: check their forward-secure seals."`
	SealAt      int      `hidden:"" placeholder:"N" help:"Write Parquet every N events, for tests of what happens there."`
	Paths       []string `arg:"" name:"path" help:"Files, folders, archives (.zip .gz .zst .tar), or - for standard input."`
}

// Help shows an example.
func (ingestCmd) Help() string {
	return "Example:\n  evident ingest --data /tmp/case1 logs/ sysmon.json.gz\n" +
		"  zcat events.ndjson.gz | evident ingest --data /tmp/case1 -"
}

// Run ingests and waits until everything is detected, stored and sealed.
func (c *ingestCmd) Run(e *console.Env) error {
	if c.Server != "" {
		return c.send(e)
	}
	for _, path := range c.Paths {
		if path == "-" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("read input: %w", err)
		}
	}
	keys, err := c.journalKeys()
	if err != nil {
		return err
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident ingest", Rules: c.Rules, NoDetect: c.NoDetect,
		NoSearch: true, SealCount: c.SealAt, Log: e.Log,
	})
	if err != nil {
		return c.finish(e, source.Report{}, err)
	}
	report, err := c.ingest(e, n, keys)
	if closeErr := n.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	return c.finish(e, report, err)
}

func (c *ingestCmd) ingest(e *console.Env, n *node.Node, keys []*journald.Key) (source.Report, error) {
	b := console.NewBar(e.Stderr, "ingest")
	opts := node.IngestOptions{
		Format: event.Format(c.Format), Again: c.Again, JournalKeys: keys,
		Progress: func(p source.Progress) {
			rate := float64(p.Records) / time.Since(b.Began()).Seconds()
			b.Set(p.Bytes, p.Total, fmt.Sprintf("%d records, %.0f/s", p.Records, rate))
		},
	}
	opts.Live = len(c.Paths) == 1 && c.Paths[0] == "-"
	report, err := n.Ingest(e.Context, c.Paths, e.Stdin, opts)
	if err != nil {
		return report, err
	}
	if err := c.checkTrail(e, n); err != nil {
		return report, err
	}
	return report, n.Settle(e.Context)
}

// journalKeys reads the verification keys of systemd journals.
func (c *ingestCmd) journalKeys() ([]*journald.Key, error) {
	if c.JournaldKey == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.JournaldKey)
	if err != nil {
		return nil, fmt.Errorf("read journal keys: %w", err)
	}
	keys, err := journald.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("read journal keys %s: %w", c.JournaldKey, err)
	}
	return keys, nil
}

// checkTrail checks what CloudTrail delivered by its digest files.
func (c *ingestCmd) checkTrail(e *console.Env, n *node.Node) error {
	if c.CloudtrailKeys == "" {
		return nil
	}
	body, err := os.ReadFile(c.CloudtrailKeys)
	if err != nil {
		return fmt.Errorf("read CloudTrail keys: %w", err)
	}
	keys, err := cloudtrail.ParseKeys(body)
	if err != nil {
		return fmt.Errorf("%s: %w", c.CloudtrailKeys, err)
	}
	r, err := n.CheckCloudTrail(e.Context, keys, c.Paths)
	if err != nil || r == nil {
		return err
	}
	for _, p := range sourceseal.TrailProblems(r) {
		fmt.Fprintf(e.Stderr, "evident: CloudTrail: %s\n", console.Plain(p))
	}
	fmt.Fprintf(e.Stderr, "CloudTrail: %d log files checked by digests from %s to %s\n",
		len(r.Logs), console.Plain(r.From), console.Plain(r.To))
	return nil
}

// finish prints the report and picks the exit code: 2 when nothing at all
// could be taken, 0 otherwise, with every part that was skipped on its line.
func (c *ingestCmd) finish(e *console.Env, r source.Report, err error) error {
	for _, p := range r.Problems {
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(p.String()))
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%d records are kept, the same command goes on from there: %w",
			r.Records+r.Already, err)
	}
	if state.DiskFull(err) {
		return fmt.Errorf("the disk is full; %d records are kept, make room and give the same command "+
			"again: %w", r.Records+r.Already, err)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		if err := console.JSONLine(e.Stdout, reportJSON(r)); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.Stdout, "%d records from %d files ingested, detected and sealed",
			r.Records, r.Files)
		if r.Already > 0 {
			fmt.Fprintf(e.Stdout, "; %d were here already", r.Already)
		}
		if r.Skipped > 0 {
			fmt.Fprintf(e.Stdout, "; %d parts skipped", r.Skipped)
		}
		fmt.Fprintln(e.Stdout)
	}
	if r.Records == 0 && r.Already == 0 && r.Skipped > 0 {
		return errors.New("ingest: nothing in the input could be taken")
	}
	return nil
}

func reportJSON(r source.Report) map[string]any {
	problems := r.Problems
	if problems == nil {
		problems = []source.Problem{}
	}
	return map[string]any{
		"files": r.Files, "records": r.Records, "already": r.Already, "skipped": r.Skipped,
		"entries": []uint64{r.First, r.Last}, "problems": problems,
	}
}

// send posts each path to a running server, which reads it as this program
// would.
func (c *ingestCmd) send(e *console.Env) error {
	base, err := url.Parse(c.Server)
	if err != nil {
		return fmt.Errorf("read --server: %w", err)
	}
	var total source.Report
	for _, path := range c.Paths {
		r, err := c.sendOne(e, base, path)
		if err != nil {
			return fmt.Errorf("send %s: %w", path, err)
		}
		total.Files += r.Files
		total.Records += r.Records
		total.Already += r.Already
		total.Skipped += r.Skipped
		total.Problems = append(total.Problems, r.Problems...)
		if total.First == 0 {
			total.First = r.First
		}
		total.Last = max(total.Last, r.Last)
	}
	return c.finish(e, total, nil)
}

func (c *ingestCmd) sendOne(e *console.Env, base *url.URL, path string) (r source.Report, err error) {
	body, length := e.Stdin, int64(-1)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return r, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return r, err
		}
		if info.IsDir() {
			return r, errors.New("is a folder; name the files in it")
		}
		if body = f; info.Mode().IsRegular() {
			length = info.Size()
		}
	}
	target := base.JoinPath("/api/v1/ingest")
	target.RawQuery = url.Values{
		"source": {filepath.Base(path)}, "format": {c.Format},
	}.Encode()
	req, err := http.NewRequestWithContext(e.Context, http.MethodPost, target.String(), body)
	if err != nil {
		return r, err
	}
	// The server batches a body of known length the same way every time, so that
	// sending it again adds nothing.
	if req.ContentLength = length; length == 0 {
		req.Body = http.NoBody
	}
	req.Header.Set("Authorization", "Bearer "+base.Query().Get("token"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, problemOf(resp)
	}
	var answer struct {
		source.Report
		Entries []uint64 // first and last
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return r, fmt.Errorf("read answer: %w", err)
	}
	if r = answer.Report; len(answer.Entries) == 2 {
		r.First, r.Last = answer.Entries[0], answer.Entries[1]
	}
	return r, nil
}

// problemOf turns a problem+json answer into an error of one line.
func problemOf(resp *http.Response) error {
	var p struct{ Title, Detail, Next string }
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Title == "" {
		return fmt.Errorf("server answered %s", resp.Status)
	}
	parts := []string{p.Title}
	for _, s := range []string{p.Detail, p.Next} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return errors.New(strings.Join(parts, ": "))
}
