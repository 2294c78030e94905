package lake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/event"
)

// Group is a row group of columns, as far as it was asked for.
type Group struct {
	Entry []int64 // of each row
	Leaf  []int32
	Time  []int64 // event time, microseconds UTC
	Texts map[string]*Texts
}

// Texts is a text column by its distinct values.
type Texts struct {
	Index  []uint32 // of each row, in Values
	Values []string // the first stands for rows that have none
}

// Scan reads columns of a sealed file, one row group after the other. It
// belongs to one goroutine.
type Scan struct {
	r       *fileReader
	Mapping string // Config.Mapping of the Table that wrote the file, "" if unknown
	reader  textReader
}

// OpenScan opens the columns of a file.
func (t *Table) OpenScan(f File) (*Scan, error) {
	r, err := openReader(f.Path, f.FirstEntry, f.LastEntry)
	if err != nil {
		return nil, err
	}
	s := &Scan{r: r}
	err = guard(func() error {
		if v := r.MetaData().KeyValueMetadata().FindValue(mappingKey); v != nil {
			s.Mapping = *v
		}
		return nil
	})
	if err != nil {
		r.close()
		return nil, damage(f.Path, f.FirstEntry, f.LastEntry, err)
	}
	return s, nil
}

// Close closes the file.
func (s *Scan) Close() { s.r.close() }

// Groups returns how many row groups there are.
func (s *Scan) Groups() int { return s.r.NumRowGroups() }

// Rows reads where and when the rows of row group g are. Errors are
// *DamageError.
func (s *Scan) Rows(g int) (*Group, error) {
	out := &Group{Texts: map[string]*Texts{}}
	err := guard(func() error {
		rows, err := s.r.groupRows(g)
		if err != nil {
			return err
		}
		var errs [3]error
		out.Entry, errs[0] = readInt64s(s.r, g, rows, ColEntry)
		out.Leaf, errs[1] = readInt32s(s.r, g, rows, ColLeaf)
		out.Time, errs[2] = readInt64s(s.r, g, rows, ColTime)
		return errors.Join(errs[:]...)
	})
	if err != nil {
		return nil, s.r.damaged(g, err)
	}
	return out, nil
}

// Longs reads a column of whole numbers or times, in microseconds, that every
// row has. Errors are *DamageError.
func (s *Scan) Longs(g int, name string) (out []int64, err error) {
	err = guard(func() error {
		rows, err := s.r.groupRows(g)
		if err != nil {
			return err
		}
		if name != ColClass && name != ColActivity && name != ColSeverity {
			out, err = readInt64s(s.r, g, rows, name)
			return err
		}
		ints, err := readInt32s(s.r, g, rows, name)
		for _, n := range ints {
			out = append(out, int64(n))
		}
		return err
	})
	if err != nil {
		return nil, s.r.damaged(g, err)
	}
	return out, nil
}

// Load reads a text column of row group g, which Rows gave. A file that was
// written before the column was added has no value in any row. Errors are
// *DamageError.
func (s *Scan) Load(g int, group *Group, name string) (*Texts, error) {
	if t := group.Texts[name]; t != nil {
		return t, nil
	}
	t := &Texts{Index: make([]uint32, len(group.Entry)), Values: []string{""}}
	err := guard(func() error {
		if s.r.MetaData().Schema.ColumnIndexByName(name) < 0 {
			return nil
		}
		return s.reader.read(s.r, g, name, t)
	})
	if err != nil {
		return nil, s.r.damaged(g, err)
	}
	group.Texts[name] = t
	return t, nil
}

// textReader is memory to read text columns with.
type textReader struct {
	values []parquet.ByteArray
	levels []int16
	known  map[string]uint32
}

// read numbers the distinct values of a column in the order in which they come.
func (x *textReader) read(r *fileReader, g int, name string, t *Texts) error {
	col, err := chunk[*file.ByteArrayColumnChunkReader](r, g, name)
	if err != nil {
		return err
	}
	if d := col.Descriptor(); d.MaxRepetitionLevel() != 0 || d.MaxDefinitionLevel() != 1 {
		return fmt.Errorf("column %s: %w", name, errShape)
	}
	if x.values == nil {
		x.values, x.levels = make([]parquet.ByteArray, rowBatch), make([]int16, rowBatch)
		x.known = map[string]uint32{}
	}
	clear(x.known)
	for at := 0; at < len(t.Index); {
		n := min(rowBatch, len(t.Index)-at)
		total, _, err := col.ReadBatch(int64(n), x.values, x.levels, nil)
		if err == nil && total <= 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
		k := 0
		for i, level := range x.levels[:total] {
			if level == 1 {
				t.Index[at+i] = x.number(t, x.values[k])
				k++
			}
		}
		at += int(total)
	}
	return nil
}

// number returns the place of a value among the distinct ones.
func (x *textReader) number(t *Texts, value parquet.ByteArray) uint32 {
	id, ok := x.known[string(value)]
	if !ok {
		id = uint32(len(t.Values))
		text := string(value)
		t.Values = append(t.Values, text)
		x.known[text] = id
	}
	return id
}

// EntriesOf streams those entries of a file that are wanted, in order, reading
// no row group that has none of them. Salt and batch are not read. What is
// wanted and not there is not noticed. The first *DamageError ends the stream.
func (t *Table) EntriesOf(ctx context.Context, f File, wanted func(first, last uint64) bool,
	visit func(*event.Entry) error,
) error {
	r, err := t.openOriginals(f)
	if err != nil {
		return err
	}
	defer r.close()
	for g := range r.NumRowGroups() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", f.Originals, err)
		}
		if first, last := r.groupRange(g); !wanted(first, last) {
			continue
		}
		entries, err := r.plainEntries(g, wanted)
		if err != nil {
			return r.damaged(g, err)
		}
		for _, e := range entries {
			if err := visit(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainEntries rebuilds the wanted entries of row group g without salt and
// batch.
func (r *fileReader) plainEntries(g int, wanted func(first, last uint64) bool,
) (out []*event.Entry, err error) {
	var c originalColumns
	if err := guard(func() error { return c.readPlain(r, g) }); err != nil {
		return nil, err
	}
	for from, to := 0, 0; from < len(c.entry); from = to {
		for to = from + 1; to < len(c.entry) && c.entry[to] == c.entry[from]; to++ {
		}
		if seq := uint64(c.entry[from]); !wanted(seq, seq) {
			continue
		}
		e, err := c.rebuildPlain(from, to)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (c *originalColumns) readPlain(r *fileReader, g int) error {
	rows, err := r.groupRows(g)
	if err != nil {
		return err
	}
	var errs [8]error
	c.entry, errs[0] = readInt64s(r, g, rows, ColEntry)
	c.leaf, errs[1] = readInt32s(r, g, rows, ColLeaf)
	c.position, errs[2] = readInt64s(r, g, rows, "position")
	c.raw, errs[3] = readBytes(r, g, rows, "raw")
	c.source, errs[4] = readBytes(r, g, rows, "source")
	c.format, errs[5] = readBytes(r, g, rows, "format")
	c.schema, errs[6] = readBytes(r, g, rows, "schema")
	c.received, errs[7] = readInt64s(r, g, rows, ColReceived)
	return errors.Join(errs[:]...)
}

// rebuildPlain makes the entry of rows from up to to, without salts and batch.
func (c *originalColumns) rebuildPlain(from, to int) (*event.Entry, error) {
	e := c.head(from, to)
	for i := range e.Records {
		row := from + i
		if int(c.leaf[row]) != i {
			return nil, fmt.Errorf("entry %d has leaf %d in place of %d", e.Seq, c.leaf[row], i)
		}
		e.Records[i].Position, e.Records[i].Raw = c.position[row], c.raw[row]
	}
	return e, nil
}
