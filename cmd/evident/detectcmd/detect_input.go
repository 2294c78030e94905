package detectcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/retro"
	"github.com/evident-sec/evident/internal/source"
)

// scanInput is what a scan reads: entries in order.
type scanInput struct {
	each     func(ctx context.Context, visit func(context.Context, *event.Entry) error) error
	progress func(done, total int64) // may be nil

	// sweep, if not nil, visits only records that rules of the plan may hold for,
	// nil meaning all of an entry's, and tells seen of the events it passed.
	sweep func(ctx context.Context, cfg retro.Config, visit retro.Visit, seen func(events int64)) error

	close func() error

	kept   bool           // entries have the numbers under which the data folder keeps them
	report *source.Report // of files, nil for a data folder
}

// fileInput reads files, folders, archives and standard input ("-"). Nothing of
// it is kept, so batches need neither identity nor salts.
func fileInput(e *console.Env, paths []string, format string) (*scanInput, error) {
	in := &scanInput{report: &source.Report{}, close: func() error { return nil }}
	in.each = func(ctx context.Context, visit func(context.Context, *event.Entry) error) error {
		var seq uint64
		reader, err := source.New(source.Config{
			Format: event.Format(format), Scan: true, Log: e.Log,
			Known: func(event.BatchID) bool { return false },
			Append: func(ctx context.Context, entry *event.Entry) error {
				seq++
				entry.Seq = seq
				return visit(ctx, entry)
			},
			Progress: func(p source.Progress) {
				if in.progress != nil {
					in.progress(p.Bytes, p.Total)
				}
			},
		})
		if err != nil {
			return err
		}
		*in.report, err = reader.Ingest(ctx, paths, e.Stdin)
		return err
	}
	return in, nil
}

// verdict prints what could not be read; an input of which nothing could be is
// an error.
func (in *scanInput) verdict(e *console.Env, events int64) error {
	if in.report == nil {
		return nil
	}
	for _, p := range in.report.Problems {
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(p.String()))
	}
	if events == 0 && in.report.Skipped > 0 {
		return errors.New("detect: nothing in the input could be read")
	}
	return nil
}

// pastOrder says what is read of a data folder, and for which purpose.
type pastOrder struct {
	dir, command, operation, detail string
	span                            spanFlags
}

// pastInput reads the past of a data folder, and records that it was read.
func pastInput(e *console.Env, o pastOrder) (*scanInput, error) {
	n, err := openPast(e, o)
	if err != nil {
		return nil, err
	}
	in := pastOf(n, o)
	in.close = n.Close
	return in, nil
}

// openPast opens a data folder to read from.
func openPast(e *console.Env, o pastOrder) (*node.Node, error) {
	if err := isDataFolder(o.dir); err != nil {
		return nil, err
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: o.dir, Command: o.command, NoSearch: true, Reader: true, Log: e.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := n.CatchUp(e.Context); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// isDataFolder refuses what is not there: reading must not make a new folder.
func isDataFolder(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "ledger")); err != nil {
		return fmt.Errorf("open data folder: %s is none; evident ingest --data makes one", dir)
	}
	return nil
}

// pastOf reads the past of an open data folder.
func pastOf(n *node.Node, o pastOrder) *scanInput {
	in := &scanInput{kept: true, close: func() error { return nil }}
	act := node.Act{Operation: o.operation, Caller: console.SystemCaller(), Detail: o.detail + o.span.String()}
	in.each = func(ctx context.Context, visit func(context.Context, *event.Entry) error) error {
		entries, total, err := n.Past(ctx, act, o.span.From, o.span.To)
		if err != nil {
			return err
		}
		var done int64
		for entry, err := range entries {
			if err != nil {
				return err
			}
			if err := visit(ctx, entry); err != nil {
				return err
			}
			if done += int64(len(entry.Records)); in.progress != nil {
				in.progress(done, max(done, total))
			}
		}
		return nil
	}
	in.sweep = func(ctx context.Context, cfg retro.Config, visit retro.Visit, seen func(int64)) error {
		var done atomic.Int64
		cfg.From, cfg.To = o.span.From, o.span.To
		return n.Sweep(ctx, act, cfg, visit, func(events, total int64) {
			seen(events)
			if sum := done.Add(events); in.progress != nil {
				in.progress(sum, max(sum, total))
			}
		})
	}
	return in
}

// String says the span as part of a record of reading.
func (f spanFlags) String() string {
	text := ""
	if !f.From.IsZero() {
		text += " from " + f.From.UTC().Format(time.RFC3339)
	}
	if !f.To.IsZero() {
		text += " to " + f.To.UTC().Format(time.RFC3339)
	}
	return text
}
