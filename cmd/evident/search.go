package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
)

type searchCmd struct {
	console.DataFlag
	From  time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"T" help:"From this time, RFC 3339."`
	To    time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"T" help:"Before this time, RFC 3339."`
	Limit int       `default:"100" help:"At most this many events."`
	JSON  bool      `help:"One OCSF event a line."`
	Query string    `arg:"" help:"Query; see docs/query-language.md."`
}

// Help shows an example.
func (searchCmd) Help() string {
	return "Example:\n  evident search --data /tmp/case1 'process.cmd_line:*lsass* AND device.hostname:ws-*'"
}

// Run prints matching events, newest first.
func (c *searchCmd) Run(e *console.Env) error {
	query, err := search.Parse(c.Query)
	if err != nil {
		return queryError(c.Query, err)
	}
	n, err := node.Open(e.Context, node.Config{Dir: c.Dir(), Command: "evident search", Reader: true, Log: e.Log})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	result, err := n.Search(e.Context, console.SystemCaller(), search.Request{
		Query: query, From: c.From, To: c.To, Limit: c.Limit,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		for i := range result.Rows {
			if err := console.JSONLine(e.Stdout, node.EventOf(&result.Rows[i]).OCSF()); err != nil {
				return err
			}
		}
		return nil
	}
	return printRows(e, result)
}

func printRows(e *console.Env, result *search.Result) error {
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "EVENT\tTIME\tHOST\tWHAT\tACTOR\tOBJECT")
	for i := range result.Rows {
		ev := node.EventOf(&result.Rows[i])
		s := node.Summarise(ev)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s: %s\t%s\t%s\n", ev.ID, ev.Time.Format("2006-01-02 15:04:05.000"),
			console.Plain(s.Host), s.Class, s.Activity, console.Plain(console.Short(s.Actor)), console.Plain(console.Short(s.Object)))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	fmt.Fprintf(e.Stderr, "%d of %d events\n", len(result.Rows), result.Total)
	return nil
}

// queryError shows the query with its fault marked below.
func queryError(query string, err error) error {
	var syntax *search.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	text := fmt.Sprintf("read query: %s at byte %d", syntax.Message, syntax.Offset)
	if at := near(query, syntax.Offset, syntax.Length); at != "" {
		text += fmt.Sprintf(", near %q", console.Plain(at))
	}
	if syntax.Hint != "" {
		text += "; " + syntax.Hint
	}
	return errors.New(text)
}

func near(query string, offset, length int) string {
	from := min(max(offset, 0), len(query))
	to := min(from+max(length, 12), len(query))
	return query[from:to]
}
