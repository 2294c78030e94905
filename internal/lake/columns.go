package lake

import (
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/event"
)

// A row group of columns is written when it has this many rows, or this much
// text, so that a few very long values cannot fill the memory.
const (
	columnGroupRows  = 64 << 10
	columnGroupBytes = 48 << 20
)

// columnWriter collects the columns of one file, row group by row group.
type columnWriter struct {
	*groupWriter
	entry                []int64
	leaf, class          []int32
	activity, severity   []int32
	time, received       []int64
	fixed                [4]textColumn // product, service, category, problem
	text                 [event.NumAttrs]textColumn
	ints                 [event.NumAttrs]intColumn
	whole                [event.NumAttrs]bool // the attribute is in ints
	rows, bytes, badInts int
	total                int64
	from, to             int64 // event times, microseconds; valid when total > 0
	scratch              scratch
}

func newColumnWriter(path string, schema *arrow.Schema, cols []column) (*columnWriter, error) {
	gw, err := newGroupWriter(path, schema, columnProps(cols), nil)
	if err != nil {
		return nil, err
	}
	w := &columnWriter{groupWriter: gw}
	for a := range event.NumAttrs {
		w.whole[a] = cols[numFixed+int(a)].kind == kindLong
	}
	return w, nil
}

// addAll appends the events of an entry, and ends the row group when it is full.
func (w *columnWriter) addAll(evs []event.Event) error {
	for i := range evs {
		w.add(&evs[i])
	}
	if !w.full() {
		return nil
	}
	return w.flush()
}

// add appends one event. Columns that the event does not set stay behind and
// are padded when they are next used: most events set few of them.
func (w *columnWriter) add(ev *event.Event) {
	at := ev.Time.UnixMicro()
	if w.total == 0 || at < w.from {
		w.from = at
	}
	if w.total == 0 || at > w.to {
		w.to = at
	}
	w.entry = append(w.entry, int64(ev.ID.Entry))
	w.leaf = append(w.leaf, int32(ev.ID.Leaf))
	w.time = append(w.time, at)
	w.received = append(w.received, ev.Received.UnixMicro())
	w.class = append(w.class, int32(ev.Class))
	w.activity = append(w.activity, int32(ev.Activity))
	w.severity = append(w.severity, int32(ev.Severity))
	for i, s := range [...]string{ev.Product, ev.Service, ev.Category, ev.Problem} {
		w.addText(&w.fixed[i], s)
	}
	for i := range ev.Attrs {
		w.addAttr(ev.Attrs[i])
	}
	w.rows++
	w.total++
	w.bytes += 48
}

func (w *columnWriter) addAttr(a event.AttrValue) {
	switch {
	case a.Text == "":
	case !w.whole[a.Attr]:
		w.addText(&w.text[a.Attr], a.Text)
	default:
		if n, ok := wholeNumber(a.Text); ok {
			w.ints[a.Attr].add(w.rows, n)
		} else {
			w.badInts++
		}
	}
}

func (w *columnWriter) addText(c *textColumn, s string) {
	if s != "" && c.add(w.rows, s) {
		w.bytes += len(s)
	}
}

// intColumn collects one column of whole numbers that not every row has.
type intColumn struct {
	levels []int16 // 1 where the row has a number; rows behind have none
	values []int64
}

// add sets the number of a row; the first one counts, as with texts.
func (c *intColumn) add(row int, n int64) {
	if len(c.levels) > row {
		return
	}
	for len(c.levels) < row {
		c.levels = append(c.levels, 0)
	}
	c.levels, c.values = append(c.levels, 1), append(c.values, n)
}

func (c *intColumn) write(to file.ColumnChunkWriter, rows int) error {
	for len(c.levels) < rows {
		c.levels = append(c.levels, 0)
	}
	return writeInts(to, c.values, c.levels)
}

func (c *intColumn) reset() { c.levels, c.values = c.levels[:0], c.values[:0] }

// writeInts writes whole numbers; levels is nil where every row has one.
func writeInts(to file.ColumnChunkWriter, values []int64, levels []int16) error {
	w, ok := to.(*file.Int64ColumnChunkWriter)
	if !ok {
		return errShape
	}
	_, err := w.WriteBatch(values, levels, nil)
	return err
}

func writeInt32s(to file.ColumnChunkWriter, values []int32) error {
	w, ok := to.(*file.Int32ColumnChunkWriter)
	if !ok {
		return errShape
	}
	_, err := w.WriteBatch(values, nil, nil)
	return err
}

// flush writes what was collected as one row group.
func (w *columnWriter) flush() error {
	if w.rows == 0 {
		return nil
	}
	if err := w.group(w.writeColumn); err != nil {
		return err
	}
	w.rows, w.bytes = 0, 0
	w.entry, w.time, w.received = w.entry[:0], w.time[:0], w.received[:0]
	for _, ints := range []*[]int32{&w.leaf, &w.class, &w.activity, &w.severity} {
		*ints = (*ints)[:0]
	}
	for i := range w.fixed {
		w.fixed[i].reset()
	}
	for a := range w.text {
		w.text[a].reset()
		w.ints[a].reset()
	}
	return nil
}

// writeColumn writes column i in the order of columns().
func (w *columnWriter) writeColumn(i int, to file.ColumnChunkWriter) error {
	switch i {
	case 0:
		return writeInts(to, w.entry, nil)
	case 1:
		return writeInt32s(to, w.leaf)
	case 2:
		return writeInts(to, w.time, nil)
	case 3:
		return writeInts(to, w.received, nil)
	case 4:
		return writeInt32s(to, w.class)
	case 5:
		return writeInt32s(to, w.activity)
	case 6:
		return writeInt32s(to, w.severity)
	}
	if i < numFixed {
		return w.fixed[i-7].write(to, w.rows, &w.scratch)
	}
	a := event.Attr(i - numFixed)
	if w.whole[a] {
		return w.ints[a].write(to, w.rows)
	}
	return w.text[a].write(to, w.rows, &w.scratch)
}

// finish writes the last row group and the footer and syncs the file.
func (w *columnWriter) finish() (sealedFile, error) {
	if err := w.flush(); err != nil {
		return sealedFile{}, err
	}
	return w.groupWriter.finish()
}

func (w *columnWriter) full() bool {
	return w.rows >= columnGroupRows || w.bytes >= columnGroupBytes
}

// wholeNumber reads the decimal text of an attribute of type TypeInt.
func wholeNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// micros cuts a time to what columns hold.
func micros(at time.Time) time.Time { return fromMicros(at.UnixMicro()) }
