package lake

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// groupWriter writes one Parquet file column by column, from memory that its
// owner keeps. It exists beside parquetWriter because what comes from the journal
// is most of what is ever written: Arrow builders copy every value once more and
// take new memory for each row group.
type groupWriter struct {
	*pendingFile
	out  *file.Writer
	seal io.WriteCloser // encrypts on the way to the file; nil where nothing does
}

// newGroupWriter begins a file, which is encrypted unless how is nil.
func newGroupWriter(path string, schema *arrow.Schema, props []parquet.WriterProperty, how *sealing,
) (*groupWriter, error) {
	pending, err := newPendingFile(path)
	if err != nil {
		return nil, err
	}
	w := &groupWriter{pendingFile: pending}
	if err := w.start(schema, parquet.NewWriterProperties(props...), how); err != nil {
		w.discard()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return w, nil
}

func (w *groupWriter) start(schema *arrow.Schema, props *parquet.WriterProperties, how *sealing,
) (err error) {
	var to io.Writer = counter{w.pendingFile}
	if how != nil {
		if w.seal, err = how.over(to); err != nil {
			return err
		}
		to = w.seal
	}
	sc, err := pqarrow.ToParquet(schema, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	w.out, err = file.NewParquetWriterWithError(plainWriter{to}, sc.Root(),
		file.WithWriterProps(props))
	return err
}

// group writes one row group; write is called for each column.
func (w *groupWriter) group(write func(i int, to file.ColumnChunkWriter) error) error {
	group, err := w.out.AppendRowGroupChecked()
	for i := 0; err == nil && i < w.out.NumColumns(); i++ {
		var to file.ColumnChunkWriter
		if to, err = group.NextColumn(); err == nil {
			err = write(i, to)
		}
	}
	if err == nil {
		err = group.Close()
	}
	if err != nil {
		return fmt.Errorf("write row group of %s: %w", w.file.Name(), err)
	}
	return nil
}

// finish writes the footer and syncs the file.
func (w *groupWriter) finish() (sealedFile, error) {
	if err := w.out.Close(); err != nil {
		return sealedFile{}, fmt.Errorf("finish %s: %w", w.file.Name(), err)
	}
	if w.seal != nil {
		if err := w.seal.Close(); err != nil {
			return sealedFile{}, fmt.Errorf("finish %s: %w", w.file.Name(), err)
		}
	}
	return w.pendingFile.finish()
}
