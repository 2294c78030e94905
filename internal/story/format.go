package story

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/printable"
)

// Form is one way to write a story.
type Form struct {
	Name  string // what --format takes
	Media string // media type of an HTTP answer
	Ext   string // of a file's name
	write func(io.Writer, *Told) error
}

// Forms lists all forms, those for people first.
func Forms() []Form {
	return []Form{
		{"text", "text/plain; charset=utf-8", "txt", WriteText},
		{"markdown", "text/markdown; charset=utf-8", "md", WriteMarkdown},
		{"html", "text/html; charset=utf-8", "html", WriteHTML},
		{"json", "application/json", "json", WriteJSON},
		{"timesketch", "application/x-ndjson", "jsonl", WriteTimesketch},
		{"stix", "application/stix+json;version=2.1", "stix.json", WriteSTIX},
		{"ocsf", "application/json", "ocsf.json", WriteOCSF},
		{"dot", "text/vnd.graphviz", "dot", WriteDOT},
		{"notes", "application/json", "notes.json", WriteNotes},
	}
}

// FormOf returns the form of that name; the error lists the names there are.
func FormOf(name string) (Form, error) {
	forms := Forms()
	i := slices.IndexFunc(forms, func(f Form) bool { return f.Name == name })
	if i >= 0 {
		return forms[i], nil
	}
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.Name
	}
	return Form{}, fmt.Errorf("unknown format %q: write one of %s", name, strings.Join(names, ", "))
}

// Write writes the story in this form.
func (f Form) Write(out io.Writer, t *Told) error {
	if err := f.write(out, t); err != nil {
		return fmt.Errorf("write incident %s as %s: %w", t.Result.Incident.UID, f.Name, err)
	}
	return nil
}

// WriteJSON writes the result as it was sealed, without overlays.
func WriteJSON(out io.Writer, t *Told) error {
	body, err := t.Result.JSON()
	if err != nil {
		return err
	}
	_, err = out.Write(body)
	return err
}

// WriteNotes writes the overlays as one JSON array.
func WriteNotes(out io.Writer, t *Told) error {
	return writeJSON(out, append([]Overlay{}, t.Overlays...))
}

// writeJSON writes v indented, with no character that a terminal may obey.
func writeJSON(out io.Writer, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	_, err = out.Write(append(inert(body), '\n'))
	return err
}

// inert escapes what JSON lets through and a terminal may obey, line by line:
// the line ends between the values stay.
func inert(body []byte) []byte {
	lines := strings.Split(string(body), "\n")
	for i, l := range lines {
		lines[i] = string(printable.JSON([]byte(l)))
	}
	return []byte(strings.Join(lines, "\n"))
}
