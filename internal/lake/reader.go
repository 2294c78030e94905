package lake

import (
	"os"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/internal/lake/originals"
)

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
		func(f *os.File) (parquet.ReaderAtSeeker, error) { return f, nil })
}

// openOriginals opens a file of originals, encrypted or not.
func (t *Table) openOriginals(f File) (*fileReader, error) {
	return openThrough(f.Originals, f.FirstEntry, f.LastEntry, t.unseal)
}

func openThrough(path string, first, last uint64,
	unseal func(*os.File) (parquet.ReaderAtSeeker, error),
) (*fileReader, error) {
	r := &fileReader{path: path, first: first, last: last}
	err := guard(func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		plain, err := unseal(f)
		if err == nil {
			r.Reader, err = file.NewParquetReader(plain)
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
	if first, last, ok := originals.Entries(r.Reader, g); ok {
		return first, last
	}
	return r.first, r.last
}

// damaged names the row group in which err happened.
func (r *fileReader) damaged(g int, err error) error {
	first, last := r.groupRange(g)
	return &DamageError{Path: r.path, Group: g, First: first, Last: last, Err: err}
}

// chunk finds the reader of a column in row group g.
func chunk[R file.ColumnChunkReader](r *fileReader, g int, name string) (R, error) {
	return originals.Column[R](r.Reader, g, name)
}

func (r *fileReader) groupRows(g int) (int, error) { return originals.Rows(r.Reader, g) }

func readInt64s(r *fileReader, g, rows int, name string) ([]int64, error) {
	return originals.Int64s(r.Reader, g, rows, name)
}

func readInt32s(r *fileReader, g, rows int, name string) ([]int32, error) {
	return originals.Int32s(r.Reader, g, rows, name)
}

func readBytes(r *fileReader, g, rows int, name string) ([]parquet.ByteArray, error) {
	return originals.Bytes(r.Reader, g, rows, name)
}

func readFixed(r *fileReader, g, rows int, name string) ([]parquet.FixedLenByteArray, error) {
	return originals.Fixed(r.Reader, g, rows, name)
}
