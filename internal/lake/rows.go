package lake

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake/originals"
)

// Row is one row of the columns: an event as search sees it.
type Row struct {
	ID                         event.ID
	Time, Received             time.Time // whole microseconds, UTC
	Class                      uint32
	Activity, Severity         uint8
	Product, Service, Category string
	Problem                    string
	Attrs                      event.Attributes // in dictionary order, none empty
}

// RowOf returns the row that Append makes of an event, so that a row read back
// can be compared with an event derived again.
func RowOf(ev *event.Event) Row {
	r := Row{
		ID: ev.ID, Time: fromMicros(ev.Time.UnixMicro()), Received: fromMicros(ev.Received.UnixMicro()),
		Class: ev.Class, Activity: ev.Activity, Severity: ev.Severity,
		Product: Text(ev.Product), Service: Text(ev.Service), Category: Text(ev.Category),
		Problem: Text(ev.Problem),
	}
	for _, a := range ev.Attrs {
		if text, ok := columnText(a); ok && r.Attrs.Get(a.Attr) == "" {
			r.Attrs = append(r.Attrs, event.AttrValue{Attr: a.Attr, Text: text})
		}
	}
	slices.SortFunc(r.Attrs, func(a, b event.AttrValue) int { return int(a.Attr) - int(b.Attr) })
	return r
}

// columnText returns the text of an attribute read back, false where the
// column stays empty.
func columnText(a event.AttrValue) (string, bool) {
	if a.Attr.Info().Type != event.TypeInt {
		return Text(a.Text), a.Text != ""
	}
	n, ok := wholeNumber(a.Text)
	return strconv.FormatInt(n, 10), ok
}

// Differs names the first column in which two rows of the same event differ,
// "" when they are the same.
func (r *Row) Differs(o *Row) string {
	for _, c := range []struct {
		name string
		same bool
	}{
		{ColEntry, r.ID.Entry == o.ID.Entry},
		{ColLeaf, r.ID.Leaf == o.ID.Leaf},
		{ColTime, r.Time.Equal(o.Time)},
		{ColReceived, r.Received.Equal(o.Received)},
		{ColClass, r.Class == o.Class},
		{ColActivity, r.Activity == o.Activity},
		{ColSeverity, r.Severity == o.Severity},
		{ColProduct, r.Product == o.Product},
		{ColService, r.Service == o.Service},
		{ColCategory, r.Category == o.Category},
		{ColProblem, r.Problem == o.Problem},
	} {
		if !c.same {
			return c.name
		}
	}
	for _, attrs := range []event.Attributes{r.Attrs, o.Attrs} {
		for _, a := range attrs {
			if r.Attrs.Get(a.Attr) != o.Attrs.Get(a.Attr) {
				return a.Attr.String()
			}
		}
	}
	return ""
}

// Hash returns a keyed hash of all columns: rows are told apart by it where an
// adversary does not know the seed.
func (r *Row) Hash(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, n := range []uint64{
		r.ID.Entry, uint64(r.ID.Leaf), uint64(r.Time.UnixMicro()), uint64(r.Received.UnixMicro()),
		uint64(r.Class), uint64(r.Activity), uint64(r.Severity),
	} {
		maphash.WriteComparable(&h, n)
	}
	text := func(s string) {
		maphash.WriteComparable(&h, len(s))
		_, _ = h.WriteString(s)
	}
	for _, s := range []string{r.Product, r.Service, r.Category, r.Problem} {
		text(s)
	}
	for _, a := range r.Attrs {
		maphash.WriteComparable(&h, a.Attr)
		text(a.Text)
	}
	return h.Sum64()
}

// rowBatch is how many rows are decoded at a time.
const rowBatch = 1024

// Rows streams the column rows of a file in file order. A row group that cannot
// be read is visited once with a *DamageError and an unset row, then the next
// ones follow; rows of it that came before the damage were visited already. An
// error from visit ends the stream and is returned. The row is valid until
// visit returns; its strings stay valid.
func (t *Table) Rows(ctx context.Context, f File, visit func(row *Row, err error) error) error {
	r, err := openReader(f.Path, f.FirstEntry, f.LastEntry)
	if err != nil {
		return visit(nil, err)
	}
	defer r.close()
	for g := range r.NumRowGroups() {
		stop, err := r.rows(ctx, g, visit)
		if stop != nil {
			return stop
		}
		if err == nil {
			continue
		}
		if err := visit(nil, r.damaged(g, err)); err != nil {
			return err
		}
	}
	return nil
}

// rows visits the rows of one row group. stop is what visit or the context
// ended it with, err what is wrong with the file.
func (r *fileReader) rows(ctx context.Context, g int, visit func(*Row, error) error,
) (stop, err error) {
	var d rowDecoder
	var left int
	err = guard(func() (err error) {
		if left, err = r.groupRows(g); err == nil {
			err = d.open(r, g)
		}
		return err
	})
	for err == nil && left > 0 {
		if stop := ctx.Err(); stop != nil {
			return fmt.Errorf("read %s: %w", r.path, stop), nil
		}
		n := min(left, rowBatch)
		if err = guard(func() error { return d.decode(n) }); err != nil {
			break
		}
		for i := range n {
			if stop := visit(&d.rows[i], nil); stop != nil {
				return stop, nil
			}
		}
		left -= n
	}
	return nil, err
}

// rowDecoder turns the column chunks of one row group into rows, in step.
type rowDecoder struct {
	columns []func(n int) error // each fills its part of rows[:n]
	rows    [rowBatch]Row
}

func (d *rowDecoder) open(r *fileReader, g int) error {
	longs := func(name string, set func(row *Row, v int64)) error {
		return addColumn[int64, *file.Int64ColumnChunkReader](d, r, g, name, set)
	}
	ints := func(name string, set func(row *Row, v int32)) error {
		return addColumn[int32, *file.Int32ColumnChunkReader](d, r, g, name, set)
	}
	texts := func(name string, set func(row *Row, v string)) error {
		return addColumn[parquet.ByteArray, *file.ByteArrayColumnChunkReader](d, r, g, name,
			func(row *Row, v parquet.ByteArray) { set(row, string(v)) })
	}
	err := errors.Join(
		longs(ColEntry, func(row *Row, v int64) { row.ID.Entry = uint64(v) }),
		ints(ColLeaf, func(row *Row, v int32) { row.ID.Leaf = uint32(v) }),
		longs(ColTime, func(row *Row, v int64) { row.Time = fromMicros(v) }),
		longs(ColReceived, func(row *Row, v int64) { row.Received = fromMicros(v) }),
		ints(ColClass, func(row *Row, v int32) { row.Class = uint32(v) }),
		ints(ColActivity, func(row *Row, v int32) { row.Activity = uint8(v) }),
		ints(ColSeverity, func(row *Row, v int32) { row.Severity = uint8(v) }),
		texts(ColProduct, func(row *Row, v string) { row.Product = v }),
		texts(ColService, func(row *Row, v string) { row.Service = v }),
		texts(ColCategory, func(row *Row, v string) { row.Category = v }),
		texts(ColProblem, func(row *Row, v string) { row.Problem = v }))
	for a := range event.NumAttrs {
		if err != nil {
			break
		}
		info := a.Info()
		// A file written before the attribute was added lacks its column.
		if r.MetaData().Schema.ColumnIndexByName(info.Path) < 0 {
			continue
		}
		if info.Type == event.TypeInt {
			err = longs(info.Path, func(row *Row, v int64) { row.attr(a, strconv.FormatInt(v, 10)) })
		} else {
			err = texts(info.Path, func(row *Row, v string) { row.attr(a, v) })
		}
	}
	return err
}

func (r *Row) attr(a event.Attr, text string) {
	r.Attrs = append(r.Attrs, event.AttrValue{Attr: a, Text: text})
}

func (d *rowDecoder) decode(n int) error {
	for i := range d.rows[:n] {
		d.rows[i] = Row{Attrs: d.rows[i].Attrs[:0]}
	}
	for _, fill := range d.columns {
		if err := fill(n); err != nil {
			return err
		}
	}
	return nil
}

// addColumn adds the column to the decoder; set is called for values that are
// not null.
func addColumn[T any, R originals.Batcher[T]](d *rowDecoder, r *fileReader, g int, name string,
	set func(*Row, T),
) error {
	col, err := chunk[R](r, g, name)
	if err != nil {
		return err
	}
	if col.Descriptor().MaxRepetitionLevel() != 0 || col.Descriptor().MaxDefinitionLevel() > 1 {
		return fmt.Errorf("column %s: %w", name, errShape)
	}
	nullable := col.Descriptor().MaxDefinitionLevel() == 1
	values, levels := make([]T, rowBatch), make([]int16, rowBatch)
	d.columns = append(d.columns, func(n int) error {
		for at := 0; at < n; {
			total, _, err := col.ReadBatch(int64(n-at), values, levels, nil)
			if err == nil && total <= 0 {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			k := 0
			for i := range int(total) {
				if !nullable || levels[i] == 1 {
					set(&d.rows[at+i], values[k])
					k++
				}
			}
			at += int(total)
		}
		return nil
	})
	return nil
}
