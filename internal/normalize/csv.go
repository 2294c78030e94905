package normalize

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evident-sec/evident/event"
)

// csvHeader is the first line of a CSV file: the column names and the
// delimiter, which is the most frequent of comma, semicolon, tab and bar.
type csvHeader struct {
	delimiter byte
	names     []string
}

func parseCSVHeader(schema string) (*csvHeader, error) {
	schema = strings.TrimPrefix(schema, "\uFEFF")
	h := &csvHeader{delimiter: ','}
	best := 0
	for _, d := range []byte(",;\t|") {
		if n := strings.Count(schema, string(d)); n > best {
			h.delimiter, best = d, n
		}
	}
	cells, err := h.split(schema)
	if err != nil {
		return nil, fmt.Errorf("decode csv header: %w", err)
	}
	for i, name := range cells {
		if cells[i] = strings.TrimSpace(name); cells[i] == "" {
			cells[i] = fmt.Sprintf("column%d", i+1)
		}
	}
	h.names = cells
	return h, nil
}

// decode reads one record. Missing cells at the end are absent fields, cells
// beyond the header get the name columnN.
func (h *csvHeader) decode(line string, out event.Fields) (event.Fields, error) {
	cells, err := h.split(line)
	if err != nil {
		return out, fmt.Errorf("decode csv line: %w", err)
	}
	for i, cell := range cells {
		name := ""
		if i < len(h.names) {
			name = h.names[i]
		} else {
			name = fmt.Sprintf("column%d", i+1)
		}
		out = append(out, event.Field{Name: name, Value: textValue(cell)})
	}
	return out, nil
}

var errTooManyColumns = errors.New("too many columns")

// split cuts one record into its cells (RFC 4180; stray quotes are kept).
func (h *csvHeader) split(s string) ([]string, error) {
	s = strings.TrimRight(s, "\r\n")
	var cells []string
	for {
		if len(cells) >= maxValues {
			return nil, errTooManyColumns
		}
		cell, rest, more := h.cell(s)
		cells = append(cells, cell)
		if !more {
			return cells, nil
		}
		s = rest
	}
}

// cell returns the first cell of s and what follows its delimiter.
func (h *csvHeader) cell(s string) (cell, rest string, more bool) {
	if s == "" || s[0] != '"' {
		return cutByte(s, h.delimiter)
	}
	end := 1
	for end < len(s) {
		if s[end] != '"' {
			end++
			continue
		}
		if end+1 < len(s) && s[end+1] == '"' {
			end += 2
			continue
		}
		break
	}
	cell = strings.ReplaceAll(s[1:min(end, len(s))], `""`, `"`)
	tail, rest, more := cutByte(s[min(end+1, len(s)):], h.delimiter)
	return cell + tail, rest, more
}

func cutByte(s string, b byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, b); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
