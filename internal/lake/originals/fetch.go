package originals

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sort"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
)

// Reader reads originals of one lake. Its methods are safe for concurrent use.
type Reader struct {
	// Unseal returns the plain Parquet bytes of an opened file.
	Unseal func(*os.File) (parquet.ReaderAtSeeker, error)

	outlines outlines
}

// fetchers is how many goroutines read originals for one question.
const fetchers = 2

// found is an original record that was asked for.
type found struct {
	id  event.ID
	raw []byte
}

// Fetch visits those records of some originals files that are among ids, in no
// order. It reads the pages that hold them and no others. Errors are
// *DamageError, or the context's.
func (t *Reader) Fetch(ctx context.Context, paths []string, ids []event.ID,
	visit func(event.ID, []byte),
) error {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	work, err := t.fetches(ctx, paths, ids)
	if err != nil {
		return err
	}
	out := make([][]found, len(work))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for i, w := range work {
		group.Go(func() error {
			var err error
			out[i], err = t.fetch(ctx, w)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, part := range out {
		for _, f := range part {
			visit(f.id, f.raw)
		}
	}
	return nil
}

func compareIDs(a, b event.ID) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
}

// fetching is what one goroutine reads at a time: some row groups of a file.
type fetching struct {
	path   string
	groups []int
	ids    [][]event.ID // of each row group
}

// fetches finds the row groups that may hold ids.
func (t *Reader) fetches(ctx context.Context, paths []string, ids []event.ID,
) (out []fetching, err error) {
	const most = 32 // row groups a piece of work
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read original bytes: %w", err)
		}
		if first, last, ok := entriesIn(path); ok && len(within(ids, first, last)) == 0 {
			continue
		}
		o, err := t.outlineOf(path)
		if err != nil {
			return nil, err
		}
		w := fetching{path: path}
		for g, s := range o.groups {
			wanted := within(ids, s.first, s.last)
			if len(wanted) == 0 {
				continue
			}
			w.groups, w.ids = append(w.groups, g), append(w.ids, wanted)
			if len(w.groups) == most {
				out, w = append(out, w), fetching{path: path}
			}
		}
		if len(w.groups) > 0 {
			out = append(out, w)
		}
	}
	return out, nil
}

// within returns the sorted ids of entries from first to last.
func within(ids []event.ID, first, last uint64) []event.ID {
	from := sort.Search(len(ids), func(i int) bool { return ids[i].Entry >= first })
	to := sort.Search(len(ids), func(i int) bool { return ids[i].Entry > last })
	return ids[from:max(from, to)]
}

func (t *Reader) fetch(ctx context.Context, w fetching) (out []found, err error) {
	r, err := t.openOutlined(w.path)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for i, g := range w.groups {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read original bytes: %w", err)
		}
		err := Guard(func() error {
			var err error
			out, err = r.fetch(g, w.ids[i], out)
			return err
		})
		if err != nil {
			return nil, r.damaged(g, err)
		}
	}
	return out, nil
}

// fetch appends the records of row group g that are among the sorted ids.
func (r *opened) fetch(g int, ids []event.ID, out []found) ([]found, error) {
	rows, err := Rows(r.Reader, g)
	if err != nil {
		return nil, err
	}
	entry, err := Int64s(r.Reader, g, rows, "entry")
	if err != nil {
		return nil, err
	}
	leaf, err := Int32s(r.Reader, g, rows, "leaf")
	if err != nil {
		return nil, err
	}
	from := len(out)
	var wanted []int
	for row := range entry {
		id := event.ID{Entry: uint64(entry[row]), Leaf: uint32(leaf[row])}
		if _, ok := slices.BinarySearchFunc(ids, id, compareIDs); ok {
			wanted, out = append(wanted, row), append(out, found{id: id})
		}
	}
	err = r.rawOf(g, rows, wanted, func(i int, raw []byte) {
		out[from+i].raw = slices.Clone(raw) // not to keep the page
	})
	return out, err
}

// rawOf reads the raw bytes of ascending rows of row group g, only the pages
// that they are on where the file has an index of its pages.
func (r *opened) rawOf(g, rows int, wanted []int, visit func(i int, raw []byte)) error {
	if len(wanted) == 0 {
		return nil
	}
	starts, err := r.pageStarts(g, rows)
	if err != nil {
		return err
	}
	col, err := Column[*file.ByteArrayColumnChunkReader](r.Reader, g, "raw")
	if err != nil {
		return err
	}
	if d := col.Descriptor(); d.MaxDefinitionLevel() != 0 || d.MaxRepetitionLevel() != 0 {
		return fmt.Errorf("column raw: %w", ErrShape)
	}
	values := make([]parquet.ByteArray, rows)
	for at, i := 0, 0; i < len(wanted); {
		page := sort.SearchInts(starts, wanted[i]+1) - 1
		if starts[page] > at {
			at = starts[page]
			if err := col.SeekToRow(int64(at)); err != nil {
				return fmt.Errorf("column raw: %w", err)
			}
		}
		// Values are those of the page; they hold until the next one is read.
		_, n, err := col.ReadBatchInPage(int64(rows-at), values, nil, nil)
		if err == nil && n <= 0 {
			err = ErrShape
		}
		if err != nil {
			return fmt.Errorf("column raw: %w", err)
		}
		for ; i < len(wanted) && wanted[i] < at+n; i++ {
			visit(i, values[wanted[i]-at])
		}
		at += n
	}
	return nil
}

// pageStarts returns the first row of each page of raw in row group g; without
// an index the row group is one page.
func (r *opened) pageStarts(g, rows int) ([]int, error) {
	i := r.MetaData().Schema.ColumnIndexByName("raw")
	index, err := r.GetPageIndexReader().RowGroup(g)
	if err != nil || index == nil || i < 0 {
		return []int{0}, err
	}
	offsets, err := index.GetOffsetIndex(i)
	if err != nil || offsets == nil {
		return []int{0}, err
	}
	var starts []int
	for _, p := range offsets.GetPageLocations() {
		starts = append(starts, int(p.FirstRowIndex))
	}
	ascending := slices.IsSorted(starts) && len(slices.Compact(slices.Clone(starts))) == len(starts)
	if len(starts) == 0 || starts[0] != 0 || !ascending || starts[len(starts)-1] >= rows {
		return nil, fmt.Errorf("index of pages: %w", ErrShape)
	}
	return starts, nil
}

// Parts returns how many parts an originals file has.
func (t *Reader) Parts(path string) (int, error) {
	o, err := t.outlineOf(path)
	if err != nil {
		return 0, err
	}
	return len(o.groups), nil
}

// Part returns where the records of a part of an originals file are, and their
// bytes.
func (t *Reader) Part(path string, n int) (entry []int64, leaf []int32, raw [][]byte, err error) {
	r, err := t.openOutlined(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer r.close()
	err = Guard(func() error {
		rows, err := Rows(r.Reader, n)
		if err != nil {
			return err
		}
		if entry, err = Int64s(r.Reader, n, rows, "entry"); err != nil {
			return err
		}
		if leaf, err = Int32s(r.Reader, n, rows, "leaf"); err != nil {
			return err
		}
		values, err := Bytes(r.Reader, n, rows, "raw")
		raw = make([][]byte, len(values))
		for i, v := range values {
			raw[i] = v
		}
		return err
	})
	if err != nil {
		return nil, nil, nil, r.damaged(n, err)
	}
	return entry, leaf, raw, nil
}

// outline is what finding records in an originals file takes.
type outline struct {
	info   os.FileInfo
	meta   *metadata.FileMetaData
	groups []entrySpan
}

type entrySpan struct{ first, last uint64 }
