package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/event"
)

// A row group of a merged file has at most so many rows: fetching one row
// decodes a part of each of its columns. The end of a day ends it where it has
// at least minDayRows.
const (
	mergedGroupRows = 32 << 10
	minDayRows      = 8 << 10
)

var (
	errTooLarge = errors.New("files hold more text than one rewrite may keep in memory")
	errMixed    = errors.New("files were made by different mappings")
)

// merged holds the column rows of some files in memory, column by column.
type merged struct {
	cols    []held
	rows    int   // room for them
	filled  int   // read so far
	room    int64 // bytes of text that may still come
	mapping string
	text    textReader
}

// held is one column. Texts are numbered by row group; place 0 is no value.
type held struct {
	column
	ints   []int64 // kindInt, kindLong, kindTime
	set    []bool  // which of ints are there; nil where all are
	index  []uint32
	values []string
}

// readColumns reads the columns of files with at most limit bytes of text.
func readColumns(ctx context.Context, cols []column, files []File, limit int64) (*merged, error) {
	m := &merged{cols: make([]held, len(cols)), room: limit}
	for i := range files {
		m.rows += int(files[i].Rows)
	}
	for i, c := range cols {
		m.cols[i] = held{column: c, values: []string{""}}
		if c.required {
			m.cols[i].ints = make([]int64, 0, m.rows)
		}
	}
	for i := range files {
		if err := m.file(ctx, &files[i], i == 0); err != nil {
			return nil, err
		}
	}
	if m.filled != m.rows {
		return nil, damage(files[0].Path, files[0].FirstEntry, files[len(files)-1].LastEntry,
			fmt.Errorf("files hold %d rows, %d were sealed", m.filled, m.rows))
	}
	return m, nil
}

func (m *merged) file(ctx context.Context, f *File, first bool) error {
	r, err := openReader(f.Path, f.FirstEntry, f.LastEntry)
	if err != nil {
		return err
	}
	defer r.close()
	mapping := ""
	err = guard(func() error {
		if v := r.MetaData().KeyValueMetadata().FindValue(mappingKey); v != nil {
			mapping = *v
		}
		return nil
	})
	if err != nil {
		return damage(f.Path, f.FirstEntry, f.LastEntry, err)
	}
	if !first && mapping != m.mapping {
		return errMixed
	}
	m.mapping = mapping
	for g := range r.NumRowGroups() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", f.Path, err)
		}
		err := guard(func() error { return m.group(r, g) })
		if errors.Is(err, errTooLarge) {
			return err
		}
		if err != nil {
			return r.damaged(g, err)
		}
	}
	return nil
}

func (m *merged) group(r *fileReader, g int) error {
	rows, err := r.groupRows(g)
	if err != nil {
		return err
	}
	if m.filled+rows > m.rows {
		return errors.New("file holds more rows than were sealed")
	}
	for i := range m.cols {
		if err := m.column(&m.cols[i], r, g, rows); err != nil {
			return err
		}
	}
	m.filled += rows
	return nil
}

func (m *merged) column(c *held, r *fileReader, g, rows int) error {
	switch {
	case c.required && c.kind == kindInt:
		values, err := readInt32s(r, g, rows, c.name)
		for _, v := range values {
			c.ints = append(c.ints, int64(v))
		}
		return err
	case c.required:
		values, err := readInt64s(r, g, rows, c.name)
		c.ints = append(c.ints, values...)
		return err
	case r.MetaData().Schema.ColumnIndexByName(c.name) < 0:
		return nil // the file is older than the column
	case c.kind == kindText:
		return m.texts(c, r, g, rows)
	}
	return m.longs(c, r, g, rows)
}

func (m *merged) texts(c *held, r *fileReader, g, rows int) error {
	t := &Texts{Index: make([]uint32, rows), Values: []string{""}}
	if err := m.text.read(r, g, c.name, t); err != nil {
		return err
	}
	if len(t.Values) == 1 {
		return nil
	}
	for _, v := range t.Values[1:] {
		m.room -= int64(len(v)) + 16
	}
	if m.room < 0 {
		return errTooLarge
	}
	if c.index == nil {
		c.index = make([]uint32, m.rows)
	}
	base := uint32(len(c.values) - 1)
	c.values = append(c.values, t.Values[1:]...)
	for i, place := range t.Index {
		if place != 0 {
			c.index[m.filled+i] = base + place
		}
	}
	return nil
}

func (m *merged) longs(c *held, r *fileReader, g, rows int) error {
	col, err := chunk[*file.Int64ColumnChunkReader](r, g, c.name)
	if err != nil {
		return err
	}
	if d := col.Descriptor(); d.MaxRepetitionLevel() != 0 || d.MaxDefinitionLevel() != 1 {
		return fmt.Errorf("column %s: %w", c.name, errShape)
	}
	values, levels := make([]int64, rowBatch), make([]int16, rowBatch)
	for at := 0; at < rows; {
		total, n, err := col.ReadBatch(int64(min(rowBatch, rows-at)), values, levels, nil)
		if err == nil && total <= 0 {
			err = errShape
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
		if n > 0 && c.set == nil {
			c.ints, c.set = make([]int64, m.rows), make([]bool, m.rows)
		}
		k := 0
		for i, level := range levels[:total] {
			if level == 1 {
				c.ints[m.filled+at+i], c.set[m.filled+at+i] = values[k], true
				k++
			}
		}
		at += int(total)
	}
	return nil
}

func (m *merged) named(name string) *held {
	i := slices.IndexFunc(m.cols, func(c held) bool { return c.name == name })
	return &m.cols[i]
}

const dayMicros = 24 * 3600 * 1_000_000

// day numbers days, also those before 1970.
func day(micros int64) int64 {
	d := micros / dayMicros
	if micros%dayMicros < 0 {
		d--
	}
	return d
}

// order returns the rows that are wanted by day, host and time; rows of one
// time keep the order of arrival.
func (m *merged) order(wanted func(event.ID) bool) []uint32 {
	entry, leaf := m.named(ColEntry).ints, m.named(ColLeaf).ints
	at, host := m.named(ColTime).ints, m.named(event.AttrHost.String())
	ranks := ranked(host.values)
	rank := func(row uint32) uint32 {
		if host.index == nil {
			return 0
		}
		return ranks[host.index[row]]
	}
	rows := make([]uint32, 0, m.rows)
	for i := range uint32(m.rows) {
		id := event.ID{Entry: uint64(entry[i]), Leaf: uint32(leaf[i])}
		if wanted == nil || wanted(id) {
			rows = append(rows, i)
		}
	}
	slices.SortFunc(rows, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(day(at[a]), day(at[b])), cmp.Compare(rank(a), rank(b)),
			cmp.Compare(at[a], at[b]), cmp.Compare(entry[a], entry[b]), cmp.Compare(leaf[a], leaf[b]))
	})
	return rows
}

// ranked returns for each value its place in the order of all, the same for
// equal ones.
func ranked(values []string) []uint32 {
	order := make([]uint32, len(values))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(values[a], values[b]) })
	ranks := make([]uint32, len(values))
	next := uint32(0)
	for i, place := range order {
		if i > 0 && values[place] != values[order[i-1]] {
			next++
		}
		ranks[place] = next
	}
	return ranks
}

// groups cuts the ordered rows into row groups: by number, by text, and at the
// end of a day.
func (m *merged) groups(rows []uint32) (out [][]uint32) {
	at := m.named(ColTime).ints
	from, text := 0, 0
	for i, row := range rows {
		size := 48
		for c := range m.cols {
			if index := m.cols[c].index; index != nil {
				size += len(m.cols[c].values[index[row]])
			}
		}
		n := i - from
		newDay := i > 0 && day(at[row]) != day(at[rows[i-1]])
		if n >= mergedGroupRows || n >= minDayRows && newDay || n > 0 && text+size > columnGroupBytes {
			out, from, text = append(out, rows[from:i]), i, 0
		}
		text += size
	}
	if from < len(rows) {
		out = append(out, rows[from:])
	}
	return out
}

// write writes the rows to a file of columns.
func (m *merged) write(path string, schema *arrow.Schema, cols []column, rows []uint32,
) (sealedFile, error) {
	w, err := newParquetWriter(path, schema, columnProps(cols))
	if err != nil {
		return sealedFile{}, err
	}
	err = w.out.AppendKeyValueMetadata(mappingKey, m.mapping)
	for _, group := range m.groups(rows) {
		if err != nil {
			break
		}
		for i := range m.cols {
			m.cols[i].fill(w.builder.Field(i), group)
		}
		err = w.flush()
	}
	if err != nil {
		w.discard()
		return sealedFile{}, fmt.Errorf("write %s: %w", path, err)
	}
	return w.finish()
}

// fill appends the rows' values to a builder.
func (c *held) fill(to array.Builder, rows []uint32) {
	if c.index == nil && c.ints == nil {
		to.AppendNulls(len(rows))
		return
	}
	for _, row := range rows {
		switch b := to.(type) {
		case *array.StringBuilder:
			if place := c.index[row]; place == 0 {
				b.AppendNull()
			} else {
				b.Append(c.values[place])
			}
		case *array.Int32Builder:
			b.Append(int32(c.ints[row]))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(c.ints[row]))
		case *array.Int64Builder:
			if c.set != nil && !c.set[row] {
				b.AppendNull()
			} else {
				b.Append(c.ints[row])
			}
		}
	}
}
