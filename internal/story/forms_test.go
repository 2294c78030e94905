package story

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// readTold reads a result and its overlays from testdata; without notes there
// are none.
func readTold(t testing.TB, incident, notes string) *Told {
	t.Helper()
	var r reconstruct.Result
	var list []Overlay
	readJSON(t, incident, &r)
	if notes != "" {
		readJSON(t, notes, &list)
	}
	return New(&r, list)
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func written(t testing.TB, form string, told *Told) string {
	t.Helper()
	f, err := FormOf(form)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Write(&b, told); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestForms writes testdata/forms: "write form=F [notes]" writes the incident.
func TestForms(t *testing.T) {
	datadriven.Walk(t, "testdata/forms", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var form string
			d.ScanArgs(t, "form", &form)
			notes := ""
			if d.HasArg("notes") {
				notes = "harbor.notes.json"
			}
			out := written(t, form, readTold(t, "harbor.json", notes))
			if again := written(t, form, readTold(t, "harbor.json", notes)); again != out {
				t.Error("another run, other bytes")
			}
			return out
		})
	})
}

func TestUnknownForm(t *testing.T) {
	_, err := FormOf("pdf")
	if err == nil || !strings.Contains(err.Error(), "timesketch") {
		t.Errorf("error %v, want one that lists the formats", err)
	}
}

// TestJSONIsTheResult: overlays never change what was sealed.
func TestJSONIsTheResult(t *testing.T) {
	told := readTold(t, "harbor.json", "harbor.notes.json")
	want, err := readTold(t, "harbor.json", "").Result.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Forms() {
		written(t, f.Name, told)
	}
	if got := written(t, "json", told); got != string(want) {
		t.Error("with overlays the result has other bytes")
	}
}
