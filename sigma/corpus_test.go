package sigma

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/mappings"

	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/yamltree"
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

// readEvents decodes a gzipped file of JSON lines as the product does.
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
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	n, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	entry := event.Entry{Seq: 1, Format: event.FormatJSON, Received: time.Unix(1.8e9, 0)}
	for line := range bytes.Lines(text) {
		entry.Records = append(entry.Records, event.Record{Raw: bytes.TrimSpace(line)})
	}
	return n.Entry(&entry)
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

// TestCorpusLoads: every SigmaHQ rule loads. Those with placeholders say that
// they need values, and that they cannot match where all depends on these.
func TestCorpusLoads(t *testing.T) {
	rs := corpus(t)
	if n := len(rs.Rules) + len(rs.Rejected); n != 3777 {
		t.Errorf("rules and rejections: got %d, want 3777, one for each file", n)
	}
	for _, r := range rs.Rejected {
		t.Errorf("%s:%d %s: %s", r.File, r.Line, r.UID, r.Reason)
	}
	unresolved, inert := 0, 0
	for _, r := range rs.Rules {
		if len(r.Unresolved) > 0 {
			unresolved++
		}
		if r.Inert {
			inert++
		}
		if said := len(r.Warnings) > 0; len(r.Unresolved) > 0 && !said {
			t.Errorf("%s: placeholders without values, and no warning", r.File)
		}
	}
	if unresolved != 25 {
		t.Errorf("rules that need values: got %d, want the 25 with the modifier expand", unresolved)
	}
	t.Logf("loaded %d, of these %d need values, %d cannot match without", len(rs.Rules), unresolved, inert)
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
// SigmaHQ rules. With EVIDENT_CONFORMANCE set (make conformance) on all events.
func TestCorpusEqualsNaive(t *testing.T) {
	rs := corpus(t)
	ls := logsources(t)
	p := compile(t, rs)
	for name, step := range map[string]int{"winmix-20k": 397, "proccreate": 157} {
		switch {
		case os.Getenv("EVIDENT_CONFORMANCE") != "":
			step = 1
		case testing.Short():
			step *= 10
		}
		events := readEvents(t, needShared(t, "bench/"+name+".ndjson.gz"))
		var sampled, hits, found, next atomic.Int64
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				m := p.Matcher()
				total := int64(len(events))
				for i := next.Add(1) - 1; i < total && !t.Failed(); i = next.Add(1) - 1 {
					got := ids(rulesOf(m.Match(&events[i])))
					if i%int64(step) != 0 && (got == "" || hits.Add(1)%int64(step/12+1) != 0) {
						continue
					}
					if want := ids(rs.MatchNaive(&events[i], ls)); got != want {
						t.Errorf("%s event %d: got %s, want %s", name, i+1, got, want)
					}
					sampled.Add(1)
					found.Add(int64(len(strings.Fields(got))))
				}
			})
		}
		wg.Wait()
		t.Logf("%s: %d of %d events, %d matches", name, sampled.Load(), len(events), found.Load())
	}
}

// TestCorpusEqualsReading: on the regression events (every fortieth case,
// all under make conformance), every SigmaHQ rule
// holds for the oracle exactly where a reading of its file that shares nothing
// with the parser says so.
func TestCorpusEqualsReading(t *testing.T) {
	rs := corpus(t)
	ls := logsources(t)
	readings := map[*Rule]*reading{}
	pairs, held := 0, 0
	step := 40
	switch {
	case os.Getenv("EVIDENT_CONFORMANCE") != "":
		step = 1
	case testing.Short():
		step = 120
	}
	cases := regressionCases(t)
	for c := 0; c < len(cases); c += step {
		_, records := jsonRecords(t, cases[c].dir)
		for _, raw := range records {
			ev := decodeEvent(t, string(raw))
			n := newNaive(&ev, ls)
			for _, r := range rs.Rules {
				if !n.enter(r) || r.Unresolved != nil {
					continue
				}
				if readings[r] == nil {
					readings[r] = readFile(t, r)
				}
				want := readings[r].holds(&ev, func(field string) []string {
					return n.names(field, n.rename)
				})
				if got := n.eval(r.detection); got != want {
					t.Errorf("%s on %s: oracle %v, reading %v", r.File, cases[c].dir, got, want)
				}
				pairs++
				if want {
					held++
				}
			}
		}
	}
	t.Logf("%d pairs of rule and event, %d hold", pairs, held)
}

// readFile reads the rule's document again.
func readFile(t *testing.T, r *Rule) *reading {
	src, err := os.ReadFile(r.File)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := yamltree.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		if firstLine(doc) == r.Line {
			return readRule(doc)
		}
	}
	t.Fatalf("%s: no document in line %d", r.File, r.Line)
	return nil
}
