package lake

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/evident-sec/evident/event"
)

// A row group of originals is closed after the entry that brings it to this
// many records or bytes. Reading one record decodes one row group.
const (
	originalsGroupRows  = 2048
	originalsGroupBytes = 2 << 20
)

// originalsWriter appends whole entries to an originals file.
type originalsWriter struct {
	*parquetWriter
	entry, position, check *array.Int64Builder
	leaf                   *array.Int32Builder
	salt, batch            *array.FixedSizeBinaryBuilder
	raw                    *array.BinaryBuilder
	source, format, schema *array.BinaryBuilder
	received               *array.TimestampBuilder
	leafHash               *array.FixedSizeBinaryBuilder // nil in a file without erased records
	tombstone              *array.Int64Builder
	rows, bytes            int
}

func newOriginalsWriter(path string, erased bool) (*originalsWriter, error) {
	pw, err := newParquetWriter(path, originalsSchema(erased), originalsProps())
	if err != nil {
		return nil, err
	}
	b := pw.builder
	w := &originalsWriter{
		parquetWriter: pw,
		entry:         b.Field(0).(*array.Int64Builder),
		leaf:          b.Field(1).(*array.Int32Builder),
		position:      b.Field(2).(*array.Int64Builder),
		salt:          b.Field(3).(*array.FixedSizeBinaryBuilder),
		raw:           b.Field(4).(*array.BinaryBuilder),
		source:        b.Field(5).(*array.BinaryBuilder),
		format:        b.Field(6).(*array.BinaryBuilder),
		schema:        b.Field(7).(*array.BinaryBuilder),
		received:      b.Field(8).(*array.TimestampBuilder),
		batch:         b.Field(9).(*array.FixedSizeBinaryBuilder),
		check:         b.Field(10).(*array.Int64Builder),
	}
	if erased {
		w.leafHash = b.Field(11).(*array.FixedSizeBinaryBuilder)
		w.tombstone = b.Field(12).(*array.Int64Builder)
	}
	w.reserve()
	return w, nil
}

// add appends the records of e, and ends the row group when it is full.
func (w *originalsWriter) add(e *event.Entry) error {
	schema := e.Schema
	for i := range e.Records {
		r := &e.Records[i]
		w.entry.Append(int64(e.Seq))
		w.leaf.Append(int32(i))
		w.position.Append(r.Position)
		w.salt.Append(r.Salt[:])
		w.raw.Append(r.Raw)
		w.source.AppendString(e.Source)
		w.format.AppendString(string(e.Format))
		w.schema.AppendString(schema)
		w.received.Append(arrow.Timestamp(e.Received.UnixNano()))
		w.batch.Append(e.Batch[:])
		w.check.Append(CheckOf(r.Salt, r.Raw))
		w.addErased(r.Erased)
		w.bytes += len(r.Raw) + len(e.Source) + len(schema) + 96
		// A header may be long; the entry's first record alone carries it.
		schema = ""
	}
	w.rows += len(e.Records)
	if w.rows < originalsGroupRows && w.bytes < originalsGroupBytes {
		return nil
	}
	return w.flush()
}

func (w *originalsWriter) addErased(e *event.Erased) {
	switch {
	case w.leafHash == nil:
	case e == nil:
		w.leafHash.Append(make([]byte, len(event.Erased{}.Leaf)))
		w.tombstone.Append(0)
	default:
		w.leafHash.Append(e.Leaf[:])
		w.tombstone.Append(int64(e.Tombstone))
	}
}

func (w *originalsWriter) flush() error {
	w.rows, w.bytes = 0, 0
	err := w.parquetWriter.flush()
	w.reserve()
	return err
}

// reserve makes room for a row group at once: growing step by step copies the
// raw bytes several times.
func (w *originalsWriter) reserve() {
	w.builder.Reserve(originalsGroupRows + event.MaxEntryRecords)
	w.raw.ReserveData(originalsGroupBytes + event.MaxEntryBytes)
}
