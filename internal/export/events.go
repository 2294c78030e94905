package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/search"
)

// Forms are the names of the formats that events can be written in.
var Forms = []string{"ndjson", "csv", "timesketch", "parquet"}

// Events writes events in one format. Close ends the output, but does not
// close what is below it.
type Events interface {
	Write(ev *event.Event) error
	Close() error
}

// NewEvents returns the writer of a format of lines: ndjson, csv or timesketch.
func NewEvents(form string, out io.Writer) (Events, error) {
	buffer := bufio.NewWriterSize(out, 64<<10)
	switch form {
	case "ndjson":
		return &lines{buffer, func(ev *event.Event) any { return ev.OCSF() }}, nil
	case "timesketch":
		return &lines{buffer, sketch}, nil
	case "csv":
		return newSheet(buffer)
	}
	return nil, fmt.Errorf("choose a format: %q is none of %s", form, strings.Join(Forms, ", "))
}

// lines writes one JSON object a line.
type lines struct {
	out    *bufio.Writer
	object func(*event.Event) any
}

func (l *lines) Write(ev *event.Event) error { return writeLine(l.out, l.object(ev)) }

func (l *lines) Close() error { return l.out.Flush() }

func writeLine(out io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode line: %w", err)
	}
	_, err = out.Write(append(printable.JSON(body), '\n'))
	return err
}

// sketchTime is how Timesketch writes a datetime.
const sketchTime = "2006-01-02T15:04:05.000000+00:00"

// sketch is an event as Timesketch imports it: message, datetime and
// timestamp_desc are asked for, timestamp is microseconds since 1970, every
// other key is searchable there.
func sketch(ev *event.Event) any {
	class := event.ClassInfo(ev.Class)
	out := map[string]any{
		"datetime": ev.Time.UTC().Format(sketchTime), "timestamp": ev.Time.UnixMicro(),
		"timestamp_desc": class.Name + ": " + class.ActivityName(ev.Activity),
		"data_type":      "evident:event", "evident_event": ev.ID.String(), "message": message(ev),
	}
	for _, av := range ev.Attrs {
		out[strings.ReplaceAll(av.Attr.String(), ".", "_")] = av.Text
	}
	if host := ev.Attrs.Get(event.AttrHost); host != "" {
		out["hostname"] = host
	}
	if problem := ev.Problem; problem != "" {
		out["evident_problem"] = problem
	}
	return out
}

// message is the sentence that Timesketch shows of an event: its own text, or
// what it is about.
func message(ev *event.Event) string {
	if text := ev.Attrs.Get(event.AttrMessage); text != "" {
		return text
	}
	class := event.ClassInfo(ev.Class)
	parts := []string{class.Name + ": " + class.ActivityName(ev.Activity)}
	for _, a := range []event.Attr{
		event.AttrHost, event.AttrActorUser, event.AttrUser, event.AttrProcessCmdLine,
		event.AttrProcessPath, event.AttrFilePath, event.AttrDstIP, event.AttrQueryName,
	} {
		if text := ev.Attrs.Get(a); text != "" {
			parts = append(parts, a.String()+"="+text)
		}
	}
	return strings.Join(parts, " ")
}

// sheet writes CSV: what every event has, then all attributes of the dictionary.
type sheet struct {
	out    *csv.Writer
	buffer *bufio.Writer
	row    []string
}

var generalColumns = []string{
	"metadata.uid", "time", "received", "class_uid", "class_name", "activity_id", "activity_name",
	"severity", "logsource.product", "logsource.service", "logsource.category", "problem",
}

func newSheet(buffer *bufio.Writer) (*sheet, error) {
	s := &sheet{out: csv.NewWriter(buffer), buffer: buffer}
	head := append([]string{}, generalColumns...)
	for a := range event.NumAttrs {
		head = append(head, a.String())
	}
	s.row = make([]string, len(head))
	return s, s.out.Write(head)
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

func (s *sheet) Write(ev *event.Event) error {
	class := event.ClassInfo(ev.Class)
	clear(s.row)
	for i, text := range [...]string{
		ev.ID.String(), ev.Time.UTC().Format(timeLayout), ev.Received.UTC().Format(timeLayout),
		strconv.FormatUint(uint64(ev.Class), 10), class.Name,
		strconv.FormatUint(uint64(ev.Activity), 10), class.ActivityName(ev.Activity),
		search.SeverityName(ev.Severity), ev.Product, ev.Service, ev.Category, ev.Problem,
	} {
		s.row[i] = Cell(text)
	}
	for _, av := range ev.Attrs {
		s.row[len(generalColumns)+int(av.Attr)] = Cell(av.Text)
	}
	return s.out.Write(s.row)
}

func (s *sheet) Close() error {
	if s.out.Flush(); s.out.Error() != nil {
		return s.out.Error()
	}
	return s.buffer.Flush()
}

// Cell makes a text safe for a spreadsheet, which takes a cell that begins so
// for a formula (OWASP, CSV injection), and for the terminal it may be shown
// on.
func Cell(s string) string {
	s = printable.Text(s)
	if s != "" && strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// Value is a value of a table as text: "" where there is none.
func Value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format(timeLayout)
	}
	return fmt.Sprint(v)
}

// Table writes a table as csv or ndjson.
func Table(form string, out io.Writer, t *search.Table) error {
	switch form {
	case "csv":
		return tableCSV(out, t)
	case "ndjson":
		return tableLines(out, t)
	}
	return fmt.Errorf("choose a format: a table cannot be written as %s; choose csv or ndjson", form)
}

func tableCSV(out io.Writer, t *search.Table) error {
	w := csv.NewWriter(out)
	row := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		row[i] = Cell(c.Name)
	}
	if err := w.Write(row); err != nil {
		return err
	}
	for _, values := range t.Rows {
		for i, v := range values {
			if row[i] = Value(v); !isNumber(v) {
				row[i] = Cell(row[i])
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// isNumber reports whether a value is a number: a minus before it is no
// formula.
func isNumber(v any) bool {
	switch v.(type) {
	case int64, float64:
		return true
	}
	return false
}

func tableLines(out io.Writer, t *search.Table) error {
	for _, values := range t.Rows {
		line := make(map[string]any, len(values))
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				v = at.UTC().Format(timeLayout)
			}
			line[t.Columns[i].Name] = v
		}
		if err := writeLine(out, line); err != nil {
			return err
		}
	}
	return nil
}
