package posture

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/evident-sec/evident/examples/harbor"
	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// today is the day that the example is written for.
var today = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func example(t *testing.T) *Keeper {
	t.Helper()
	reg, err := harbor.Register()
	if err != nil {
		t.Fatal(err)
	}
	proposals, err := harbor.Proposals()
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(Config{Register: reg, Proposals: proposals, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// views are all answers there are at a depth.
func views(t *testing.T, k *Keeper, depth Depth) map[string]any {
	t.Helper()
	seen := exposure.Seen{Techniques: map[string]int{"T1078": 1}}
	out := map[string]any{
		"standing": k.Standing(depth), "overview": k.Overview(depth), "map": k.Map(exposure.MostLikely, depth),
		"paths": k.Paths(exposure.LeastSeen, 0, 1000, depth), "chokes": k.Chokes(12, depth),
		"combined": k.Combined(depth), "checks": k.Checks(depth), "gaps": k.Gaps(seen, depth),
	}
	reviews, err := k.Reviews(depth)
	if err != nil {
		t.Fatal(err)
	}
	out["reviews"] = reviews
	for _, r := range reviews.Reviews {
		review, err := k.Review(r.ID, depth)
		if err != nil {
			t.Fatal(err)
		}
		vendors, err := k.Vendors(r.ID, depth)
		if err != nil {
			t.Fatal(err)
		}
		out["review "+r.ID], out["vendors "+r.ID] = review, vendors
	}
	return out
}

// texts collects every text of a value with the key it stands under.
func texts(v any, key string, into func(key, text string)) {
	switch v := v.(type) {
	case string:
		into(key, v)
	case []any:
		for _, e := range v {
			texts(e, key, into)
		}
	case map[string]any:
		for k, e := range v {
			texts(e, k, into)
			into("a key of "+key, k)
		}
	}
}

func decoded(t *testing.T, v any) any {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCountsNameNothingBetween holds every view at Counts against the whole
// register: what would help an adversary to find the way must not be in it.
func TestCountsNameNothingBetween(t *testing.T) {
	k := example(t)
	hidden := map[string]string{}
	for _, r := range []*register.Register{k.good.reg, nextOf(t, k, "gap-consultant")} {
		for _, it := range r.Items() {
			switch it.Kind {
			case "systems", "flows", "access", "roles", "fleets", "controls", "knowledge", "zones", "identity_providers", "units":
				hidden[it.Entity.ID], hidden[it.Entity.Name] = it.Kind, it.Kind
			}
		}
	}
	// What is also the name of something that may be told, or a common word.
	for _, it := range k.good.reg.Items() {
		if it.Kind == "holdings" || it.Kind == "vendors" || it.Kind == "technologies" {
			delete(hidden, it.Entity.ID)
			delete(hidden, it.Entity.Name)
		}
	}
	delete(hidden, "")
	// Words of the format, which some entries of the example are called too.
	words := []string{"kind", "kinds", "categories", "dimensions"}
	for where, v := range views(t, k, Counts) {
		texts(decoded(t, v), where, func(key, text string) {
			if kind, bad := hidden[text]; bad && !slices.Contains(words, key) {
				t.Errorf("%s: %s tells %q, one of the %s", where, key, text, kind)
			}
			if key == "file" || key == "steps" || strings.Contains(text, ".yaml") {
				t.Errorf("%s: %s tells %q", where, key, text)
			}
		})
	}
	found := 0
	for where, v := range views(t, k, Detail) {
		texts(decoded(t, v), where, func(key, text string) {
			if _, is := hidden[text]; is || key == "file" {
				found++
			}
		})
	}
	if found < 1000 {
		t.Errorf("at Detail only %d texts are what Counts hides: the test does not look at what matters", found)
	}
}

func nextOf(t *testing.T, k *Keeper, proposal string) *register.Register {
	t.Helper()
	r, err := k.reviewed(k.good, proposal)
	if err != nil {
		t.Fatal(err)
	}
	return r.in.Next
}

// TestViewsAgree: the same facts counted two ways.
func TestViewsAgree(t *testing.T) {
	k := example(t)
	for _, depth := range []Depth{Counts, Detail} {
		o, p, c, m := k.Overview(depth), k.Paths(exposure.MostLikely, 0, 5000, depth), k.Chokes(12, depth), k.Map(exposure.MostLikely, depth)
		n := len(o.Holdings)
		if got := total(o.Bands); got != n || n != len(k.good.reg.Holdings) {
			t.Errorf("%d holdings are in bands, %d in the list, %d in the register", got, n, len(k.good.reg.Holdings))
		}
		pairs := 0
		for _, row := range p.Paths {
			pairs += row.Count
		}
		if pairs != p.Connected || p.Of-o.Pairs.Out != pairs || total(o.Pairs) != p.Of {
			t.Errorf("%d pairs in rows, %d connected of %d, bands %+v", pairs, p.Connected, p.Of, o.Pairs)
		}
		inZones := 0
		for _, z := range m.Zones {
			inZones += z.Holdings
		}
		if inZones != n {
			t.Errorf("%d holdings stand in zones, want %d", inZones, n)
		}
		for i, opt := range c.Options {
			if total(opt.After) != total(c.Before) || opt.After.Out-c.Before.Out != opt.Shut || opt.Harder < opt.Shut {
				t.Errorf("control %d: before %+v, after %+v, harder %d, shut %d", i, c.Before, opt.After, opt.Harder, opt.Shut)
			}
		}
		if c.Choice == nil || c.Choice.Count == 0 || len(c.Choice.Holdings) == 0 {
			t.Errorf("the choice is %+v", c.Choice)
		}
	}
}

func total(b Bands) int { return b.Likely + b.Possible + b.Unlikely + b.Remote + b.Out }

// TestMapHoldsEveryPath: each move of each best path is a link between nodes.
func TestMapHoldsEveryPath(t *testing.T) {
	k := example(t)
	m := k.Map(exposure.MostLikely, Detail)
	nodes, links := map[string]bool{}, map[[2]string]bool{}
	for _, n := range m.Nodes {
		nodes[n.ID] = true
	}
	for _, l := range m.Links {
		links[[2]string{l.From, l.To}] = true
		if !nodes[l.From] || !nodes[l.To] {
			t.Errorf("link %s to %s has an end that is no node", l.From, l.To)
		}
	}
	for _, row := range k.Paths(exposure.MostLikely, 0, 5000, Detail).Paths {
		w, err := k.Ways(row.From, row.To, exposure.MostLikely, 1)
		if err != nil || len(w.Paths) != 1 {
			t.Fatalf("%s to %s: %v", row.From, row.To, err)
		}
		p := w.Paths[0]
		if p.Band != row.Band || p.Days != row.Days {
			t.Errorf("%s to %s is %s, %g d in the list and %s, %g d alone", row.From, row.To, row.Band, row.Days, p.Band, p.Days)
		}
		for _, s := range p.Steps {
			if w.Labels[s.From] == "" || w.Labels[s.Because] == "" {
				t.Errorf("%s to %s: %s has no label", row.From, row.To, s.From)
			}
		}
	}
}

// TestReviewsAreThoseOfTheCommand: the page says what the golden reports say.
func TestReviewsAreThoseOfTheCommand(t *testing.T) {
	k := example(t)
	list, err := k.Reviews(Detail)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"gap-consultant": "refer", "location-feed": "deny", "biometric-app": "pass-with-conditions"}
	for _, r := range list.Reviews {
		if string(r.Result) != want[r.ID] {
			t.Errorf("%s is %q, want %q", r.ID, r.Result, want[r.ID])
		}
		if r.Met.New != 0 || r.Met.Cheaper != 0 {
			t.Errorf("%s: with all conditions met %d ways are new and %d easier", r.ID, r.Met.New, r.Met.Cheaper)
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", slices.Collect(maps.Keys(want)))
	}
	full, err := k.Review("gap-consultant", Detail)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]int{}
	for _, d := range full.Diff {
		changes[d.Change]++
		if d.Change == "replaced" && !slices.ContainsFunc(d.Fields, func(f FieldDiff) bool { return !f.Same }) {
			t.Errorf("%s is replaced and no field differs", d.ID)
		}
	}
	if changes["added"] != full.Added || changes["replaced"] != full.Replaced {
		t.Errorf("the difference has %v, the summary %d added, %d replaced", changes, full.Added, full.Replaced)
	}
	if _, err := k.Review("../register", Detail); err == nil {
		t.Error("a folder outside was reviewed")
	}
}

const small = `version: 1
zones: [{id: net, level: 2}]
systems: [{id: web, zone: net, exposed: true}, {id: db, zone: net}]
holdings: [{id: people, system: db, categories: [identity], records: 10}]
`

// TestKeeperFollowsTheFiles: new files are taken, broken ones leave the last
// good register, the day turns.
func TestKeeperFollowsTheFiles(t *testing.T) {
	now := today
	files := fstest.MapFS{"a.yaml": {Data: []byte(small), ModTime: now}}
	write := func(text string) {
		now = now.Add(2 * time.Second)
		files["a.yaml"] = &fstest.MapFile{Data: []byte(text), ModTime: now}
	}
	k, err := Open(Config{Register: files, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	first := k.Standing(Detail)
	if first.State != "sound" || first.Systems != 2 {
		t.Fatalf("the register is %+v", first)
	}
	if again := k.Standing(Detail); again != first {
		t.Errorf("nothing changed, but %+v became %+v", first, again)
	}
	write(strings.Replace(small, "{id: db,", "{id: app, zone: net}, {id: db,", 1))
	second := k.Standing(Detail)
	if second.Systems != 3 || second.Register == first.Register {
		t.Errorf("after a change: %+v", second)
	}
	write(strings.Replace(small, "system: db", "system: dbb", 1))
	bad := k.Standing(Detail)
	if bad.State != "broken" || bad.Register != second.Register || !strings.Contains(bad.Broken.Text, "a.yaml:4") {
		t.Errorf("after a mistake: %+v %+v", bad, bad.Broken)
	}
	if counts := k.Standing(Counts); counts.Broken.Text != "" || counts.Broken.Problems != 1 {
		t.Errorf("counts tell %+v", counts.Broken)
	}
	since := bad.Broken.Since
	write("version: 1\nsystems: [")
	if worse := k.Standing(Detail); !worse.Broken.Since.Equal(since) || worse.Register != second.Register {
		t.Errorf("after another mistake: %+v", worse.Broken)
	}
	write(small)
	if healed := k.Standing(Detail); healed.State != "sound" || healed.Register != first.Register {
		t.Errorf("after the repair: %+v", healed)
	}
	now = now.Add(24 * time.Hour)
	if next := k.Standing(Detail); next.Day == first.Day || next.Register != first.Register {
		t.Errorf("the next day: %+v", next)
	}
	delete(files, "a.yaml")
	now = now.Add(time.Minute)
	if gone := k.Standing(Detail); gone.State != "broken" || gone.Register != first.Register {
		t.Errorf("without files: %+v", gone)
	}
}

func TestOpenRefusesWhatIsBroken(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"version: 1\nsystems: [{id: a, zone: b}]", "a.yaml:2"},
		{"systems: 7", "a.yaml:1"},
	} {
		_, err := Open(Config{Register: fstest.MapFS{"a.yaml": {Data: []byte(c.text)}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := Open(Config{Register: fstest.MapFS{}}); err == nil {
		t.Error("an empty folder was opened")
	}
}

// TestBrokenProposalStandsInTheList: one folder that cannot be read hides no
// other.
func TestBrokenProposalStandsInTheList(t *testing.T) {
	reg, _ := harbor.Register()
	good, _ := harbor.Proposals()
	text, err := fs.ReadFile(good, "biometric-app/change.yaml")
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(Config{Register: reg, Proposals: fstest.MapFS{
		"broken/change.yaml": {Data: []byte("version: 1\nflows: [{id: f, from: nowhere, to: wiki}]")},
		"good/change.yaml":   {Data: text},
		"notes.txt":          {Data: []byte("no folder")},
	}, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	for depth, want := range map[Depth]string{Detail: "change.yaml:2", Counts: "cannot be read"} {
		list, err := k.Reviews(depth)
		if err != nil || len(list.Reviews) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		i := slices.IndexFunc(list.Reviews, func(r ReviewSummary) bool { return r.ID == "broken" })
		if i < 0 || list.Reviews[i].Result != "" || !strings.Contains(list.Reviews[i].Problem, want) {
			t.Errorf("the list is %+v, want a problem with %s", list.Reviews, want)
		}
	}
}

func TestTierOfARingEnds(t *testing.T) {
	r, problems := register.Parse("a.yaml", []byte(
		"version: 1\nvendors: [{id: a, sub_of: [b]}, {id: b, sub_of: [a]}, {id: c}, {id: d, sub_of: [c]}]"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, v := range r.Vendors {
		got = append(got, fmt.Sprint(v.ID, tier(r, v.ID)))
	}
	if want := []string{"a1", "b1", "c0", "d1"}; !slices.Equal(got, want) {
		t.Errorf("tiers are %v, want %v", got, want)
	}
}
