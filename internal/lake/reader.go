package lake

import (
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// maxGroupRows bounds what a damaged footer can make us allocate: writers end
// a row group after the entry that fills it.
const maxGroupRows = columnGroupRows + 1<<16

// fileReader reads one Parquet file column by column, in the caller's
// goroutine, so that guard sees its panics.
type fileReader struct {
	path        string
	first, last uint64 // entries of the file
	os          *os.File
	*file.Reader
}

func openReader(path string, first, last uint64) (*fileReader, error) {
	return openThrough(path, first, last,
		func(f *os.File) (parquet.ReaderAtSeeker, []file.ReadOption, error) { return f, nil, nil })
}

// openOriginals opens a file of originals, encrypted or not.
func (t *Table) openOriginals(f File) (*fileReader, error) {
	return openThrough(f.Originals, f.FirstEntry, f.LastEntry, t.unseal)
}

func openThrough(path string, first, last uint64,
	unseal func(*os.File) (parquet.ReaderAtSeeker, []file.ReadOption, error),
) (*fileReader, error) {
	r := &fileReader{path: path, first: first, last: last}
	err := guard(func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		plain, options, err := unseal(f)
		if err == nil {
			r.Reader, err = file.NewParquetReader(plain, options...)
		}
		if err != nil {
			_ = f.Close()
			return err
		}
		r.os = f
		return nil
	})
	if err != nil {
		return nil, damage(path, first, last, err)
	}
	return r, nil
}

// close closes the file; nothing is lost when that fails.
func (r *fileReader) close() {
	_ = guard(r.Close)
	_ = r.os.Close() // the Parquet reader does not know of it where it is encrypted
}

// groupRange returns the entries in row group g by its statistics, those of
// the file where it has none.
func (r *fileReader) groupRange(g int) (first, last uint64) {
	first, last = r.first, r.last
	_ = guard(func() error {
		col, err := r.MetaData().RowGroup(g).ColumnChunk(0)
		if err != nil {
			return err
		}
		stats, err := col.Statistics()
		if err != nil {
			return err
		}
		if s, ok := stats.(*metadata.Int64Statistics); ok && s.HasMinMax() {
			first, last = uint64(s.Min()), uint64(s.Max())
		}
		return nil
	})
	return first, last
}

// damaged names the row group in which err happened.
func (r *fileReader) damaged(g int, err error) error {
	first, last := r.groupRange(g)
	return &DamageError{Path: r.path, Group: g, First: first, Last: last, Err: err}
}

// chunk finds the reader of a column in row group g.
func chunk[R file.ColumnChunkReader](r *fileReader, g int, name string) (none R, err error) {
	i := r.MetaData().Schema.ColumnIndexByName(name)
	if i < 0 {
		return none, fmt.Errorf("column %s: %w", name, errShape)
	}
	col, err := r.RowGroup(g).Column(i)
	if err != nil {
		return none, fmt.Errorf("column %s: %w", name, err)
	}
	typed, ok := col.(R)
	if !ok {
		return none, fmt.Errorf("column %s: %w", name, errShape)
	}
	return typed, nil
}

func (r *fileReader) groupRows(g int) (int, error) {
	n := r.RowGroup(g).NumRows()
	if n < 0 || n > maxGroupRows {
		return 0, fmt.Errorf("row group claims %d rows", n)
	}
	return int(n), nil
}

// batcher is what the typed column readers of arrow-go have in common.
type batcher[T any] interface {
	file.ColumnChunkReader
	ReadBatch(n int64, values []T, defLevels, repLevels []int16) (int64, int, error)
}

// readAll reads a required column of row group g whole.
func readAll[T any, R batcher[T]](r *fileReader, g, rows int, name string) ([]T, error) {
	col, err := chunk[R](r, g, name)
	if err != nil {
		return nil, err
	}
	if d := col.Descriptor(); d.MaxDefinitionLevel() != 0 || d.MaxRepetitionLevel() != 0 {
		return nil, fmt.Errorf("column %s: %w", name, errShape)
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

func readInt64s(r *fileReader, g, rows int, name string) ([]int64, error) {
	return readAll[int64, *file.Int64ColumnChunkReader](r, g, rows, name)
}

func readInt32s(r *fileReader, g, rows int, name string) ([]int32, error) {
	return readAll[int32, *file.Int32ColumnChunkReader](r, g, rows, name)
}

func readBytes(r *fileReader, g, rows int, name string) ([]parquet.ByteArray, error) {
	return readAll[parquet.ByteArray, *file.ByteArrayColumnChunkReader](r, g, rows, name)
}

func readFixed(r *fileReader, g, rows int, name string) ([]parquet.FixedLenByteArray, error) {
	return readAll[parquet.FixedLenByteArray, *file.FixedLenByteArrayColumnChunkReader](
		r, g, rows, name)
}
