package console

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/evident-sec/evident/internal/printable"
)

// Plain makes text from a log safe for a terminal.
func Plain(s string) string { return printable.Text(s) }

// PlainJSON escapes what JSON lets through and a terminal may obey.
func PlainJSON(body []byte) []byte { return printable.JSON(body) }

// JSONLine prints one JSON object on one line.
func JSONLine(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	if _, err := w.Write(append(PlainJSON(body), '\n')); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// Short cuts a cell so that a table line stays readable.
func Short(s string) string {
	const width = 80
	if runes := []rune(s); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return s
}
