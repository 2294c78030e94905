package sigma

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
)

// shared is the folder of public test data beside the repository.
const shared = "../../shared/data"

// ruleFolders are the SigmaHQ rules.
var ruleFolders = []string{
	"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder",
}

// needShared skips where the public test data is absent.
func needShared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(shared, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("test data %s is absent", path)
	}
	return path
}

// corpus loads all SigmaHQ rules.
func corpus(t testing.TB) *RuleSet {
	t.Helper()
	root := needShared(t, "sigma")
	var paths []string
	for _, f := range ruleFolders {
		paths = append(paths, filepath.Join(root, f))
	}
	rs, err := Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// logsources reads the mapping that ships with the product.
func logsources(t testing.TB) *Logsources {
	t.Helper()
	src, err := os.ReadFile("../mappings/sigma-logsources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ls, err := ParseLogsources(src)
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

// compile compiles the rules with the shipped mapping.
func compile(t testing.TB, rs *RuleSet) *Plan {
	t.Helper()
	p, err := Compile(rs, logsources(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readEvents decodes a gzipped file of JSON lines.
func readEvents(t testing.TB, path string) []event.Event {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Event
	dec := json.NewDecoder(z)
	dec.UseNumber()
	for {
		fields, err := decodeObject(dec, "")
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, event.Event{Native: fields})
	}
}

// decodeObject reads one JSON object in source order, nested names joined with
// dots.
func decodeObject(dec *json.Decoder, prefix string) (event.Fields, error) {
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	return decodeMembers(dec, prefix, nil)
}

func decodeMembers(dec *json.Decoder, prefix string, out event.Fields) (event.Fields, error) {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, err
		}
		name := prefix + key.(string)
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
			sub := json.NewDecoder(bytes.NewReader(raw))
			fields, err := decodeObject(sub, name+".")
			if err != nil {
				return nil, err
			}
			out = append(out, fields...)
			continue
		}
		out = append(out, event.Field{Name: name, Value: decodeValue(raw)})
	}
	_, err := dec.Token()
	return out, err
}

// decodeValue reads a JSON value that is not an object; objects in lists
// become their text.
func decodeValue(raw json.RawMessage) event.Value {
	text := strings.TrimSpace(string(raw))
	switch text[0] {
	case 'n':
		return event.Value{}
	case 't', 'f':
		return event.Value{Kind: event.Bool, Text: text}
	case '[':
		var items []json.RawMessage
		v := event.Value{Kind: event.List}
		if json.Unmarshal(raw, &items) == nil {
			for _, i := range items {
				v.Items = append(v.Items, decodeValue(i))
			}
		}
		return v
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			text = s
		}
		return event.Value{Kind: event.String, Text: text}
	case '{':
		return event.Value{Kind: event.String, Text: text}
	}
	return event.Value{Kind: event.Number, Text: text}
}

// ids returns the rules' ids, separated by spaces.
func ids(rules []*Rule) string {
	var out []string
	for _, r := range rules {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

// rulesOf returns the rules of matches.
func rulesOf(matches []Match) []*Rule {
	var out []*Rule
	for _, m := range matches {
		out = append(out, m.Rule)
	}
	return out
}

// TestCorpusLoads: every SigmaHQ rule loads, or is refused for a reason that
// the specification gives: placeholders without values.
func TestCorpusLoads(t *testing.T) {
	rs := corpus(t)
	if n := len(rs.Rules) + len(rs.Rejected); n != 3777 {
		t.Errorf("rules and rejections: got %d, want 3777, one for each file", n)
	}
	for _, r := range rs.Rejected {
		if !strings.Contains(r.Reason, "placeholder %") || r.Line < 2 || r.UID == "" {
			t.Errorf("%s:%d %s: %s", r.File, r.Line, r.UID, r.Reason)
		}
	}
	t.Logf("loaded %d, refused for placeholders %d", len(rs.Rules), len(rs.Rejected))
	compile(t, rs)
	for _, r := range rs.Rules {
		if !r.Routed {
			t.Errorf("%s: log source %s is not in the mapping", r.File, r.Logsource)
		}
		if r.License != "DRL-1.1" || r.Author == "" {
			t.Errorf("%s: no licence or author", r.File)
		}
	}
}

// TestCorpusEqualsNaive: on a sample of the benchmark events, and of those that
// match, the plan gives exactly the rules that the oracle gives, over all
// SigmaHQ rules.
func TestCorpusEqualsNaive(t *testing.T) {
	rs := corpus(t)
	ls := logsources(t)
	m := compile(t, rs).Matcher()
	for name, step := range map[string]int{"winmix-20k": 97, "proccreate": 37} {
		if testing.Short() {
			step *= 10
		}
		events := readEvents(t, needShared(t, "bench/"+name+".ndjson.gz"))
		sampled, hits, found := 0, 0, 0
		for i := range events {
			got := ids(rulesOf(m.Match(&events[i])))
			if got != "" {
				hits++
			}
			if i%step != 0 && (got == "" || hits%(step/12+1) != 0) {
				continue
			}
			if want := ids(rs.MatchNaive(&events[i], ls)); got != want {
				t.Fatalf("%s event %d: got %s, want %s", name, i+1, got, want)
			}
			sampled++
			found += len(strings.Fields(got))
		}
		t.Logf("%s: %d of %d events, %d matches", name, sampled, len(events), found)
	}
}
