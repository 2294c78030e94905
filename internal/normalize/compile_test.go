package normalize

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/mappings"
)

// TestCompileErrors runs testdata/compile.txt: a mapping document in, the error
// with its file and line out.
func TestCompileErrors(t *testing.T) {
	datadriven.RunTest(t, "testdata/compile.txt", func(t *testing.T, d *datadriven.TestData) string {
		_, err := New(fstest.MapFS{
			"m.yaml":                {Data: []byte(d.Input)},
			"sigma-logsources.yaml": {Data: []byte("{")}, // another package's
		})
		if err == nil {
			return "ok"
		}
		return strings.Split(err.Error(), "\n")[0]
	})
}

func TestVersionFollowsContent(t *testing.T) {
	version := func(text string) string {
		n, err := New(fstest.MapFS{"m.yaml": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		return n.Version()
	}
	a, b := version("sources: []"), version("sources: [] # changed")
	if a == b || a != version("sources: []") || len(a) != 64 {
		t.Errorf("versions %s and %s", a, b)
	}
}

func TestDecodeUsesEmbeddedMappings(t *testing.T) {
	fields, err := Decode("json", "", []byte(`{"log_name":"Security","event_data":{"a":"b"}}`))
	if err != nil || fields.Text("Channel") != "Security" || fields.Text("a") != "b" {
		t.Errorf("%v, %v", fields, err)
	}
	if n, _ := New(mappings.FS); n == nil || n.Version() == "" {
		t.Error("no version")
	}
}
