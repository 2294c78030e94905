package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// errSketchArray is what most tools write that are meant for Timesketch and are
// refused by it.
var errSketchArray = errors.New("is a JSON array; a Timesketch timeline is one JSON object a line, " +
	"or CSV")

// frameTimesketch reads a timeline as Timesketch takes it: JSON lines, or CSV
// whose header names the columns.
func frameTimesketch(in *bufio.Reader, b *batcher) error {
	head, err := in.Peek(sniffBytes)
	if len(head) == 0 && err != nil {
		return nil // an empty file; what else went wrong, reading would say
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return eachLine(in, b, func(line []byte) error { return b.add(line) })
	case bytes.HasPrefix(text, []byte("[")) && looksLikeArray(text):
		return errSketchArray
	}
	header, _, _ := bytes.Cut(text, []byte("\n"))
	if missing := sketchMissing(string(header)); len(missing) > 0 {
		return fmt.Errorf("has no column %s: a Timesketch timeline needs message, timestamp_desc and "+
			"datetime or timestamp", strings.Join(missing, ", "))
	}
	return frameCSV(in, b)
}

// sketchMissing names the columns that Timesketch asks for and the header lacks.
func sketchMissing(header string) []string {
	has := map[string]bool{}
	for _, name := range strings.FieldsFunc(header, func(r rune) bool {
		return strings.ContainsRune(",;\t|\"\r\uFEFF", r)
	}) {
		has[strings.TrimSpace(name)] = true
	}
	var missing []string
	for _, name := range []string{"message", "timestamp_desc"} {
		if !has[name] {
			missing = append(missing, name)
		}
	}
	if !has["datetime"] && !has["timestamp"] {
		missing = append(missing, "datetime")
	}
	return missing
}
