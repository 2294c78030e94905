package textmatch_test

import (
	"testing"

	"github.com/evident-sec/evident/internal/textmatch"
)

// TestNearest: a slip of the finger finds the name, another word none, the
// first of equals wins.
func TestNearest(t *testing.T) {
	names := []string{"timespan", "group-by", "condition", "conditions"}
	for word, want := range map[string]string{
		"timespan": "timespan", "timspan": "timespan", "group_by": "group-by",
		"groupby": "group-by", "condition_": "condition", "severity": "", "": "", "x": "",
	} {
		if got := textmatch.Nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
