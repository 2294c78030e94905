package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/state"
)

// csvColumns are the columns of --output csv.
var csvColumns = []string{
	"time", "severity", "host", "title", "rule_uid", "techniques", "tactics", "entity", "file",
	"record", "event_uid", "author", "license", "references", "finding_uid", "matched",
}

// csvWriter prints RFC 4180 lines.
type csvWriter struct {
	out    *csv.Writer
	buffer *bufio.Writer
	headed bool
}

func newCSVWriter(out *bufio.Writer) *csvWriter {
	return &csvWriter{out: csv.NewWriter(out), buffer: out}
}

func (w *csvWriter) Write(f *state.Finding) error {
	if err := w.head(); err != nil {
		return err
	}
	body, err := Body(f)
	if err != nil {
		return err
	}
	at := Evidence(body)
	matched, err := json.Marshal(at.Matched)
	if err != nil {
		return fmt.Errorf("write finding %s: %w", f.UID, err)
	}
	techniques, tactics := attacksOf(body)
	cells := []string{
		f.Time.UTC().Format(time.RFC3339Nano), body.Severity, f.Host, f.Title, f.Rule,
		strings.Join(techniques, " "), strings.Join(tactics, "; "), body.Evident.Entity, at.File,
		strconv.FormatInt(at.Record, 10), at.EventUID, body.Evident.Author, body.Evident.License,
		strings.Join(body.Evident.References, " "), f.UID, string(matched),
	}
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return w.out.Write(cells)
}

func (w *csvWriter) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	return w.out.Write(csvColumns)
}

func (w *csvWriter) Flush() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return flush(w.buffer)
}

// close leaves the header even where nothing was found.
func (w *csvWriter) Close() error {
	if err := w.head(); err != nil {
		return err
	}
	return w.Flush()
}

// cell makes a text safe for terminals, and for spreadsheets, which take a cell
// that begins so for a formula.
func cell(s string) string {
	s = printable.Text(s)
	if s != "" && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
