package simulate

import (
	"strings"
	"testing"
)

// A line with a cell too many or too few would be left out in silence.
func TestTablesAreWhole(t *testing.T) {
	for _, table := range []struct {
		name, text string
		columns    int
	}{
		{"boot", bootTable, 6},
		{"programs", programTable, 4},
		{"descriptions", descriptionTable, 3},
	} {
		lines := strings.Count(table.text, "\n")
		if got := len(rows(table.text, table.columns)); got != lines || lines == 0 {
			t.Errorf("%s: %d rows of %d lines", table.name, got, lines)
		}
	}
	started := map[string]bool{"system": true}
	for _, spec := range bootOrder {
		if !started[spec.parent] || !strings.Contains("sln", spec.who) {
			t.Errorf("%s: parent %s does not run, or account %q", spec.key, spec.parent, spec.who)
		}
		started[spec.key] = true
	}
	for _, d := range departments {
		if programs[d.app].path == "" {
			t.Errorf("%s: no program %s", d.name, d.app)
		}
	}
}

func TestEveryRecordHasItsMessage(t *testing.T) {
	for _, r := range standard(t).windows {
		text := r.text("Message")
		if text == "" || text == "-" || strings.Contains(text, "{Subject") {
			t.Fatalf("%s:%d: event %v has message %q", r.file, r.n, r.fields["EventID"], text)
		}
	}
	if len(messages) != strings.Count("\n"+messagesText, "\n== ")+1 { // one text is for two events
		t.Errorf("%d texts", len(messages))
	}
}
