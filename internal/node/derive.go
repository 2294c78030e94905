package node

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/tally"
)

// maxNamedRows is how many altered rows of one file are looked at for the
// column that differs.
const maxNamedRows = 100

// derivation compares the columns of one file with the rows that its original
// bytes give. Rows are compared by a hash under a key of this check, so that
// nobody can prepare a row that passes for another.
type derivation struct {
	v     *verifier
	file  lake.File
	seed  maphash.Seed
	hash  map[event.ID]uint64 // of the rows that have to be there
	other map[event.ID]*lake.Row

	tally  tally.Tally
	masker error // why events could not be masked
}

func (v *verifier) derivation(file lake.File) *derivation {
	return &derivation{
		v: v, file: file, seed: maphash.MakeSeed(), hash: make(map[event.ID]uint64, file.Rows),
		other: map[event.ID]*lake.Row{},
	}
}

// expect adds the rows of an entry.
func (d *derivation) expect(e *event.Entry) {
	evs, err := d.v.n.columnsOf(e)
	if err != nil && d.masker == nil {
		d.masker = err
	}
	for i := range evs {
		if e.Records[i].Erased == nil {
			d.v.clocks.event(&evs[i])
			row := lake.RowOf(&evs[i])
			d.hash[row.ID] = row.Hash(d.seed)
		}
	}
}

// compare reads the columns and names the rows that are not what the original
// bytes give, that are missing, and that are too many. known says that the
// originals could be read whole.
func (d *derivation) compare(ctx context.Context, known bool) error {
	if d.masker != nil {
		return fmt.Errorf("derive columns of %s: %w", d.file.Path, d.masker)
	}
	err := d.v.n.lake.Rows(ctx, d.file, func(row *lake.Row, err error) error {
		if err != nil {
			d.v.fail("row", d.file.Path, "%v", err)
			known = false
			return nil
		}
		d.tally.Row(row)
		want, ok := d.hash[row.ID]
		delete(d.hash, row.ID)
		switch {
		case !ok && known:
			d.v.fail("row", "record "+row.ID.String(), "is in the columns twice, or was never received")
		case ok && want != row.Hash(d.seed) && len(d.other) < maxNamedRows:
			one := *row
			one.Attrs = slices.Clone(row.Attrs)
			d.other[row.ID] = &one
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", d.file.Path, err)
	}
	if known {
		for _, text := range d.tally.Differs(&d.file) {
			d.v.fail("file", d.file.Path, "%s", text)
		}
		for _, id := range sortedIDs(d.hash) {
			d.v.fail("row", "record "+id.String(), "is missing in the columns of %s", d.file.Path)
		}
	}
	return d.name(ctx)
}

// name finds the columns in which altered rows differ.
func (d *derivation) name(ctx context.Context) error {
	var e *event.Entry
	var evs []event.Event
	for _, id := range sortedIDs(d.other) {
		if e == nil || e.Seq != id.Entry {
			var err error
			if e, err = d.v.n.lake.Entry(ctx, id.Entry); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				e = nil
				continue
			}
			if evs, err = d.v.n.columnsOf(e); err != nil {
				return err
			}
		}
		want := lake.RowOf(&evs[id.Leaf])
		d.v.fail("row", "record "+id.String(), "column %s is not what the original bytes give",
			want.Differs(d.other[id]))
	}
	return nil
}

func sortedIDs[V any](m map[event.ID]V) []event.ID {
	ids := make([]event.ID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b event.ID) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	return ids
}
