package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"time"
)

// Snapshot is a committed state of the lake: files never change once they are
// in one.
type Snapshot struct {
	ID      int64  // Iceberg snapshot id, 0 for an empty lake
	Through uint64 // last entry in it
	Files   []File // in entry order
	Events  int64  // rows in Files
}

// Snapshot returns the current state, with only the files that may hold events
// from from through to, both inclusive. A zero time does not limit.
func (t *Table) Snapshot(ctx context.Context, from, to time.Time) (Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return Snapshot{}, fmt.Errorf("plan lake files: %w", err)
	}
	s := t.state.Load()
	out := Snapshot{ID: s.snapshot, Through: s.through}
	for i := range s.files {
		f := &s.files[i]
		limited := !from.IsZero() || !to.IsZero()
		// Columns hold whole microseconds: the bound is cut to them too.
		if !from.IsZero() && f.To.Before(from.Truncate(time.Microsecond)) ||
			!to.IsZero() && f.From.After(to) || limited && f.Rows == 0 {
			continue
		}
		out.Files = append(out.Files, *f)
		out.Events += f.Rows
	}
	return out, nil
}

// fileOf finds the file that holds the entry.
func (t *Table) fileOf(seq uint64) (File, error) {
	files := t.state.Load().files
	i := sort.Search(len(files), func(i int) bool { return files[i].LastEntry >= seq })
	if i == len(files) || files[i].FirstEntry > seq {
		return File{}, fmt.Errorf("entry %d: %w", seq, ErrNotFound)
	}
	return files[i], nil
}

// Verify reads both files and compares them with the hashes that were stored
// when they were committed. The error is a *DamageError, or several joined.
func (t *Table) Verify(ctx context.Context, f File) error {
	var errs []error
	for _, one := range []struct {
		path, sum string
		size      int64
	}{{f.Path, f.SHA256, f.Bytes}, {f.Originals, f.OriginalsSHA256, f.OriginalsBytes}} {
		err := verifyHash(ctx, one.path, one.sum, one.size)
		if ctx.Err() != nil {
			return fmt.Errorf("verify %s: %w", one.path, ctx.Err())
		}
		if err != nil {
			errs = append(errs, damage(one.path, f.FirstEntry, f.LastEntry, err))
		}
	}
	return errors.Join(errs...)
}

func verifyHash(ctx context.Context, path, want string, size int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		k, err := f.Read(buf)
		h.Write(buf[:k])
		n += int64(k)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if n != size {
		return fmt.Errorf("length is %d bytes, %d were sealed", n, size)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("sha256 is %s, %s was sealed", got, want)
	}
	return nil
}

// Files returns all sealed files in entry order.
func (t *Table) Files() []File { return slices.Clone(t.state.Load().files) }
