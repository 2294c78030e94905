package api

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/source"
)

// maxSourceName bounds the name that a sender gives itself, in bytes.
const maxSourceName = 200

// formats are what a sender may say of its records; empty leaves it to
// detection.
var formats = []event.Format{
	"", event.FormatJSON, event.FormatEVTX, event.FormatJournal, event.FormatSyslog,
	event.FormatAuditd, event.FormatZeek,
	event.FormatCSV, event.FormatTimesketch, event.FormatText,
}

// ingest answers POST ingest: the body is read as evident ingest reads a file.
// The answer comes when every record is in the journal.
func (a *API) ingest(ctx context.Context, r *http.Request) (any, error) {
	q := r.URL.Query()
	name, format := q.Get("source"), event.Format(q.Get("format"))
	if !usableName(name) {
		return nil, badRequest("bad-source", "The source has no usable name",
			"Add ?source=NAME, at most 200 printable characters.")
	}
	if !slices.Contains(formats, format) {
		return nil, badRequest("bad-format", "There is no such format",
			"Give json, evtx, journal, syslog, auditd, zeek-tsv, csv, timesketch or text, "+
				"or leave format out.")
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasPrefix(kind, "multipart/") {
		return nil, badRequest("bad-body", "Forms are not taken", "Send the log itself as the body.")
	}
	report, err := a.node.IngestStream(ctx, "http:"+name, r.Body, node.IngestOptions{
		// A body of known length ends soon. Only without a timer do its batches
		// fall at the same records when it is sent again.
		Format: format, Live: r.ContentLength < 0,
	})
	if err != nil {
		return nil, err
	}
	entries := []uint64{}
	if report.First != 0 {
		entries = []uint64{report.First, report.Last}
	}
	problems := report.Problems
	if problems == nil {
		problems = []source.Problem{}
	}
	return map[string]any{
		"files": report.Files, "records": report.Records, "already": report.Already,
		"skipped": report.Skipped, "entries": entries, "problems": problems,
	}, nil
}

// usableName reports whether a sender's name may stand in a table and on a
// terminal as it is.
func usableName(name string) bool {
	return name != "" && len(name) <= maxSourceName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}
