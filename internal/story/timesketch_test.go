package story

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTimesketchFollowsItsRules: each line has what Timesketch's importer asks
// for, and both times of a line are the same instant.
func TestTimesketchFollowsItsRules(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		told := New(drawResult(r), nil)
		if rapid.Bool().Draw(r, "harbor") {
			told = readTold(t, "harbor.json", "harbor.notes.json")
		}
		out := written(t, "timesketch", told)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if out == "" {
			lines = nil
		}
		if len(lines) != len(told.Rows()) {
			r.Fatalf("%d lines for %d rows", len(lines), len(told.Rows()))
		}
		for _, line := range lines {
			var row struct {
				Message, Datetime, TimestampDesc string
				Desc                             string `json:"timestamp_desc"`
				Timestamp                        int64
				Tag                              []string
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				r.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339Nano, row.Datetime)
			if err != nil || at.UnixMicro() != row.Timestamp {
				r.Fatalf("times %s and %d: %v", row.Datetime, row.Timestamp, err)
			}
			if row.Message == "" || row.Desc == "" || len(row.Tag) == 0 {
				r.Fatalf("a field is missing in %s", line)
			}
		}
	})
}
