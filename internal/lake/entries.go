package lake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/evident-sec/evident/event"
)

// Original is one record as it arrived, with what its entry says about it.
type Original struct {
	ID       event.ID
	Salt     event.Salt
	Raw      []byte
	Position int64 // 1-based record number within Source
	Source   string
	Format   event.Format
	Schema   string
	Received time.Time
	Batch    event.BatchID
}

// Original returns the record of an event. It is ErrNotFound for records that
// are not sealed yet, and a *DamageError for what cannot be read.
func (t *Table) Original(ctx context.Context, id event.ID) (Original, error) {
	e, err := t.Entry(ctx, id.Entry)
	if err != nil {
		return Original{}, err
	}
	if int(id.Leaf) >= len(e.Records) {
		return Original{}, fmt.Errorf("record %s: %w", id, ErrNotFound)
	}
	r := &e.Records[id.Leaf]
	return Original{
		ID: id, Salt: r.Salt, Raw: r.Raw, Position: r.Position, Source: e.Source,
		Format: e.Format, Schema: e.Schema, Received: e.Received, Batch: e.Batch,
	}, nil
}

// Entry returns a sealed entry as the journal held it, records in leaf order.
// Errors are as for Original.
func (t *Table) Entry(ctx context.Context, seq uint64) (*event.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read entry %d: %w", seq, err)
	}
	f, err := t.fileOf(seq)
	if err != nil {
		return nil, err
	}
	r, err := t.openOriginals(f)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for g := range r.NumRowGroups() {
		if first, last := r.groupRange(g); seq < first || seq > last {
			continue
		}
		entries, err := r.entries(g, seq)
		if err != nil {
			return nil, r.damaged(g, err)
		}
		if len(entries) > 0 {
			return entries[0], nil
		}
	}
	return nil, damage(f.Originals, seq, seq, errors.New("entry is missing"))
}

// Entries streams the entries of a file in order, for verification. A row
// group that cannot be read yields a *DamageError and the next ones follow.
// What is missing or altered without damage to the file is not noticed here:
// the ledger tells.
func (t *Table) Entries(ctx context.Context, f File) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		r, err := t.openOriginals(f)
		if err != nil {
			yield(nil, err)
			return
		}
		defer r.close()
		for g := range r.NumRowGroups() {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("read %s: %w", f.Originals, err))
				return
			}
			entries, err := r.entries(g, 0)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil && !yield(nil, r.damaged(g, err)) {
				return
			}
		}
	}
}

// entries rebuilds the entries of row group g, only entry seq where it is not
// 0. On an error it returns those before it.
func (r *fileReader) entries(g int, seq uint64) (out []*event.Entry, err error) {
	var c originalColumns
	if err := guard(func() error { return c.read(r, g) }); err != nil {
		return nil, err
	}
	for from, to := 0, 0; from < len(c.entry); from = to {
		for to = from + 1; to < len(c.entry) && c.entry[to] == c.entry[from]; to++ {
		}
		if seq != 0 && uint64(c.entry[from]) != seq {
			continue
		}
		e, err := c.rebuild(from, to)
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// originalColumns is a decoded row group of originals.
type originalColumns struct {
	entry, position, received   []int64
	leaf                        []int32
	salt, batch                 []parquet.FixedLenByteArray
	raw, source, format, schema []parquet.ByteArray
	leafHash                    []parquet.FixedLenByteArray // nil in a file without erased records
	tombstone                   []int64
}

func (c *originalColumns) read(r *fileReader, g int) error {
	rows, err := r.groupRows(g)
	if err != nil {
		return err
	}
	errs := make([]error, 0, 10)
	keep := func(err error) { errs = append(errs, err) }
	c.entry, err = readInt64s(r, g, rows, ColEntry)
	keep(err)
	c.leaf, err = readInt32s(r, g, rows, ColLeaf)
	keep(err)
	c.position, err = readInt64s(r, g, rows, "position")
	keep(err)
	c.salt, err = readFixed(r, g, rows, "salt")
	keep(err)
	c.raw, err = readBytes(r, g, rows, "raw")
	keep(err)
	c.source, err = readBytes(r, g, rows, "source")
	keep(err)
	c.format, err = readBytes(r, g, rows, "format")
	keep(err)
	c.schema, err = readBytes(r, g, rows, "schema")
	keep(err)
	c.received, err = readInt64s(r, g, rows, ColReceived)
	keep(err)
	c.batch, err = readFixed(r, g, rows, "batch")
	keep(err)
	keep(c.readErased(r, g, rows))
	return errors.Join(errs...)
}

// readErased reads what stands for erased records, where the file has any.
func (c *originalColumns) readErased(r *fileReader, g, rows int) (err error) {
	if r.MetaData().Schema.ColumnIndexByName(colLeafHash) < 0 {
		return nil
	}
	if c.leafHash, err = readFixed(r, g, rows, colLeafHash); err != nil {
		return err
	}
	c.tombstone, err = readInt64s(r, g, rows, colTombstone)
	return err
}

// erased returns what stands for the record of a row, nil where it is there.
func (c *originalColumns) erased(row int) (*event.Erased, error) {
	if c.leafHash == nil || c.tombstone[row] == 0 {
		return nil, nil
	}
	e := &event.Erased{Tombstone: uint64(c.tombstone[row])}
	if len(c.leafHash[row]) != len(e.Leaf) {
		return nil, errShape
	}
	copy(e.Leaf[:], c.leafHash[row])
	return e, nil
}

// head is the entry of rows from up to to, without batch and records.
func (c *originalColumns) head(from, to int) *event.Entry {
	return &event.Entry{
		Seq:      uint64(c.entry[from]),
		Source:   string(c.source[from]),
		Format:   event.Format(c.format[from]),
		Schema:   string(c.schema[from]),
		Received: time.Unix(0, c.received[from]).UTC(),
		Records:  make([]event.Record, to-from),
	}
}

// rebuild makes the entry of rows from up to to.
func (c *originalColumns) rebuild(from, to int) (*event.Entry, error) {
	e := c.head(from, to)
	if len(c.batch[from]) != len(e.Batch) {
		return nil, errShape
	}
	copy(e.Batch[:], c.batch[from])
	for i := range e.Records {
		row := from + i
		rec := &e.Records[i]
		if int(c.leaf[row]) != i {
			return nil, fmt.Errorf("entry %d has leaf %d in place of %d", e.Seq, c.leaf[row], i)
		}
		if len(c.salt[row]) != len(rec.Salt) {
			return nil, errShape
		}
		copy(rec.Salt[:], c.salt[row])
		rec.Position, rec.Raw = c.position[row], c.raw[row]
		var err error
		if rec.Erased, err = c.erased(row); err != nil {
			return nil, err
		}
	}
	return e, nil
}
