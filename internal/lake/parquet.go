package lake

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/evident-sec/evident/internal/durable"
)

// Bloom filters: at most 128 KiB a column and row group, sized to the values
// that are there, with 1% false positives.
const (
	bloomBytes      = 128 << 10
	bloomCandidates = 9
)

// pendingFile is a file being written under a temporary name. It is hashed on
// the way.
type pendingFile struct {
	file   *os.File
	buffer *bufio.Writer
	sum    hash.Hash
	size   int64
}

// parquetWriter writes one Parquet file. Rows are collected in builder and go
// out as row groups.
type parquetWriter struct {
	*pendingFile
	builder *array.RecordBuilder
	out     *pqarrow.FileWriter
	seal    io.WriteCloser // encrypts on the way to the file; nil where nothing does
}

// sealedFile is a finished, synced file that still has its temporary name.
type sealedFile struct {
	path   string
	sha256 string
	bytes  int64
}

func newPendingFile(path string) (*pendingFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create lake file: %w", err)
	}
	w := &pendingFile{file: file, sum: sha256.New()}
	w.buffer = bufio.NewWriterSize(io.MultiWriter(file, w.sum), 256<<10)
	return w, nil
}

func newParquetWriter(path string, schema *arrow.Schema, props []parquet.WriterProperty,
) (*parquetWriter, error) {
	return newSealedWriter(path, schema, props, nil)
}

// newSealedWriter is newParquetWriter for a file that is encrypted, unless how
// is nil.
func newSealedWriter(path string, schema *arrow.Schema, props []parquet.WriterProperty, how *sealing,
) (*parquetWriter, error) {
	file, err := newPendingFile(path)
	if err != nil {
		return nil, err
	}
	w := &parquetWriter{pendingFile: file}
	w.builder = array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var to io.Writer = counter{file}
	if how != nil {
		if w.seal, err = how.over(to); err != nil {
			w.discard()
			return nil, fmt.Errorf("start %s: %w", path, err)
		}
		to = w.seal
	}
	w.out, err = pqarrow.NewFileWriter(schema, plainWriter{to}, parquet.NewWriterProperties(props...),
		pqarrow.DefaultWriterProps())
	if err != nil {
		w.discard()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return w, nil
}

// counter counts what passes to the buffer. It hides the file's Close from the
// Parquet writer: the file is synced first.
type counter struct{ w *pendingFile }

func (c counter) Write(b []byte) (int, error) {
	n, err := c.w.buffer.Write(b)
	c.w.size += int64(n)
	return n, err
}

// plainWriter hides Close from the Parquet writer.
type plainWriter struct{ io.Writer }

// flush writes the collected rows as one row group.
func (w *parquetWriter) flush() error {
	batch := w.builder.NewRecordBatch()
	defer batch.Release()
	if batch.NumRows() == 0 {
		return nil
	}
	if err := w.out.Write(batch); err != nil {
		return fmt.Errorf("write row group of %s: %w", w.file.Name(), err)
	}
	return nil
}

// finish writes the footer and syncs the file.
func (w *parquetWriter) finish() (sealedFile, error) {
	if err := w.out.Close(); err != nil {
		return sealedFile{}, fmt.Errorf("finish %s: %w", w.file.Name(), err)
	}
	if w.seal != nil {
		if err := w.seal.Close(); err != nil {
			return sealedFile{}, fmt.Errorf("finish %s: %w", w.file.Name(), err)
		}
	}
	w.builder.Release()
	return w.pendingFile.finish()
}

// discard gives the file up; it may be called in any state.
func (w *parquetWriter) discard() {
	w.pendingFile.discard()
	w.builder.Release()
}

// finish syncs and closes the file.
func (w *pendingFile) finish() (sealedFile, error) {
	name := w.file.Name()
	if err := w.buffer.Flush(); err != nil {
		return sealedFile{}, fmt.Errorf("finish %s: %w", name, err)
	}
	if err := w.file.Sync(); err != nil {
		return sealedFile{}, fmt.Errorf("sync %s: %w", name, err)
	}
	if err := w.file.Close(); err != nil {
		return sealedFile{}, fmt.Errorf("close %s: %w", name, err)
	}
	return sealedFile{name, hex.EncodeToString(w.sum.Sum(nil)), w.size}, nil
}

func (w *pendingFile) discard() {
	_ = w.file.Close()
	_ = durable.Wipe(w.file.Name()) // what stays is removed by the next Open
}

// writerProps are the properties both kinds of file share.
func writerProps() []parquet.WriterProperty {
	return []parquet.WriterProperty{
		parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCompressionLevel(1),
		parquet.WithCreatedBy("evident"),
	}
}

// deltaFor packs a column of slowly growing integers.
func deltaFor(name string) []parquet.WriterProperty {
	return []parquet.WriterProperty{
		parquet.WithDictionaryFor(name, false),
		parquet.WithEncodingFor(name, parquet.Encodings.DeltaBinaryPacked),
	}
}

func columnProps(cols []column) []parquet.WriterProperty {
	props := append(writerProps(), parquet.WithMaxBloomFilterBytes(bloomBytes))
	for _, c := range cols {
		if c.required && c.kind != kindInt || c.name == ColLeaf {
			props = append(props, deltaFor(c.name)...)
		}
		if c.bloom {
			props = append(props, parquet.WithBloomFilterEnabledFor(c.name, true),
				parquet.WithAdaptiveBloomFilterEnabledFor(c.name, true),
				parquet.WithBloomFilterCandidatesFor(c.name, bloomCandidates))
		}
	}
	return props
}

func originalsProps() []parquet.WriterProperty {
	props := append(writerProps(),
		parquet.WithStats(false), parquet.WithStatsFor(ColEntry, true),
		// Without statistics of raw the writer fails on the index of its pages;
		// longer values than these have none.
		parquet.WithStatsFor("raw", true), parquet.WithMaxStatsSize(16),
		parquet.WithDictionaryFor("raw", false),
		parquet.WithPageIndexEnabled(true),
		parquet.WithDataPageSize(originalsPageBytes), parquet.WithBatchSize(originalsPageRows),
		parquet.WithDictionaryFor("salt", false),
		// Salts are random: nothing to compress.
		parquet.WithCompressionFor("salt", compress.Codecs.Uncompressed),
		parquet.WithDictionaryFor("check", false),
		parquet.WithCompressionFor("check", compress.Codecs.Uncompressed))
	for _, name := range []string{ColEntry, ColLeaf, "position"} {
		props = append(props, deltaFor(name)...)
	}
	// Only raw is read in part.
	for _, f := range originalsSchema(true).Fields() {
		if f.Name != "raw" {
			props = append(props, parquet.WithPageIndexEnabledFor(f.Name, false))
		}
	}
	return props
}
