package originals

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// MaxGroupRows bounds what a damaged footer can make us allocate: writers end
// a row group after the entry that fills it.
const MaxGroupRows = 64<<10 + 1<<16

// ErrShape says that a file has not the columns that the lake writes.
var ErrShape = errors.New("file has another schema than the lake writes")

// Guard runs fn and turns a panic in it into an error: the Parquet reader
// panics on some damaged files.
func Guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged file: %v", p)
		}
	}()
	return fn()
}

// Entries returns the entries in row group g by its statistics, false where it
// has none.
func Entries(r *file.Reader, g int) (first, last uint64, ok bool) {
	_ = Guard(func() error {
		col, err := r.MetaData().RowGroup(g).ColumnChunk(0)
		if err != nil {
			return err
		}
		stats, err := col.Statistics()
		if err != nil {
			return err
		}
		if s, is := stats.(*metadata.Int64Statistics); is && s.HasMinMax() {
			first, last, ok = uint64(s.Min()), uint64(s.Max()), true
		}
		return nil
	})
	return first, last, ok
}

// Column finds the reader of a column in row group g.
func Column[R file.ColumnChunkReader](r *file.Reader, g int, name string) (none R, err error) {
	i := r.MetaData().Schema.ColumnIndexByName(name)
	if i < 0 {
		return none, fmt.Errorf("column %s: %w", name, ErrShape)
	}
	col, err := r.RowGroup(g).Column(i)
	if err != nil {
		return none, fmt.Errorf("column %s: %w", name, err)
	}
	typed, ok := col.(R)
	if !ok {
		return none, fmt.Errorf("column %s: %w", name, ErrShape)
	}
	return typed, nil
}

// Rows returns how many rows row group g has.
func Rows(r *file.Reader, g int) (int, error) {
	n := r.RowGroup(g).NumRows()
	if n < 0 || n > MaxGroupRows {
		return 0, fmt.Errorf("row group claims %d rows", n)
	}
	return int(n), nil
}

// Batcher is what the typed column readers of arrow-go have in common.
type Batcher[T any] interface {
	file.ColumnChunkReader
	ReadBatch(n int64, values []T, defLevels, repLevels []int16) (int64, int, error)
}

// readAll reads a required column of row group g whole.
func readAll[T any, R Batcher[T]](r *file.Reader, g, rows int, name string) ([]T, error) {
	col, err := Column[R](r, g, name)
	if err != nil {
		return nil, err
	}
	if d := col.Descriptor(); d.MaxDefinitionLevel() != 0 || d.MaxRepetitionLevel() != 0 {
		return nil, fmt.Errorf("column %s: %w", name, ErrShape)
	}
	values := make([]T, rows)
	for at := 0; at < rows; {
		_, n, err := col.ReadBatch(int64(rows-at), values[at:], nil, nil)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		if n <= 0 {
			return nil, fmt.Errorf("column %s: %w", name, io.ErrUnexpectedEOF)
		}
		at += n
	}
	return values, nil
}

// Int64s reads a required column of row group g whole.
func Int64s(r *file.Reader, g, rows int, name string) ([]int64, error) {
	return readAll[int64, *file.Int64ColumnChunkReader](r, g, rows, name)
}

// Int32s reads a required column of row group g whole.
func Int32s(r *file.Reader, g, rows int, name string) ([]int32, error) {
	return readAll[int32, *file.Int32ColumnChunkReader](r, g, rows, name)
}

// Bytes reads a required column of row group g whole.
func Bytes(r *file.Reader, g, rows int, name string) ([]parquet.ByteArray, error) {
	return readAll[parquet.ByteArray, *file.ByteArrayColumnChunkReader](r, g, rows, name)
}

// Fixed reads a required column of row group g whole.
func Fixed(r *file.Reader, g, rows int, name string) ([]parquet.FixedLenByteArray, error) {
	return readAll[parquet.FixedLenByteArray, *file.FixedLenByteArrayColumnChunkReader](
		r, g, rows, name)
}
