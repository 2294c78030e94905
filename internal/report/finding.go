package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/state"
)

// Writer prints findings in one of the output formats.
type Writer interface {
	Write(f *state.Finding) error
	Flush() error // what was written reaches its reader
	Close() error // the document is complete
}

// Formats are the names of the output formats.
var Formats = []string{"table", "json", "csv", "sarif"}

// New returns the Writer of a format; the version of this program stands in
// documents that name their maker.
func New(format string, out io.Writer, version string) (Writer, error) {
	buf := bufio.NewWriterSize(out, 1<<16)
	switch format {
	case "table":
		return &lineWriter{buf}, nil
	case "json":
		return &jsonWriter{buf}, nil
	case "csv":
		return newCSVWriter(buf), nil
	case "sarif":
		return newSARIFWriter(buf, version), nil
	}
	return nil, fmt.Errorf("print findings: format %q is not one of %s", format,
		strings.Join(Formats, ", "))
}

func flush(w *bufio.Writer) error {
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// Body reads the finding that f carries.
func Body(f *state.Finding) (*detect.Finding, error) {
	var body detect.Finding
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return nil, fmt.Errorf("read finding %s: %w", f.UID, err)
	}
	return &body, nil
}

// Evidence is where the event of a finding stands.
func Evidence(body *detect.Finding) detect.EvidenceData {
	if len(body.Evidences) == 0 {
		return detect.EvidenceData{}
	}
	return body.Evidences[len(body.Evidences)-1].Data
}

// jsonWriter prints OCSF Detection Findings, one a line.
type jsonWriter struct{ out *bufio.Writer }

func (w *jsonWriter) Write(f *state.Finding) error {
	w.out.Write(printable.JSON(f.Body)) // an error stays in the buffer
	return w.out.WriteByte('\n')
}

func (w *jsonWriter) Flush() error { return flush(w.out) }
func (w *jsonWriter) Close() error { return flush(w.out) }

// lineWriter prints a line a finding, for people.
type lineWriter struct{ out *bufio.Writer }

func (w *lineWriter) Write(f *state.Finding) error {
	body, err := Body(f)
	if err != nil {
		return err
	}
	at := Evidence(body)
	_, err = fmt.Fprintf(w.out, "%s  %-13s  %s  %s  (%s)\n",
		f.Time.UTC().Format("2006-01-02 15:04:05"), detect.SeverityName(f.Severity),
		printable.Text(f.Host), printable.Text(f.Title), printable.Text(whereOf(&at)))
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

func (w *lineWriter) Flush() error { return flush(w.out) }
func (w *lineWriter) Close() error { return flush(w.out) }

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
