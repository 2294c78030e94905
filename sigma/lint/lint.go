package lint

import (
	"fmt"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// Severity says how much an issue matters. Lower is worse.
type Severity uint8

// The severities.
const (
	Error   Severity = iota + 1 // breaks the specification or the detection
	Warning                     // most likely a mistake
	Info                        // makes the rule harder to keep or to judge
	Hint                        // style
)

// String returns error, warning, info or hint.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Info:
		return "info"
	case Hint:
		return "hint"
	}
	return fmt.Sprintf("severity %d", uint8(s))
}

// MarshalText writes the severity as its word, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Issue is one thing to look at in a file.
type Issue struct {
	File     string   `json:"file"`
	Line     int      `json:"line"` // from 1
	Severity Severity `json:"severity"`
	ID       string   `json:"id"`             // of the check, e.g. title-missing
	Message  string   `json:"message"`        // what is wrong; may quote the file
	Hint     string   `json:"hint,omitempty"` // what to do
	UID      string   `json:"uid,omitempty"`  // the document's id
}

// String returns the issue as one line, "file:line: severity id message". It
// may quote any bytes of the file: clean it before it reaches a terminal.
func (i Issue) String() string {
	out := fmt.Sprintf("%s:%d: %s %s %s", i.File, i.Line, i.Severity, i.ID, i.Message)
	if i.Hint != "" {
		out += "; " + i.Hint
	}
	return out
}

// File returns the issues of one file by itself, in order of line. Name is the
// path for reports; its last part is checked too.
func File(name string, src []byte) []Issue { return New(nil).File(name, src) }

// Linter looks at the files of one rule set: File for each, then Finish. It is
// not safe for concurrent use.
type Linter struct {
	sources *sigma.Logsources
	words   *vocabulary // of sources, once asked for
	seen    index
}

// New returns a Linter. With sources, a log source that is not in the mapping
// is an issue.
func New(sources *sigma.Logsources) *Linter { return &Linter{sources: sources} }

// File returns the issues of one file by itself, in order of line, and
// remembers its ids and references for Finish.
func (l *Linter) File(name string, src []byte) []Issue {
	r := &report{file: name}
	docs, err := yamltree.Parse(src)
	switch {
	case err != nil:
		r.add("yaml-invalid", yamltree.LineOf(err, 1), err.Error())
	case len(docs) == 0:
		r.add("file-empty", 1, "the file holds no document")
	}
	r.fileName()
	alone := true // no document refers to another, which may be in another file
	for _, doc := range docs {
		l.document(r, doc)
		alone = alone && doc.Get("correlation") == nil
	}
	if alone && err == nil {
		r.rejections(src)
	}
	return r.sorted()
}

// Finish returns the issues that only show between the files seen so far.
func (l *Linter) Finish() []Issue {
	r := &report{}
	l.seen.check(r)
	return r.sorted()
}

// rejections adds why the loader rejects documents of a file in which no check
// has found an error.
func (r *report) rejections(src []byte) {
	if r.failed() {
		return
	}
	var loader sigma.Loader
	for _, x := range loader.Parse(r.file, src).Rejected {
		r.uid = x.UID
		r.add("rule-rejected", x.Line, "%s", x.Reason)
	}
}
