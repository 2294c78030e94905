package searchcmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/export"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
)

// Export is the command "export".
type Export struct {
	console.DataFlag
	window
	Query  string `default:"" help:"Which events; all of the time range where it is not given. With stages, the table."`
	Format string `enum:"ndjson,csv,timesketch,parquet" default:"ndjson" help:"ndjson (OCSF), csv, timesketch (JSON lines) or parquet."`
	Out    string `required:"" placeholder:"FILE" type:"path" help:"File to write; it is there whole or not at all."`
}

// Help shows an example.
func (Export) Help() string {
	return `Example:
  evident export --data /tmp/case1 --query 'device.hostname:ws-0042' --format timesketch --out ws-0042.jsonl
  evident export --data /tmp/case1 --from 2026-03-01 --to 2026-03-02 --format parquet --out day.parquet`
}

// Run writes the file.
func (c *Export) Run(e *console.Env) error {
	pl, err := search.ParsePipeline(c.Query, search.Options{})
	if err != nil {
		return queryError(c.Query, err)
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident export", Reader: true, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	ctx, cancel := c.within(e.Context)
	defer cancel()
	if pl.Piped() {
		return c.table(ctx, e, n, pl)
	}
	bar := console.NewBar(e.Stderr, "export")
	count := int64(0)
	each := func(visit func(*event.Event) error) error {
		req := search.Request{Query: pl.Query, From: c.From.Time, To: c.To.Time}
		return n.Export(ctx, console.SystemCaller(), c.Format, req, func(ev *event.Event) error {
			count++
			bar.Set(count, 0, fmt.Sprintf("%d events", count))
			return visit(ev)
		})
	}
	if err := c.write(ctx, each); err != nil {
		bar.Clear()
		return err
	}
	bar.End("%d events in %s", count, c.Out)
	return nil
}

// write writes the events that each gives.
func (c *Export) write(ctx context.Context, each func(func(*event.Event) error) error) error {
	if c.Format == "parquet" {
		return export.Beside(c.Out, func(temp string) error {
			return search.WriteParquet(ctx, temp, each)
		})
	}
	return export.File(c.Out, func(out io.Writer) error {
		w, err := export.NewEvents(c.Format, out)
		if err != nil {
			return err
		}
		return errors.Join(each(w.Write), w.Close())
	})
}

// table writes what the stages make of the events.
func (c *Export) table(ctx context.Context, e *console.Env, n *node.Node, pl *search.Pipeline) error {
	t, err := n.Table(ctx, console.SystemCaller(), search.TableRequest{
		Pipeline: pl, From: c.From.Time, To: c.To.Time, Limit: search.MaxLimit,
	}, nil)
	if err != nil {
		return err
	}
	if err := export.File(c.Out, func(out io.Writer) error { return export.Table(c.Format, out, t) }); err != nil {
		return err
	}
	more := ""
	if t.More {
		more = "; there are more: count by fewer fields or narrow the time range"
	}
	fmt.Fprintf(e.Stderr, "export: %d rows in %s%s\n", len(t.Rows), console.Plain(c.Out), more)
	return nil
}
