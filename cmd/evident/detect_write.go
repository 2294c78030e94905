package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/state"
)

// findingWriter prints findings in one of the output formats.
type findingWriter interface {
	write(*state.Finding) error
	flush() error // what was written reaches its reader
	close() error // the document is complete
}

// writer returns the writer of the format asked for.
func (c *detectCmd) writer(out io.Writer) findingWriter {
	buf := bufio.NewWriterSize(out, 1<<16)
	switch c.format() {
	case "json":
		return &jsonWriter{buf}
	case "csv":
		return newCSVWriter(buf)
	case "sarif":
		return newSARIFWriter(buf)
	}
	return &lineWriter{buf}
}

func flush(w *bufio.Writer) error {
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// bodyOf reads the finding that f carries.
func bodyOf(f *state.Finding) (*detect.Finding, error) {
	var body detect.Finding
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return nil, fmt.Errorf("read finding %s: %w", f.UID, err)
	}
	return &body, nil
}

// evidenceOf is where the event of a finding stands.
func evidenceOf(body *detect.Finding) detect.EvidenceData {
	if len(body.Evidences) == 0 {
		return detect.EvidenceData{}
	}
	return body.Evidences[len(body.Evidences)-1].Data
}

// jsonWriter prints OCSF Detection Findings, one a line.
type jsonWriter struct{ out *bufio.Writer }

func (w *jsonWriter) write(f *state.Finding) error {
	w.out.Write(plainJSON(f.Body)) // an error stays in the buffer
	return w.out.WriteByte('\n')
}

func (w *jsonWriter) flush() error { return flush(w.out) }
func (w *jsonWriter) close() error { return flush(w.out) }

// lineWriter prints a line a finding, for people.
type lineWriter struct{ out *bufio.Writer }

func (w *lineWriter) write(f *state.Finding) error {
	body, err := bodyOf(f)
	if err != nil {
		return err
	}
	at := evidenceOf(body)
	_, err = fmt.Fprintf(w.out, "%s  %-13s  %s  %s  (%s)\n",
		f.Time.UTC().Format("2006-01-02 15:04:05"), detect.SeverityName(f.Severity),
		plain(f.Host), plain(f.Title), plain(whereOf(&at)))
	return err
}

// whereOf says where an event stands; of a correlation over a data folder only
// the identifier is known.
func whereOf(at *detect.EvidenceData) string {
	if at.File == "" {
		return "event " + at.EventUID
	}
	return fmt.Sprintf("%s, record %d", at.File, at.Record)
}

func (w *lineWriter) flush() error { return flush(w.out) }
func (w *lineWriter) close() error { return flush(w.out) }

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

func (w *csvWriter) write(f *state.Finding) error {
	if err := w.head(); err != nil {
		return err
	}
	body, err := bodyOf(f)
	if err != nil {
		return err
	}
	at := evidenceOf(body)
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

func (w *csvWriter) flush() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return flush(w.buffer)
}

// close leaves the header even where nothing was found.
func (w *csvWriter) close() error {
	if err := w.head(); err != nil {
		return err
	}
	return w.flush()
}

// cell makes a text safe for terminals, and for spreadsheets, which take a cell
// that begins so for a formula.
func cell(s string) string {
	s = plain(s)
	if s != "" && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// attacksOf returns a finding's technique ids and tactic names.
func attacksOf(body *detect.Finding) (techniques, tactics []string) {
	for _, a := range body.Info.Attacks {
		if a.Technique != nil {
			techniques = append(techniques, a.Technique.UID)
		}
		if a.Tactic != nil {
			tactics = append(tactics, a.Tactic.Name)
		}
	}
	return techniques, tactics
}
