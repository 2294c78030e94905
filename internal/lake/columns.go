package lake

import (
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/evident-sec/evident/event"
)

// A row group of columns is written when it has this many rows, or this much
// text, so that a few very long values cannot fill the memory.
const (
	columnGroupRows  = 64 << 10
	columnGroupBytes = 48 << 20
)

// columnWriter appends events to the column builders of one file.
type columnWriter struct {
	*parquetWriter
	entry                *array.Int64Builder
	leaf, class          *array.Int32Builder
	activity, severity   *array.Int32Builder
	time, received       *array.TimestampBuilder
	fixed                [4]*array.StringBuilder // product, service, category, problem
	text                 [event.NumAttrs]*array.StringBuilder
	ints                 [event.NumAttrs]*array.Int64Builder
	rows, bytes, badInts int
	total                int64
	from, to             int64 // event times, microseconds; valid when total > 0
}

func newColumnWriter(path string, schema *arrow.Schema, cols []column) (*columnWriter, error) {
	pw, err := newParquetWriter(path, schema, columnProps(cols))
	if err != nil {
		return nil, err
	}
	b := pw.builder
	w := &columnWriter{
		parquetWriter: pw,
		entry:         b.Field(0).(*array.Int64Builder),
		leaf:          b.Field(1).(*array.Int32Builder),
		time:          b.Field(2).(*array.TimestampBuilder),
		received:      b.Field(3).(*array.TimestampBuilder),
		class:         b.Field(4).(*array.Int32Builder),
		activity:      b.Field(5).(*array.Int32Builder),
		severity:      b.Field(6).(*array.Int32Builder),
	}
	for i := range w.fixed {
		w.fixed[i] = b.Field(7 + i).(*array.StringBuilder)
	}
	for a := range event.NumAttrs {
		switch f := b.Field(numFixed + int(a)).(type) {
		case *array.StringBuilder:
			w.text[a] = f
		case *array.Int64Builder:
			w.ints[a] = f
		}
	}
	return w, nil
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
	w.entry.Append(int64(ev.ID.Entry))
	w.leaf.Append(int32(ev.ID.Leaf))
	w.time.Append(arrow.Timestamp(at))
	w.received.Append(arrow.Timestamp(ev.Received.UnixMicro()))
	w.class.Append(int32(ev.Class))
	w.activity.Append(int32(ev.Activity))
	w.severity.Append(int32(ev.Severity))
	for i, s := range [...]string{ev.Product, ev.Service, ev.Category, ev.Problem} {
		w.addText(w.fixed[i], s)
	}
	for i := range ev.Attrs {
		w.addAttr(ev.Attrs[i])
	}
	w.rows++
	w.total++
	w.bytes += 48
}

func (w *columnWriter) addAttr(a event.AttrValue) {
	if b := w.text[a.Attr]; b != nil {
		w.addText(b, a.Text)
		return
	}
	n, ok := wholeNumber(a.Text)
	if !ok && a.Text == "" {
		return
	}
	if !ok {
		w.badInts++
		return
	}
	b := w.ints[a.Attr]
	if b.Len() > w.rows {
		return
	}
	b.AppendNulls(w.rows - b.Len())
	b.Append(n)
}

func (w *columnWriter) addText(b *array.StringBuilder, s string) {
	// The first value counts where a mapping sets an attribute twice.
	if s == "" || b.Len() > w.rows {
		return
	}
	b.AppendNulls(w.rows - b.Len())
	b.Append(Text(s))
	w.bytes += len(s)
}

// flush pads all columns to the same length and writes the row group.
func (w *columnWriter) flush() error {
	for _, b := range w.builder.Fields() {
		b.AppendNulls(w.rows - b.Len())
	}
	w.rows, w.bytes = 0, 0
	return w.parquetWriter.flush()
}

func (w *columnWriter) full() bool {
	return w.rows >= columnGroupRows || w.bytes >= columnGroupBytes
}

// Text returns s as the text columns keep it: bytes that are not UTF-8 become
// U+FFFD, one for each run of them.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// wholeNumber reads the decimal text of an attribute of type TypeInt.
func wholeNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// micros cuts a time to what columns hold.
func micros(at time.Time) time.Time { return fromMicros(at.UnixMicro()) }
