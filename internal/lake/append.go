package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/durable"
)

// pair is the two files being written.
type pair struct {
	columns     *columnWriter
	originals   *originalsWriter
	sealing     *sealing // nil where originals are not encrypted
	first, last uint64

	receivedFrom, receivedTo time.Time
}

var errClosed = errors.New("lake is closed, or has to be opened again after an error")

// Append adds the events of entry e and the entry's records, and seals when
// enough is pending. Entries come in sequence without gaps, from Watermark()+1.
// The events' strings and the records are copied, not kept.
//
// After an error nothing since the watermark is pending any more: the caller
// reads again from there.
func (t *Table) Append(ctx context.Context, e *event.Entry, evs []event.Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to lake: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(e, evs); err != nil {
		return fmt.Errorf("append entry %d to lake: %w", e.Seq, err)
	}
	if err := t.write(e, evs); err != nil {
		t.drop()
		return fmt.Errorf("append entry %d to lake: %w", e.Seq, err)
	}
	events, raw := t.pending.Add(int64(len(evs))), t.bytes.Add(int64(e.Bytes()))
	if events < int64(t.cfg.SealEvents) && raw < t.cfg.SealBytes {
		return nil
	}
	return t.seal(ctx)
}

func (t *Table) check(e *event.Entry, evs []event.Event) error {
	next := t.Watermark() + 1
	switch {
	case t.closed:
		return errClosed
	case len(e.Records) == 0:
		return errors.New("entry has no records")
	case t.pair != nil:
		next = t.pair.last + 1
	case next == 1 && e.Seq > 1:
		next = e.Seq // a journal may begin above 1
	}
	if e.Seq != next {
		return fmt.Errorf("out of order: want entry %d", next)
	}
	for i := range evs {
		if id := evs[i].ID; id.Entry != e.Seq || int(id.Leaf) >= len(e.Records) {
			return fmt.Errorf("event %s is not of this entry", id)
		}
	}
	return nil
}

func (t *Table) write(e *event.Entry, evs []event.Event) error {
	if t.pair == nil {
		p, err := t.startPair(e)
		if err != nil {
			return err
		}
		t.pair = p
	}
	t.pair.last = e.Seq
	if t.pair.receivedTo.IsZero() || e.Received.Before(t.pair.receivedFrom) {
		t.pair.receivedFrom = e.Received
	}
	if e.Received.After(t.pair.receivedTo) {
		t.pair.receivedTo = e.Received
	}
	return t.pair.add(e, evs)
}

// add collects columns and originals side by side: both take about as long, and
// whoever appends waits for both.
func (p *pair) add(e *event.Entry, evs []event.Event) error {
	return together(func() error { return p.columns.addAll(evs) },
		func() error { return p.originals.add(e) })
}

// together runs both and waits for both.
func together(a, b func() error) error {
	done := make(chan error, 1)
	go func() { done <- a() }()
	err := b()
	return errors.Join(<-done, err)
}

func (t *Table) startPair(e *event.Entry) (*pair, error) {
	dir, first := filepath.Join(t.cfg.Dir, pendingDir), e.Seq
	how, err := t.sealing(e.Received, fileName(first, first, 0))
	if err != nil {
		return nil, err
	}
	cols, err := newColumnWriter(filepath.Join(dir, "columns.parquet"),
		arrowSchema(t.ice.cols, t.ice.ids), t.ice.cols)
	if err != nil {
		return nil, err
	}
	if err := cols.out.AppendKeyValueMetadata(mappingKey, t.cfg.Mapping); err != nil {
		cols.discard()
		return nil, fmt.Errorf("note mapping: %w", err)
	}
	originals, err := newOriginalsWriter(filepath.Join(dir, "originals.parquet"), false, how)
	if err != nil {
		cols.discard()
		return nil, err
	}
	return &pair{columns: cols, originals: originals, sealing: how, first: first, last: first}, nil
}

// drop gives up what is pending.
func (t *Table) drop() {
	if t.pair != nil {
		t.pair.columns.discard()
		t.pair.originals.discard()
	}
	t.forget()
}

func (t *Table) forget() {
	t.pair = nil
	t.pending.Store(0)
	t.bytes.Store(0)
}

// Seal commits everything appended: both files are synced under their final
// names, then one Iceberg snapshot makes them visible and moves the watermark.
// Without anything pending it does nothing. After an error nothing since the
// watermark is pending any more, as after Append.
func (t *Table) Seal(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return fmt.Errorf("seal lake: %w", errClosed)
	}
	return t.seal(ctx)
}

func (t *Table) seal(ctx context.Context) error {
	if t.pair == nil {
		return nil
	}
	if n := t.pair.columns.badInts; n > 0 {
		t.cfg.Log.Warn("lake: whole-number attributes without a number were left empty", "values", n)
	}
	f, err := t.pair.finish(t.cfg.Dir)
	if err != nil {
		t.drop()
		return fmt.Errorf("seal lake: %w", err)
	}
	t.forget()
	files := append(slices.Clip(t.state.Load().files), f)
	if err := t.ice.add(ctx, []File{f}, f.store); err != nil {
		if err := t.settle(context.WithoutCancel(ctx), files, err); err != nil {
			return fmt.Errorf("seal lake: %w", err)
		}
	}
	t.publish(files)
	if err := t.ice.expire(ctx); err != nil {
		t.cfg.Log.Warn("lake: old snapshots stay", "error", err)
	}
	return nil
}

// settle finds out what a failed commit of the last of files left behind. It
// returns nil when the commit took place after all; otherwise cause, with the
// uncommitted files removed. When the catalog does not tell, the table takes
// nothing more: only Open can sort that out.
func (t *Table) settle(ctx context.Context, files []File, cause error) error {
	f := &files[len(files)-1]
	committed, err := hasFacts(ctx, t.db, filepath.Base(f.Path))
	switch {
	case err != nil:
		t.closed = true
		return errors.Join(cause, err)
	case !committed:
		return errors.Join(cause, durable.Wipe(f.Path), durable.Wipe(f.Originals))
	}
	if reason := t.ice.load(ctx, files); reason != "" {
		t.closed = true
		return fmt.Errorf("%w; the catalog now says: %s", cause, reason)
	}
	t.cfg.Log.Warn("lake: committed in spite of an error", "error", cause)
	return nil
}

// finish completes both files and gives them their final names.
func (p *pair) finish(dir string) (File, error) {
	var cols, originals sealedFile
	err := together(func() (err error) {
		cols, err = p.columns.finish()
		return err
	}, func() (err error) {
		if err = p.originals.flush(); err == nil {
			originals, err = p.originals.finish()
		}
		return err
	})
	if err != nil {
		return File{}, err
	}
	name := fileName(p.first, p.last, 0)
	f := File{
		Path:      filepath.Join(dir, dataDir, name),
		Originals: filepath.Join(dir, originalsDir, name),
		SHA256:    cols.sha256, OriginalsSHA256: originals.sha256,
		FirstEntry: p.first, LastEntry: p.last,
		From: fromMicros(p.columns.from), To: fromMicros(p.columns.to),
		ReceivedFrom: micros(p.receivedFrom), ReceivedTo: micros(p.receivedTo),
		Rows: p.columns.total, Bytes: cols.bytes, OriginalsBytes: originals.bytes,
	}
	if err := rename(originals.path, f.Originals); err != nil {
		return File{}, err
	}
	return f, rename(cols.path, f.Path)
}

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("name lake file: %w", err)
	}
	return durable.SyncDir(filepath.Dir(to))
}
