package review

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var page string

// WriteHTML writes the report as one page without scripts or outside requests.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"title": func(r Result) string { return title(r) }, "limits": func() string { return limits },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("parse report page: %w", err)
	}
	if err := t.Execute(w, r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
