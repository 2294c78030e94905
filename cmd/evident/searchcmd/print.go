package searchcmd

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/export"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
)

// printEvents prints events, newest first.
func (c *Search) printEvents(e *console.Env, result *search.Result) error {
	switch c.Format {
	case "csv":
		w, err := export.NewEvents("csv", e.Stdout)
		if err != nil {
			return err
		}
		for i := range result.Rows {
			if err := w.Write(node.EventOf(&result.Rows[i])); err != nil {
				return err
			}
		}
		return w.Close()
	case "json":
		for i := range result.Rows {
			if err := console.JSONLine(e.Stdout, node.EventOf(&result.Rows[i]).OCSF()); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "EVENT\tTIME\tHOST\tWHAT\tACTOR\tOBJECT")
	for i := range result.Rows {
		ev := node.EventOf(&result.Rows[i])
		s := node.Summarise(ev)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s: %s\t%s\t%s\n", ev.ID, ev.Time.Format("2006-01-02 15:04:05.000"),
			console.Plain(s.Host), s.Class, s.Activity, cell(s.Actor), cell(s.Object))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	fmt.Fprintf(e.Stderr, "%d of %d events\n", len(result.Rows), result.Total)
	return nil
}

func cell(text string) string { return console.Plain(console.Short(text)) }

// printTable prints the rows of an answer.
func (c *Search) printTable(e *console.Env, t *search.Table) error {
	switch c.Format {
	case "csv":
		return export.Table("csv", e.Stdout, t)
	case "json":
		return export.Table("ndjson", e.Stdout, t)
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	names := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		names[i] = strings.ToUpper(cell(column.Name))
	}
	fmt.Fprintln(w, strings.Join(names, "\t"))
	for _, row := range t.Rows {
		for i, v := range row {
			names[i] = shown(v)
		}
		fmt.Fprintln(w, strings.Join(names, "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	more := ""
	if t.More {
		more = "; there are more, see --limit"
	}
	fmt.Fprintf(e.Stderr, "%d rows%s\n", len(t.Rows), more)
	return nil
}

func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return v.Format("2006-01-02 15:04:05.000")
	}
	return cell(export.Value(v))
}
