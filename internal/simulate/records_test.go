package simulate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// split returns the records of a file as the answer key counts them.
func split(name, text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	switch {
	case strings.HasPrefix(name, "zeek/"):
		var records []string
		for _, l := range lines {
			if !strings.HasPrefix(l, "#") {
				records = append(records, l)
			}
		}
		return records
	case strings.HasSuffix(name, "audit.log"):
		var records []string
		last := ""
		for _, l := range lines {
			if id := auditID(l); id != last {
				last = id
				records = append(records, l)
			} else {
				records[len(records)-1] += "\n" + l
			}
		}
		return records
	}
	return lines
}

func auditID(line string) string {
	_, rest, _ := strings.Cut(line, "msg=audit(")
	id, _, _ := strings.Cut(rest, ")")
	return id
}

// winRecord is a Windows record as read back.
type winRecord struct {
	file   string
	n      int // record in the file
	time   time.Time
	fields map[string]any
}

func (r *winRecord) text(name string) string {
	switch v := r.fields[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (r *winRecord) is(channel string, id int) bool {
	return r.fields["EventID"] == float64(id) && strings.HasPrefix(r.text("Channel"), channel)
}

const (
	sysmonChannel = "Microsoft-Windows-Sysmon"
	secChannel    = "Security"
)

func windowsRecords(t testing.TB, m *memory) []*winRecord {
	t.Helper()
	var records []*winRecord
	for _, name := range m.names() {
		if !strings.HasPrefix(name, "windows/") {
			continue
		}
		for i, line := range split(name, m.files[name].String()) {
			r := &winRecord{file: name, n: i + 1}
			if err := json.Unmarshal([]byte(line), &r.fields); err != nil {
				t.Fatalf("%s:%d: %v: %s", name, i+1, err, line)
			}
			at, err := time.Parse(time.RFC3339, r.text("@timestamp"))
			if err != nil {
				t.Fatalf("%s:%d: %v", name, i+1, err)
			}
			r.time = at
			records = append(records, r)
		}
	}
	return records
}

// zeekRow is a line of a Zeek log by column name.
type zeekRow map[string]string

func zeekRows(t testing.TB, m *memory, name string) []zeekRow {
	t.Helper()
	var fields []string
	var rows []zeekRow
	for line := range strings.Lines(m.files[name].String()) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "#fields\t"); ok {
			fields = strings.Split(rest, "\t")
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != len(fields) {
			t.Fatalf("%s: %d cells, %d fields: %s", name, len(cells), len(fields), line)
		}
		row := zeekRow{}
		for i, f := range fields {
			row[f] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func epoch(t testing.TB, text string) time.Time {
	t.Helper()
	var sec, frac int64
	if _, err := fmt.Sscanf(text, "%d.%d", &sec, &frac); err != nil {
		t.Fatalf("time %q: %v", text, err)
	}
	_, digits, _ := strings.Cut(text, ".")
	for n := len(digits); n < 9; n++ {
		frac *= 10
	}
	return time.Unix(sec, frac).UTC()
}

// seen returns host and time of a record as its own text says them.
func seen(t testing.TB, name, record string) (string, time.Time) {
	t.Helper()
	switch {
	case strings.HasPrefix(name, "zeek/"):
		ts, _, _ := strings.Cut(record, "\t")
		return "", epoch(t, ts)
	case strings.HasSuffix(name, "audit.log"):
		stamp, _, _ := strings.Cut(auditID(record), ":")
		return strings.Split(name, "/")[1], epoch(t, stamp)
	case strings.HasSuffix(name, "auth.log"):
		at, err := time.Parse(time.Stamp, record[:15])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(record)[3], at
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(record), &fields); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, key := range []string{"@timestamp", "createdDateTime", "activityDateTime", "time"} {
		if text, ok := fields[key].(string); ok {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				t.Fatal(err)
			}
			host, _ := fields["Hostname"].(string)
			return host, at
		}
	}
	t.Fatalf("%s: no time in %s", name, record)
	return "", time.Time{}
}
