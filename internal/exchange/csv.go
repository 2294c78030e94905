package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// importCSV reads a table: the column kind names the kind of entity as register
// files do, every other column a field; lists are parted by semicolons.
func importCSV(name string, body []byte) (*Imported, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	at := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), "kind") })
	if at < 0 {
		return nil, fmt.Errorf("read %s: the first row has no column kind", name)
	}
	i := newImporter("CSV")
	byKind := map[string]*strings.Builder{}
	for line := 2; ; line++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		i.row(byKind, head, row, at, line)
	}
	var all strings.Builder
	for _, k := range register.KindNames() {
		if b := byKind[k]; b != nil {
			fmt.Fprintf(&all, "%s:\n%s", k, b)
		}
	}
	r, problems := register.Parse(name, []byte(all.String()))
	if len(problems) > 0 {
		p := problems[0]
		return nil, fmt.Errorf("read %s: %s: %s", name, p.Entity, p.Text)
	}
	i.out.Register = r
	return i.out, nil
}

// row writes one row as a register entry.
func (i *importer) row(byKind map[string]*strings.Builder, head, row []string, at, line int) {
	kind := ""
	if at < len(row) {
		kind = strings.TrimSpace(row[at])
	}
	if !slices.Contains(register.KindNames(), kind) {
		i.skip("row", fmt.Sprintf("line %d", line), fmt.Sprintf("kind %q is none of %s", kind, strings.Join(register.KindNames(), ", ")))
		return
	}
	b := byKind[kind]
	if b == nil {
		b = &strings.Builder{}
		byKind[kind] = b
	}
	lead := "  - "
	for c, cell := range row {
		if c == at || c >= len(head) || strings.TrimSpace(cell) == "" {
			continue
		}
		fmt.Fprintf(b, "%s%s: %s\n", lead, strings.TrimSpace(head[c]), csvValue(cell))
		lead = "    "
	}
	i.take(kind)
}

// csvValue writes a cell as YAML: numbers, days and truth as they are, lists in
// brackets, all else quoted.
func csvValue(cell string) string {
	cell = strings.TrimSpace(cell)
	if strings.Contains(cell, ";") {
		var items []string
		for _, part := range strings.Split(cell, ";") {
			items = append(items, csvValue(part))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	if cell == "true" || cell == "false" || strings.Trim(cell, "0123456789.") == "" && cell != "" {
		return cell
	}
	return fmt.Sprintf("%q", strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, cell))
}
