package score

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEngineNamesNoDataSet takes every name from the labels (campaigns, hosts,
// people, archives, services, programs that are no part of Windows) and looks for
// it in the engine and the scorer: a rule that names what it is scored on proves
// nothing.
func TestEngineNamesNoDataSet(t *testing.T) {
	files, _ := filepath.Glob(shared + "/labels/*.json")
	if len(files) == 0 {
		t.Skip("no labelled recordings at ../shared/data/otrf/labels")
	}
	names := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		collectNames(names, "", v)
	}
	if len(names) < 20 {
		t.Fatalf("only %d names in the labels: %v", len(names), names)
	}
	for _, dir := range []string{".", "../causal", "../causal/edge", "../reconstruct"} {
		sources, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, f := range sources {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			code, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			low := strings.ToLower(string(code))
			for name := range names {
				if strings.Contains(low, name) {
					t.Errorf("%s names %q, which belongs to a labelled campaign", f, name)
				}
			}
		}
	}
}

var word = regexp.MustCompile(`[^a-z0-9_.\-]+`)

// collectNames adds the names that a value of a label file gives under key.
func collectNames(names map[string]bool, key string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			collectNames(names, k, x)
		}
	case []any:
		for _, x := range v {
			collectNames(names, key, x)
		}
	case string:
		v = strings.ToLower(v)
		switch key {
		case "campaign", "host", "service_name", "archive", "inner_file":
			add(names, strings.TrimSuffix(filepath.Base(v), filepath.Ext(v)))
			short, _, _ := strings.Cut(v, ".")
			add(names, filepath.Base(short))
		case "user":
			add(names, v[strings.LastIndexByte(v, '\\')+1:])
		case "image", "parent_image", "target_filename":
			if !strings.Contains(v, `\windows\`) && !strings.Contains(v, `\program files`) {
				add(names, v[strings.LastIndexByte(v, '\\')+1:])
			}
		}
	}
}

func add(names map[string]bool, name string) {
	name = strings.Trim(word.ReplaceAllString(name, ""), ".-")
	if len(name) > 4 && name != "system" {
		names[name] = true
	}
}
