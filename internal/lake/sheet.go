package lake

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// SheetColumn is a column of a Sheet: text, which a row may lack, or whole
// numbers.
type SheetColumn struct {
	Name  string
	Text  bool
	Delta bool // numbers of neighbouring rows are close to each other
}

// SheetWriter writes a Parquet file of rows that were derived from records.
// It belongs to one goroutine.
type SheetWriter struct {
	*groupWriter
	cols        []SheetColumn
	texts       []textColumn // by column, those of numbers stay empty
	ints        [][]int64
	rows, bytes int
	scratch     scratch
}

// CreateSheet starts a file at path, which is replaced if it is there. notes go
// into the file's own metadata.
func CreateSheet(path string, cols []SheetColumn, notes map[string]string) (*SheetWriter, error) {
	fields, props := make([]arrow.Field, len(cols)), append(writerProps(), parquet.WithStats(false))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name, Type: arrow.PrimitiveTypes.Int64}
		if c.Text {
			fields[i] = arrow.Field{Name: c.Name, Type: arrow.BinaryTypes.String, Nullable: true}
		}
		if c.Delta {
			props = append(props, deltaFor(c.Name)...)
		}
	}
	gw, err := newGroupWriter(path, arrow.NewSchema(fields, nil), props, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range notes {
		if err := gw.out.AppendKeyValueMetadata(name, value); err != nil {
			gw.discard()
			return nil, fmt.Errorf("note %s: %w", name, err)
		}
	}
	return &SheetWriter{
		groupWriter: gw, cols: cols, texts: make([]textColumn, len(cols)), ints: make([][]int64, len(cols)),
	}, nil
}

// Int sets a number of the current row; without it the number is 0.
func (w *SheetWriter) Int(col int, n int64) {
	if n == 0 {
		return
	}
	list := w.ints[col]
	for len(list) < w.rows {
		list = append(list, 0)
	}
	w.ints[col] = append(list, n)
}

// Text sets a text of the current row; without it, or where it is empty, there
// is none.
func (w *SheetWriter) Text(col int, s string) {
	if s != "" && w.texts[col].add(w.rows, s) {
		w.bytes += len(s)
	}
}

// End ends the current row. Where more of the same follows, the next one is put
// into the same row group.
func (w *SheetWriter) End(more bool) error {
	if w.rows++; more || w.rows < columnGroupRows && w.bytes < columnGroupBytes {
		return nil
	}
	return w.flush()
}

func (w *SheetWriter) flush() error {
	if w.rows == 0 {
		return nil
	}
	err := w.group(func(i int, to file.ColumnChunkWriter) error {
		if w.cols[i].Text {
			return w.texts[i].write(to, w.rows, &w.scratch)
		}
		for len(w.ints[i]) < w.rows {
			w.ints[i] = append(w.ints[i], 0)
		}
		return writeInts(to, w.ints[i], nil)
	})
	for i := range w.cols {
		w.texts[i].reset()
		w.ints[i] = w.ints[i][:0]
	}
	w.rows, w.bytes = 0, 0
	return err
}

// Close writes the rest, syncs the file and returns its SHA-256 in hex and its
// length in bytes.
func (w *SheetWriter) Close() (sum string, size int64, err error) {
	if err := w.flush(); err != nil {
		w.discard()
		return "", 0, err
	}
	f, err := w.finish()
	return f.sha256, f.bytes, err
}

// Discard gives the file up and removes it.
func (w *SheetWriter) Discard() { w.discard() }

// Sheet reads a file that a SheetWriter wrote. Errors are *DamageError. It
// belongs to one goroutine.
type Sheet struct {
	r      *fileReader
	reader textReader
}

// OpenSheet opens the file at path.
func OpenSheet(path string) (*Sheet, error) {
	r, err := openReader(path, 0, 0)
	if err != nil {
		return nil, err
	}
	return &Sheet{r: r}, nil
}

// Close closes the file.
func (s *Sheet) Close() { s.r.close() }

// Groups returns how many row groups there are.
func (s *Sheet) Groups() int { return s.r.NumRowGroups() }

// Note returns what CreateSheet noted under the name, "" where it is not there.
func (s *Sheet) Note(name string) (value string) {
	_ = guard(func() error {
		if v := s.r.MetaData().KeyValueMetadata().FindValue(name); v != nil {
			value = *v
		}
		return nil
	})
	return value
}

// Rows returns how many rows row group g has.
func (s *Sheet) Rows(g int) (rows int, err error) {
	err = guard(func() error {
		rows, err = s.r.groupRows(g)
		return err
	})
	if err != nil {
		return 0, s.r.damaged(g, err)
	}
	return rows, nil
}

// Ints reads a column of numbers of row group g.
func (s *Sheet) Ints(g int, name string) (out []int64, err error) {
	err = guard(func() error {
		rows, err := s.r.groupRows(g)
		if err == nil {
			out, err = readInt64s(s.r, g, rows, name)
		}
		return err
	})
	if err != nil {
		return nil, s.r.damaged(g, err)
	}
	return out, nil
}

// Texts reads a column of texts of row group g.
func (s *Sheet) Texts(g int, name string) (*Texts, error) {
	t := &Texts{Values: []string{""}}
	err := guard(func() error {
		rows, err := s.r.groupRows(g)
		if err != nil {
			return err
		}
		t.Index = make([]uint32, rows)
		return s.reader.read(s.r, g, name, t)
	})
	if err != nil {
		return nil, s.r.damaged(g, err)
	}
	return t, nil
}

// Numbers reads a column of whole numbers that a row may lack; set says which
// have one, nil where none has. A file that was written before the column was
// added has none. Errors are *DamageError.
func (s *Scan) Numbers(g int, group *Group, name string) (values []int64, set []bool, err error) {
	m := merged{rows: len(group.Entry)}
	c := held{column: column{name: name, kind: kindLong}}
	err = guard(func() error {
		if s.r.MetaData().Schema.ColumnIndexByName(name) < 0 {
			return nil
		}
		return m.longs(&c, s.r, g, m.rows)
	})
	if err != nil {
		return nil, nil, s.r.damaged(g, err)
	}
	return c.ints, c.set, nil
}
