package lake

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// dictionaryBytes is how much distinct text a column of a row group may have
// before its values are written one by one.
const dictionaryBytes = 1 << 20

// textColumn collects one text column of a row group: a dictionary and the place
// of each row's value in it, or, when there are too many different values, all
// values. The place is -1 where the row has none; rows at the end that have none
// are left out.
type textColumn struct {
	index  []int32
	values int // rows that have a value
	known  distinct
	plain  bool  // the values are all in every, and index only says which rows have one
	every  texts // of each row that has a value

	before string // the value before, whose place is the last one in index
}

// Text returns s as the text columns keep it: bytes that are not UTF-8 become
// U+FFFD, one for each run of them.
func Text(s string) string {
	if utf8.ValidString(s) { // much faster than ToValidUTF8
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// add sets the value of a row; rows come in order. The first value counts where
// a mapping sets an attribute twice.
func (c *textColumn) add(row int, s string) bool {
	if len(c.index) > row {
		return false
	}
	if len(c.index) == row && row > 0 && !c.plain && c.before == s {
		if last := c.index[row-1]; last >= 0 {
			c.index = append(c.index, last)
			c.values++
			return true
		}
	}
	for len(c.index) < row {
		c.index = append(c.index, -1)
	}
	c.values++
	if c.plain {
		c.index = append(c.index, 0)
		c.every.add(Text(s))
		return true
	}
	c.index = append(c.index, int32(c.known.number(Text(s))))
	c.before = s
	if len(c.known.texts.bytes)+4*c.known.texts.len() >= dictionaryBytes {
		c.spell()
	}
	return true
}

// spell gives the dictionary up.
func (c *textColumn) spell() {
	for _, place := range c.index {
		if place >= 0 {
			c.every.addBytes(c.known.texts.at(uint32(place)))
		}
	}
	c.plain, c.before = true, ""
	c.known.reset()
}

func (c *textColumn) reset() {
	c.index, c.values, c.plain, c.before = c.index[:0], 0, false, ""
	c.known.reset()
	c.every.reset()
}

// scratch is memory that the columns of a row group share while they are
// written, one after the other.
type scratch struct {
	levels []int16
	valid  []byte // one bit a row
	none   []int16
	index  []int32
	values []parquet.ByteArray
}

// present returns the definition levels of a column.
func (s *scratch) present(index []int32, rows int) []int16 {
	s.levels = append(s.levels[:0], s.absent(rows)...)
	for i, place := range index {
		if place >= 0 {
			s.levels[i] = 1
		}
	}
	return s.levels
}

// absent returns the definition levels of a column without any value.
func (s *scratch) absent(rows int) []int16 {
	for len(s.none) < rows {
		s.none = append(s.none, 0)
	}
	return s.none[:rows]
}

func (c *textColumn) write(to file.ColumnChunkWriter, rows int, s *scratch) error {
	w, ok := to.(*file.ByteArrayColumnChunkWriter)
	switch {
	case !ok:
		return errShape
	case c.values == 0:
		_, err := w.WriteBatch(nil, s.absent(rows), nil)
		return err
	case c.plain:
		return c.writePlain(w, rows, s)
	}
	return c.writeDictionary(w, rows, s)
}

func (c *textColumn) writePlain(w *file.ByteArrayColumnChunkWriter, rows int, s *scratch) error {
	s.values = s.values[:0]
	for i := range uint32(c.every.len()) {
		s.values = append(s.values, c.every.at(i))
	}
	w.FallbackToPlain()
	_, err := w.WriteBatch(s.values, s.present(c.index, rows), nil)
	clear(s.values)
	return err
}

// preset is an encoder that takes a dictionary as it is.
type preset interface{ PutDictionary(arrow.Array) error }

func (c *textColumn) writeDictionary(w *file.ByteArrayColumnChunkWriter, rows int,
	s *scratch,
) error {
	places := s.places(c.index, rows)
	defer places.Release()
	return writeDictionary(w, &c.known.texts, places, s.present(c.index, rows))
}

// writeDictionary hands over a dictionary and each row's place in it, which the
// Parquet writer would otherwise find out by a look at each value. levels is nil
// where every row has a value.
func writeDictionary(w *file.ByteArrayColumnChunkWriter, known *texts, places *array.Int32,
	levels []int16,
) error {
	dictionary := known.array()
	defer dictionary.Release()
	encoder, ok := w.CurrentEncoder().(preset)
	if !ok {
		return errors.New("encoder takes no dictionary")
	}
	if err := encoder.PutDictionary(dictionary); err != nil {
		return fmt.Errorf("take dictionary: %w", err)
	}
	if stats := w.PageStatistics(); stats != nil {
		stats.IncNulls(int64(places.NullN()))
		stats.IncNumValues(int64(places.Len() - places.NullN()))
		if err := stats.UpdateFromArrow(dictionary, false); err != nil {
			return fmt.Errorf("take statistics: %w", err)
		}
	}
	return w.WriteDictIndices(places, levels, nil)
}

// int32Array returns numbers as Arrow has them, sharing their memory; valid has
// a bit for each row that has one, nil where all have.
func int32Array(values []int32, valid []byte) *array.Int32 {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(values))}
	nulls := 0
	if valid != nil {
		buffers[0], nulls = memory.NewBufferBytes(valid), array.UnknownNullCount
	}
	data := array.NewData(arrow.PrimitiveTypes.Int32, len(values), buffers, nil, nulls, 0)
	defer data.Release()
	return array.NewInt32Data(data)
}

// array returns the texts as Arrow has them, sharing their memory.
func (t *texts) array() *array.String {
	offsets := make([]int32, 1, t.len()+1)
	offsets = append(offsets, t.ends...)
	data := array.NewData(arrow.BinaryTypes.String, t.len(), []*memory.Buffer{
		nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)),
		memory.NewBufferBytes(t.bytes),
	}, nil, 0, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// places returns the rows' places in the dictionary as an Arrow array.
func (s *scratch) places(index []int32, rows int) *array.Int32 {
	s.index = append(s.index[:0], index...)
	s.valid = append(s.valid[:0], make([]byte, (rows+7)/8)...)
	for i, place := range index {
		if place >= 0 {
			s.valid[i/8] |= 1 << (i % 8)
		} else {
			s.index[i] = 0
		}
	}
	for len(s.index) < rows {
		s.index = append(s.index, 0)
	}
	return int32Array(s.index, s.valid)
}
