package lake

import (
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/event"
)

// A row group of originals is closed after the entry that brings it to this
// many records or bytes. Reading one record decodes one row group.
const (
	originalsGroupRows  = 2048
	originalsGroupBytes = 2 << 20

	// A page of raw bytes is closed when it has this many, looked at after so many
	// rows. Search reads single pages; smaller ones compress less.
	originalsPageBytes = 256 << 10
	originalsPageRows  = 16
)

// originalsWriter appends whole entries to an originals file. It collects a row
// group in memory that the next one uses again.
type originalsWriter struct {
	*groupWriter
	entry, position        []int64
	received, check        []int64
	leaf                   []int32
	salt, batch            []byte
	raw                    texts
	source, format, schema binaryColumn
	leafHash               []byte // empty in a file without erased records
	tombstone              []int64
	erased                 bool
	bytes                  int
	fixed                  []parquet.FixedLenByteArray
	offsets                []int32
}

// binaryColumn collects a column of few different values.
type binaryColumn struct {
	index []int32
	known distinct
}

func (c *binaryColumn) add(s string) {
	if n := len(c.index); n > 0 && string(c.known.texts.at(uint32(c.index[n-1]))) == s {
		c.index = append(c.index, c.index[n-1])
		return
	}
	c.index = append(c.index, int32(c.known.number(s)))
}

func (c *binaryColumn) reset() {
	c.index = c.index[:0]
	c.known.reset()
}

func newOriginalsWriter(path string, erased bool, how *sealing) (*originalsWriter, error) {
	w, err := newGroupWriter(path, originalsSchema(erased), originalsProps(), how)
	if err != nil {
		return nil, err
	}
	return &originalsWriter{groupWriter: w, erased: erased}, nil
}

// add appends the records of e, and ends the row group when it is full.
func (w *originalsWriter) add(e *event.Entry) error {
	schema := e.Schema
	for i := range e.Records {
		r := &e.Records[i]
		w.entry = append(w.entry, int64(e.Seq))
		w.leaf = append(w.leaf, int32(i))
		w.position = append(w.position, r.Position)
		w.salt = append(w.salt, r.Salt[:]...)
		w.raw.addBytes(r.Raw)
		w.source.add(e.Source)
		w.format.add(string(e.Format))
		w.schema.add(schema)
		w.received = append(w.received, e.Received.UnixNano())
		w.batch = append(w.batch, e.Batch[:]...)
		w.check = append(w.check, CheckOf(r.Salt, r.Raw))
		w.addErased(r.Erased)
		w.bytes += len(r.Raw) + len(e.Source) + len(schema) + 96
		// A header may be long; the entry's first record alone carries it.
		schema = ""
	}
	if len(w.entry) < originalsGroupRows && w.bytes < originalsGroupBytes {
		return nil
	}
	return w.flush()
}

func (w *originalsWriter) addErased(e *event.Erased) {
	if !w.erased {
		return
	}
	if e == nil {
		e = &event.Erased{}
	}
	w.leafHash = append(w.leafHash, e.Leaf[:]...)
	w.tombstone = append(w.tombstone, int64(e.Tombstone))
}

// flush writes what was collected as one row group.
func (w *originalsWriter) flush() error {
	if len(w.entry) == 0 {
		return nil
	}
	if err := w.group(w.write); err != nil {
		return err
	}
	w.bytes = 0
	for _, ints := range []*[]int64{&w.entry, &w.position, &w.received, &w.check, &w.tombstone} {
		*ints = (*ints)[:0]
	}
	for _, bytes := range []*[]byte{&w.salt, &w.batch, &w.leafHash} {
		*bytes = (*bytes)[:0]
	}
	w.leaf = w.leaf[:0]
	w.raw.reset()
	for _, c := range []*binaryColumn{&w.source, &w.format, &w.schema} {
		c.reset()
	}
	return nil
}

// write writes column i in the order of originalsSchema.
func (w *originalsWriter) write(i int, to file.ColumnChunkWriter) error {
	switch i {
	case 0:
		return writeInts(to, w.entry, nil)
	case 1:
		return writeInt32s(to, w.leaf)
	case 2:
		return writeInts(to, w.position, nil)
	case 3:
		return w.writeFixed(to, w.salt, len(event.Salt{}))
	case 4:
		return w.writeRaw(to)
	case 5:
		return w.source.write(to)
	case 6:
		return w.format.write(to)
	case 7:
		return w.schema.write(to)
	case 8:
		return writeInts(to, w.received, nil)
	case 9:
		return w.writeFixed(to, w.batch, len(event.BatchID{}))
	case 10:
		return writeInts(to, w.check, nil)
	case 11:
		return w.writeFixed(to, w.leafHash, len(event.Erased{}.Leaf))
	case 12:
		return writeInts(to, w.tombstone, nil)
	}
	return errShape
}

func (w *originalsWriter) writeRaw(to file.ColumnChunkWriter) error {
	out, ok := to.(*file.ByteArrayColumnChunkWriter)
	if !ok {
		return errShape
	}
	w.offsets = append(append(w.offsets[:0], 0), w.raw.ends...)
	_, err := out.WriteBatchArrow(w.raw.bytes, w.offsets, nil, nil)
	return err
}

// writeFixed writes values of one size that lie one after the other.
func (w *originalsWriter) writeFixed(to file.ColumnChunkWriter, all []byte, size int) error {
	out, ok := to.(*file.FixedLenByteArrayColumnChunkWriter)
	if !ok {
		return errShape
	}
	w.fixed = w.fixed[:0]
	for ; len(all) > 0; all = all[size:] {
		w.fixed = append(w.fixed, all[:size])
	}
	_, err := out.WriteBatch(w.fixed, nil, nil)
	return err
}

func (c *binaryColumn) write(to file.ColumnChunkWriter) error {
	out, ok := to.(*file.ByteArrayColumnChunkWriter)
	if !ok {
		return errShape
	}
	places := int32Array(c.index, nil)
	defer places.Release()
	return writeDictionary(out, &c.known.texts, places, nil)
}
