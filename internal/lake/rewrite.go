package lake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/proof"
)

// rewriting is one pair of files made from several neighbouring ones.
type rewriting struct {
	t     *Table
	olds  []File
	limit int64 // bytes of text in memory
	check func(*event.Entry) error

	together bool // columns and originals at the same time

	// erase returns the tombstone's entry of records that go, 0 for those that
	// stay; nil erases nothing.
	erase func(event.ID) uint64
}

// run writes the new pair, reads it back and puts it in the place of the old
// files in one commit. Files that are not as they were sealed are not touched:
// the error is then a *DamageError.
func (w *rewriting) run(ctx context.Context) (File, error) {
	for _, f := range w.olds {
		if err := w.t.Verify(ctx, f); err != nil {
			return File{}, err
		}
	}
	f := w.describe()
	if err := condemn(ctx, w.t.db, filepath.Base(f.Path)); err != nil {
		return File{}, err
	}
	if err := w.write(ctx, &f); err != nil {
		return File{}, err
	}
	return f, w.commit(ctx, f)
}

// write writes both files of the pair.
func (w *rewriting) write(ctx context.Context, f *File) error {
	if !w.together {
		if err := w.columns(ctx, f); err != nil {
			return err
		}
		return w.originals(ctx, f)
	}
	second := *f
	done := make(chan error, 1)
	go func() { done <- w.originals(ctx, &second) }()
	err := errors.Join(w.columns(ctx, f), <-done)
	f.OriginalsSHA256, f.OriginalsBytes = second.OriginalsSHA256, second.OriginalsBytes
	return err
}

// describe says what is known of the new file beforehand.
func (w *rewriting) describe() File {
	f := w.olds[0]
	f.LastEntry = w.olds[len(w.olds)-1].LastEntry
	generation := 0
	for i := range w.olds {
		old := &w.olds[i]
		generation = max(generation, old.Generation())
		if old.Rows > 0 && (f.Rows == 0 || old.From.Before(f.From)) {
			f.From = old.From
		}
		if old.Rows > 0 && (f.Rows == 0 || old.To.After(f.To)) {
			f.To = old.To
		}
		f.Rows = max(f.Rows, old.Rows) // only whether there are any
		if old.ReceivedTo.IsZero() || f.ReceivedTo.IsZero() {
			f.ReceivedFrom, f.ReceivedTo = time.Time{}, time.Time{}
			continue
		}
		if old.ReceivedFrom.Before(f.ReceivedFrom) {
			f.ReceivedFrom = old.ReceivedFrom
		}
		if old.ReceivedTo.After(f.ReceivedTo) {
			f.ReceivedTo = old.ReceivedTo
		}
	}
	name := fileName(f.FirstEntry, f.LastEntry, generation+1)
	f.Path = filepath.Join(w.t.cfg.Dir, dataDir, name)
	f.Originals = filepath.Join(w.t.cfg.Dir, originalsDir, name)
	return f
}

func (w *rewriting) wanted() func(event.ID) bool {
	if w.erase == nil {
		return nil
	}
	return func(id event.ID) bool { return w.erase(id) == 0 }
}

func (w *rewriting) columns(ctx context.Context, f *File) error {
	m, err := readColumns(ctx, w.t.ice.cols, w.olds, w.limit)
	if err != nil {
		return err
	}
	rows := m.order(w.wanted())
	out, err := m.write(filepath.Join(w.t.cfg.Dir, pendingDir, "rewritten-columns.parquet"),
		arrowSchema(w.t.ice.cols, w.t.ice.ids), w.t.ice.cols, rows)
	if err != nil {
		return err
	}
	f.SHA256, f.Bytes, f.Rows = out.sha256, out.bytes, int64(len(rows))
	return rename(out.path, f.Path)
}

// originals copies the records and compares what it wrote with what it read:
// every entry has to give the same header and root.
func (w *rewriting) originals(ctx context.Context, f *File) error {
	path := filepath.Join(w.t.cfg.Dir, pendingDir, "rewritten-originals.parquet")
	how, err := w.sealing(ctx, f)
	if err != nil {
		return err
	}
	out, err := newOriginalsWriter(path, w.erase != nil || w.anyErased(), how)
	if err != nil {
		return err
	}
	before := sha256.New()
	for _, old := range w.olds {
		for e, err := range w.t.Entries(ctx, old) {
			if err == nil {
				err = w.entry(out, e, before)
			}
			if err != nil {
				out.discard()
				return err
			}
		}
	}
	if err := out.flush(); err != nil {
		out.discard()
		return err
	}
	done, err := out.finish()
	if err != nil {
		return err
	}
	f.OriginalsSHA256, f.OriginalsBytes = done.sha256, done.bytes
	if err := rename(done.path, f.Originals); err != nil {
		return err
	}
	after := sha256.New()
	for e, err := range w.t.Entries(ctx, *f) {
		if err != nil {
			return err
		}
		identify(after, e)
	}
	if !slices.Equal(before.Sum(nil), after.Sum(nil)) {
		return damage(f.Originals, f.FirstEntry, f.LastEntry,
			errors.New("rewritten entries are not those that were read"))
	}
	return nil
}

// sealing returns how to encrypt the new file: under the newest key of the day
// on which its first record arrived.
func (w *rewriting) sealing(ctx context.Context, f *File) (*sealing, error) {
	arrived := f.ReceivedFrom
	if f.ReceivedTo.IsZero() && w.t.cfg.Keys != nil {
		e, err := w.t.Entry(ctx, f.FirstEntry)
		if err != nil {
			return nil, err
		}
		arrived = e.Received
	}
	return w.t.sealing(arrived, f.Path)
}

func (w *rewriting) anyErased() bool {
	for i := range w.olds {
		r, err := w.t.openOriginals(w.olds[i])
		if err != nil {
			return false // reading it will say so
		}
		found := false
		_ = guard(func() error {
			found = r.MetaData().Schema.ColumnIndexByName(colLeafHash) >= 0
			return nil
		})
		r.close()
		if found {
			return true
		}
	}
	return false
}

// entry copies one entry, without the bytes and salts of records that go.
func (w *rewriting) entry(out *originalsWriter, e *event.Entry, sum io.Writer) error {
	if w.check != nil {
		if err := w.check(e); err != nil {
			return damage(w.olds[0].Originals, e.Seq, e.Seq, err)
		}
	}
	identify(sum, e)
	for i := range e.Records {
		r := &e.Records[i]
		if w.erase == nil || r.Erased != nil {
			continue
		}
		if tombstone := w.erase(event.ID{Entry: e.Seq, Leaf: uint32(i)}); tombstone != 0 {
			r.Erased = &event.Erased{Leaf: proof.LeafHash(r.Salt, r.Raw), Tombstone: tombstone}
			r.Salt, r.Raw = event.Salt{}, nil
		}
	}
	return out.add(e)
}

// identify adds to a sum all that the ledger says of an entry: its number,
// header and root.
func identify(sum io.Writer, e *event.Entry) {
	leaves := make([]proof.Hash, len(e.Records))
	for i := range e.Records {
		r := &e.Records[i]
		if r.Erased != nil {
			leaves[i] = r.Erased.Leaf
			continue
		}
		leaves[i] = proof.LeafHash(r.Salt, r.Raw)
	}
	header, root := e.HeaderHash(), proof.Root(leaves)
	line := binary.BigEndian.AppendUint64(nil, e.Seq)
	line = binary.BigEndian.AppendUint32(line, uint32(len(e.Records)))
	_, _ = sum.Write(append(append(line, header[:]...), root[:]...))
}

// commit puts f in the place of the old files, for Iceberg, for the facts and
// for readers.
func (w *rewriting) commit(ctx context.Context, f File) error {
	t := w.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return errClosed
	}
	now := t.state.Load()
	at := slices.IndexFunc(now.files, func(old File) bool { return old.Path == w.olds[0].Path })
	if at < 0 {
		return fmt.Errorf("rewrite %s: it was replaced meanwhile", w.olds[0].Path)
	}
	files := slices.Concat(now.files[:at], []File{f}, now.files[at+len(w.olds):])
	err := t.ice.replace(ctx, w.olds, f, now.through, func(ctx context.Context, tx *sql.Tx) error {
		return swapFacts(ctx, tx, w.olds, &f)
	})
	if err != nil {
		if err := t.settleRewrite(context.WithoutCancel(ctx), files, &f, err); err != nil {
			return err
		}
	}
	t.publish(files)
	if err := t.ice.expire(ctx); err != nil {
		t.cfg.Log.Warn("lake: old snapshots stay", "error", err)
	}
	return nil
}

// settleRewrite is settle for a rewrite: its files are condemned beforehand,
// so that nothing has to be removed here.
func (t *Table) settleRewrite(ctx context.Context, files []File, f *File, cause error) error {
	committed, err := hasFacts(ctx, t.db, filepath.Base(f.Path))
	switch {
	case err != nil:
		t.closed = true
		return errors.Join(cause, err)
	case !committed:
		return cause
	}
	if reason := t.ice.load(ctx, files); reason != "" {
		t.closed = true
		return fmt.Errorf("%w; the catalog now says: %s", cause, reason)
	}
	return nil
}

// swapFacts replaces the facts of the old files by those of f; the old ones
// are condemned and f is not any more.
func swapFacts(ctx context.Context, tx *sql.Tx, olds []File, f *File) error {
	for i := range olds {
		name := filepath.Base(olds[i].Path)
		for _, stmt := range []string{
			"DELETE FROM evident_files WHERE name = ?",
			"DELETE FROM evident_arrivals WHERE name = ?",
		} {
			if _, err := tx.ExecContext(ctx, stmt, name); err != nil {
				return fmt.Errorf("forget file facts: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO evident_condemned VALUES (?, ?)",
			name, time.Now().UnixMicro()); err != nil {
			return fmt.Errorf("note file to remove: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM evident_condemned WHERE name = ?",
		filepath.Base(f.Path)); err != nil {
		return fmt.Errorf("keep new file: %w", err)
	}
	return f.store(ctx, tx)
}
