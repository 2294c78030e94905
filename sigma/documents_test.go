package sigma

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cockroachdb/datadriven"
)

// TestDocuments runs testdata/{correlations,filters,legacy}.data. In a "load"
// case the input is rule files, each after a line "-- name --", the first
// "rule.yml" unless named; the output tells what was loaded. A "match" case has
// events as JSON after "=>"; the output is the titles of the rules that hold,
// on which both engines must agree.
func TestDocuments(t *testing.T) {
	for _, name := range []string{"correlations", "filters", "legacy"} {
		path := "testdata/" + name + ".data"
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			files, events, _ := strings.Cut(d.Input, "\n=> ")
			rs := loadFiles(t, d, files)
			switch d.Cmd {
			case "load":
				return tell(rs)
			case "match":
				return tell(rs) + matches(t, d, rs, strings.Split(events, "\n=> "))
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	}
}

// loadFiles loads the files of a case.
func loadFiles(t *testing.T, d *datadriven.TestData, text string) *RuleSet {
	fsys := fstest.MapFS{}
	name, body := "rule.yml", ""
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(rest, " --") {
			if body != "" {
				fsys[name] = &fstest.MapFile{Data: []byte(body)}
			}
			name, body = strings.TrimSuffix(rest, " --"), ""
			continue
		}
		body += line + "\n"
	}
	fsys[name] = &fstest.MapFile{Data: []byte(body)}
	l := Loader{Placeholders: map[string][]string{"admins": {"root", "adm_*"}}}
	rs, err := l.LoadFS(fsys, ".")
	if err != nil {
		d.Fatalf(t, "load: %v", err)
	}
	return rs
}

// tell writes a rule set, one line a document and one a warning.
func tell(rs *RuleSet) string {
	var out strings.Builder
	warn := func(m *Meta) {
		for _, w := range m.Warnings {
			fmt.Fprintf(&out, "  warning %s\n", w)
		}
	}
	for _, r := range rs.Rules {
		fmt.Fprintf(&out, "rule %s%s\n", r.Title, marks(map[string]bool{
			"silent": r.Silent, "inert": r.Inert,
			"needs " + strings.Join(r.Unresolved, " "): r.Unresolved != nil,
		}))
		warn(&r.Meta)
	}
	for _, c := range rs.Correlations {
		out.WriteString(tellCorrelation(c))
		warn(&c.Meta)
	}
	for _, f := range rs.Filters {
		fmt.Fprintf(&out, "filter %s:", f.Title)
		for _, r := range f.Applied {
			fmt.Fprintf(&out, " [%s]", r.Title)
		}
		out.WriteByte('\n')
		warn(&f.Meta)
	}
	for _, r := range rs.Rejected {
		fmt.Fprintf(&out, "refused %s:%d: %s\n", r.File, r.Line, r.Reason)
	}
	return out.String()
}

// marks writes those that are set, in a fixed order.
func marks(set map[string]bool) string {
	out := ""
	for _, name := range []string{"silent", "inert", "generate"} {
		if set[name] {
			out += " " + name
		}
	}
	for name, on := range set {
		if on && strings.HasPrefix(name, "needs ") {
			out += " " + name
		}
	}
	return out
}

func tellCorrelation(c *Correlation) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s over", c.Type, c.Title)
	for _, r := range c.Rules {
		fmt.Fprintf(&out, " [%s]", target{r.Rule, r.Correlation}.meta().Title)
	}
	fmt.Fprintf(&out, " by %v in %v", c.GroupBy, c.Timespan)
	for _, b := range c.Bounds {
		fmt.Fprintf(&out, " %s %v", b.Op, b.Value)
	}
	if c.Fields != nil {
		fmt.Fprintf(&out, " of %v", c.Fields)
	}
	if c.Type == ValuePercentile {
		fmt.Fprintf(&out, " percentile %v", c.Percentile)
	}
	out.WriteString(marks(map[string]bool{"silent": c.Silent, "generate": c.Generate}) + "\n")
	for _, name := range append(append([]string(nil), c.GroupBy...), c.Fields...) {
		if fields := c.Aliases[name]; fields != nil {
			fmt.Fprintf(&out, "  alias %s: %s\n", name, strings.Join(fields, " "))
		}
	}
	return out.String()
}

// matches writes the titles of the rules that hold for each event.
func matches(t *testing.T, d *datadriven.TestData, rs *RuleSet, events []string) string {
	p, err := Compile(rs, nil)
	if err != nil {
		d.Fatalf(t, "compile: %v", err)
	}
	m := p.Matcher()
	var out strings.Builder
	for _, text := range events {
		ev := parseEvent(t, text)
		got, want := titles(rulesOf(m.Match(&ev))), titles(rs.MatchNaive(&ev, nil))
		if got != want {
			d.Fatalf(t, "%s: plan says %s, oracle says %s", text, got, want)
		}
		fmt.Fprintf(&out, "=> %s\n", got)
	}
	return out.String()
}

func titles(rules []*Rule) string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Title)
	}
	if out == nil {
		return "none"
	}
	return strings.Join(out, ", ")
}

// TestSpecificationExamples: the examples of the specification load, or are
// refused for the reason given here.
func TestSpecificationExamples(t *testing.T) {
	root := needShared(t, "sigma-spec/tests/schema")
	refused := map[string]string{ // by the name of the file
		"value_percentile.yml": "condition of value_percentile has no percentile",
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		rs := (&Loader{}).Parse(name, append(src, "\n---\n"+referred(string(src))...))
		for _, r := range rs.Rejected {
			if refused[name] == "" || !strings.Contains(r.Reason, refused[name]) {
				t.Errorf("%s:%d: %s", name, r.Line, r.Reason)
			}
		}
		if len(rs.Correlations)+len(rs.Filters)+len(rs.Rejected) == 0 && len(rs.Rules) < 2 {
			t.Errorf("%s: nothing loaded", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// referred writes rules with the ids and names that the examples refer to and
// do not hold.
func referred(src string) string {
	out := ""
	for _, ref := range []string{
		"id: 5638f7c0-ac70-491d-8465-2a65075e0d86", "name: recon_cmd_a", "name: recon_cmd_b",
		"name: recon_cmd_c", "name: rule_a_id", "name: process_creation", "name: website_access",
		"id: 6f3e2987-db24-4c78-a860-b4f4095a7095", "id: df0841c0-9846-4e9f-ad8a-7df91571771b",
	} {
		out += "title: t\n" + ref + "\nlogsource: {category: process_creation, product: windows}\n" +
			"detection: {sel: {A: 1}, condition: sel}\n---\n"
	}
	return out + plainRule
}

// TestPlanHashFollowsDocuments: what changes verdicts changes the plan's hash,
// what does not, does not.
func TestPlanHashFollowsDocuments(t *testing.T) {
	const rule = "title: r\nname: r\nlogsource: {product: a}\n" +
		"detection: {sel: {A|expand: '%who%'}, other: {A: 1}, condition: sel or other}\n"
	const filter = "title: f\nlogsource: {product: a}\n" +
		"filter: {rules: [r], sel: {B: 1}, condition: not sel}\n"
	const count = "title: c\ncorrelation: " +
		"{type: event_count, rules: [r], group-by: [A], timespan: 1m, condition: {gte: 2}}\n"
	who := func(value string) Loader {
		return Loader{Placeholders: map[string][]string{"who": {value}}}
	}
	hashes := map[string]string{}
	for name, c := range map[string]struct {
		loader Loader
		more   string // in a file of its own
	}{
		"rule":        {},
		"filtered":    {more: filter},
		"correlated":  {more: count},
		"placeholder": {loader: who("x")},
		"other value": {loader: who("y")},
		"transformed": {loader: Loader{Transforms: []Transform{renameA{}}}},
		"moved":       {loader: Loader{Transforms: []Transform{moveToB{}}}},
	} {
		fsys := fstest.MapFS{"r.yml": {Data: []byte(rule)}}
		if c.more != "" {
			fsys["s.yml"] = &fstest.MapFile{Data: []byte(c.more)}
		}
		rs, err := c.loader.LoadFS(fsys, ".")
		if err != nil || len(rs.Rejected) > 0 {
			t.Fatalf("%s: %v %v", name, err, rs.Rejected)
		}
		p, err := Compile(rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if twin := hashes[p.Hash()]; twin != "" {
			t.Errorf("%s and %s have the same hash", name, twin)
		}
		hashes[p.Hash()] = name
	}
}

type renameA struct{}

func (renameA) Apply(r *Rule) error {
	return r.Edit(func(Item) (Edit, error) {
		return Edit{Rename: func(string) []string { return []string{"B"} }}, nil
	})
}

type moveToB struct{}

func (moveToB) Apply(r *Rule) error {
	r.SetLogsource(Logsource{Product: "b"})
	return nil
}

// TestBaseAndPaths: rules that ship with a product and those at the paths refer
// to each other.
func TestBaseAndPaths(t *testing.T) {
	dir := t.TempDir()
	filter := "title: f\nlogsource: {}\nfilter: {rules: [shipped], sel: {B: 1}, condition: not sel}\n"
	if err := os.WriteFile(filepath.Join(dir, "f.yml"), []byte(filter), 0o600); err != nil {
		t.Fatal(err)
	}
	l := Loader{Base: fstest.MapFS{"base.yml": {Data: []byte("name: shipped\n" + plainRule)}}}
	rs, err := l.Load(dir)
	if err != nil || len(rs.Rules) != 1 || len(rs.Filters) != 1 || len(rs.Filters[0].Applied) != 1 {
		t.Errorf("got %s, %v", tell(rs), err)
	}
}

// TestManyDocuments: documents that multiply each other stay within bounds.
func TestManyDocuments(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 3000 {
		fsys[fmt.Sprintf("%04d.yml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "%s---\n"+
			"title: f\nlogsource: {}\nfilter: {rules: any, s: {B: %d}, condition: not s}\n---\n"+
			"title: c\nname: c%d\ncorrelation: {type: temporal, rules: [c%d], timespan: 1m}\n",
			plainRule, i, i, i+1)}
	}
	rs, err := LoadFS(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(rs.Rules) != 3000 || len(rs.Filters) != 3000 || len(rs.Rejected) != 3000 {
		t.Fatalf("got %d rules, %d filters, %d rejections: %v", len(rs.Rules), len(rs.Filters),
			len(rs.Rejected), rs.Rejected[:min(1, len(rs.Rejected))])
	}
	if n := len(rs.Filters[0].Applied); n != 3000 {
		t.Errorf("first filter applies to %d rules", n)
	}
	if n := len(rs.Filters[2999].Applied); n != 0 {
		t.Errorf("last filter applies to %d rules, more than a rule may have", n)
	}
}

// TestExplainNamesFilter: an explanation says which part of a rule came from
// which filter.
func TestExplainNamesFilter(t *testing.T) {
	rs := (&Loader{}).Parse("r.yml", []byte(plainRule+"---\ntitle: Backup\nlogsource: {}\n"+
		"filter: {rules: any, user: {B: 1}, condition: not user}\n"))
	p, err := Compile(rs, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev := parseEvent(t, `{"A": 1, "B": 1}`)
	var names []string
	var visit func(s *Step)
	visit = func(s *Step) {
		if s.Name != "" {
			names = append(names, fmt.Sprint(s.Name, " ", s.Line, " ", s.Holds))
		}
		for _, k := range s.Steps {
			visit(k)
		}
	}
	visit(p.Explain(rs.Rules[0], &ev).Condition)
	want := `s 3 true, filter "Backup": user 7 true`
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
