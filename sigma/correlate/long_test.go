package correlate

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// longPlan is one correlation of every type over two rules, and one over their
// alerts.
func longPlan(t testing.TB) (*Plan, []*sigma.Rule) {
	rules := []*sigma.Rule{{Meta: sigma.Meta{ID: "a"}}, {Meta: sigma.Meta{ID: "b"}}}
	refs := []sigma.Reference{{Rule: rules[0]}, {Rule: rules[1]}}
	var cs []*sigma.Correlation
	for i, c := range []sigma.Correlation{
		{Type: sigma.EventCount, Bounds: []sigma.Bound{{Op: "gte", Value: 300}}},
		{Type: sigma.ValueCount, Bounds: []sigma.Bound{{Op: "gte", Value: 280}}, Fields: []string{"v"}},
		{Type: sigma.ValueSum, Bounds: []sigma.Bound{{Op: "gt", Value: 200_000}}, Fields: []string{"v"}},
		{Type: sigma.ValueMedian, Bounds: []sigma.Bound{{Op: "gt", Value: 520}}, Fields: []string{"v"}},
		{Type: sigma.TemporalOrdered},
	} {
		c.ID, c.Title = strconv.Itoa(i), strconv.Itoa(i)
		c.Rules, c.GroupBy, c.Timespan = refs, []string{"g"}, time.Minute
		cs = append(cs, &c)
	}
	cs = append(cs, &sigma.Correlation{
		Meta: sigma.Meta{ID: "above", Title: "above"}, Type: sigma.Temporal, Timespan: time.Minute,
		Rules: []sigma.Reference{{Correlation: cs[0]}, {Correlation: cs[1]}}, GroupBy: []string{"g"},
	})
	p, err := Compile(cs)
	if err != nil {
		t.Fatal(err)
	}
	return p, rules
}

// longStream is hits of a few busy groups and many others, some late.
func longStream(p *Plan, rules []*sigma.Rule, random *rand.Rand, n int) (out []Hit) {
	for i := range n {
		group := "busy-" + strconv.Itoa(random.IntN(3))
		if random.IntN(4) == 0 {
			group = strconv.Itoa(random.IntN(500))
		}
		late := time.Duration(0)
		if random.IntN(8) == 0 {
			late = time.Duration(random.IntN(20_000)) * time.Millisecond
		}
		values := map[string][]string{"g": {group}, "v": {strconv.Itoa(random.IntN(1000))}}
		h := Hit{
			Rule: rules[random.IntN(2)], ID: event.ID{Entry: uint64(1 + i/50), Leaf: uint32(i % 50)},
			Time: began.Add(time.Duration(i)*50*time.Millisecond - late),
		}
		fields, _ := p.Fields(h.Rule)
		for _, f := range fields {
			h.Values = append(h.Values, values[f])
		}
		out = append(out, h)
	}
	return out
}

// TestLong compares an engine that sees a long stream at once with one that is
// written and restored every few entries and works with other batches and
// workers: with room for everything, and without.
func TestLong(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p, rules := longPlan(t)
	stream := longStream(p, rules, random, 20_000)
	for _, cfg := range []Config{
		{Lateness: 10 * time.Second},
		{Lateness: 10 * time.Second, MaxGroups: 80, MaxHits: 4000, Behind: 64},
	} {
		once := New(p, cfg)
		want := once.Observe(stream)
		stored, e := disk{}, New(p, cfg)
		var got []Alert
		var counted Stats
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(2000))
			e.cfg.Workers, e.worth = 1+random.IntN(4), 1
			got = append(got, e.Observe(rest[:n])...)
			rest = rest[n:]
			stored.write(e.Changes())
			if random.IntN(3) > 0 {
				continue
			}
			s := e.Stats()
			s.Groups, s.Hits = 0, 0
			counted.add(&s)
			e = New(p, cfg)
			if unknown, err := e.Restore(stored.rows()); err != nil || len(unknown) > 0 {
				t.Fatal(unknown, err)
			}
		}
		s := e.Stats()
		counted.add(&s)
		if len(want) < 20 || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: %d alerts, want %d that are the same", cfg, len(got), len(want))
		}
		if counted != once.Stats() {
			t.Errorf("%+v: counted %+v, want %+v", cfg, counted, once.Stats())
		}
		if cfg.MaxHits > 0 && (counted.Evicted == 0 || counted.Hits > 6*4000) {
			t.Errorf("bounds do not hold: %+v", counted)
		}
	}
}

// TestStoreSize wants the rows that a busy group changes to be its last ones.
func TestStoreSize(t *testing.T) {
	p, rules := longPlan(t)
	random := rand.New(rand.NewPCG(1, 1))
	e := New(p, Config{Lateness: -1})
	stream := longStream(p, rules, random, 3000)
	for i := range stream {
		stream[i].Values[0], stream[i].Time = []string{"one"}, began.Add(time.Duration(i)*time.Millisecond)
	}
	e.Observe(stream[:2900])
	e.Changes()
	e.Observe(stream[2900:2910])
	for _, r := range e.Changes() {
		if c, ok := chunkOf(r.Part); ok && (c.n+2)*chunkHits < 1450 {
			t.Errorf("chunk %d of %s is written again", c.n, r.Correlation)
		}
	}
}

// TestDamage changes stored rows: a group that cannot be read is left out,
// counted and removed, the others stay.
func TestDamage(t *testing.T) {
	p, rules := longPlan(t)
	e := New(p, Config{})
	e.Observe(longStream(p, rules, rand.New(rand.NewPCG(2, 2)), 400))
	groups := e.Stats().Groups
	stored := disk{}
	stored.write(e.Changes())
	for name, r := range stored {
		body := slices.Clone(r.Body)
		for _, change := range []func() []byte{
			func() []byte { body[len(body)/2] ^= 1; return body },
			func() []byte { return r.Body[:len(r.Body)-1] },
			func() []byte { return seal([]byte{version, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}) },
			func() []byte { return seal([]byte{version + 1}) },
			func() []byte { return nil },
		} {
			changed := r
			changed.Body = change()
			stored[name] = changed
			e := New(p, Config{})
			if _, err := e.Restore(stored.rows()); err != nil {
				t.Fatal(err)
			}
			if s := e.Stats(); s.Damaged != 1 || s.Groups != groups-1 {
				t.Fatalf("%s: %+v, want 1 damaged of %d", name, s, groups)
			}
			left := disk{}
			for k, v := range stored {
				left[k] = v
			}
			left.write(e.Changes())
			if len(left) >= len(stored) {
				t.Fatalf("%s: the damaged group is still stored", name)
			}
		}
		stored[name] = r
		if len(r.Body) > 64 {
			delete(stored, name) // one lost row of a group is damage, too
			break
		}
	}
}

// TestKeys wants a key to change with what a correlation asks, not with how it
// is called.
func TestKeys(t *testing.T) {
	keyOf := func(change func(*sigma.Correlation)) string {
		p, _ := longPlan(t)
		c := p.specs[1].c
		change(c)
		p, err := Compile([]*sigma.Correlation{c})
		if err != nil {
			t.Fatal(err)
		}
		return p.specs[0].key
	}
	same := keyOf(func(*sigma.Correlation) {})
	if keyOf(func(c *sigma.Correlation) { c.Title, c.Level, c.Author = "x", "high", "y" }) != same {
		t.Error("another title makes another key")
	}
	seen := map[string]int{same: -1}
	for i, change := range []func(*sigma.Correlation){
		func(c *sigma.Correlation) { c.ID = "other" },
		func(c *sigma.Correlation) { c.Type = sigma.ValueSum },
		func(c *sigma.Correlation) { c.Timespan *= 2 },
		func(c *sigma.Correlation) { c.GroupBy = []string{"h"} },
		func(c *sigma.Correlation) { c.GroupBy = nil },
		func(c *sigma.Correlation) { c.Bounds = []sigma.Bound{{Op: "gt", Value: 280}} },
		func(c *sigma.Correlation) { c.Fields = []string{"w"} },
		func(c *sigma.Correlation) { c.Rules = c.Rules[:1] },
		func(c *sigma.Correlation) { slices.Reverse(c.Rules) },
		func(c *sigma.Correlation) { c.Aliases = map[string][]string{"g": {"x", "y"}} },
	} {
		k := keyOf(change)
		if j, twice := seen[k]; twice {
			t.Errorf("changes %d and %d give the same key", i, j)
		}
		seen[k] = i
	}
}

// TestAdopt changes the rule set in the middle of a stream: the windows of
// correlations that stay as they are go on, those of others begin anew.
func TestAdopt(t *testing.T) {
	p, rules := longPlan(t)
	stream := longStream(p, rules, rand.New(rand.NewPCG(3, 3)), 4000)
	want := describe(New(p, Config{}).Observe(stream))

	e := New(p, Config{})
	got := e.Observe(stream[:2000])
	stored := disk{}
	stored.write(e.Changes())
	changed, _ := Compile(nil)
	for _, s := range p.specs {
		c := *s.c
		if c.ID == "0" {
			c.Timespan *= 2
		}
		if c.ID != "above" {
			changed, _ = Compile(append(list(changed), &c))
		}
	}
	next := New(changed, Config{})
	dropped := next.Adopt(e)
	if len(dropped) != 2 {
		t.Errorf("dropped %q, want the changed one and the one above", dropped)
	}
	stored.write(next.Changes())
	for _, r := range stored {
		if slices.Contains(dropped, r.Correlation) {
			t.Fatalf("row of %s is still stored", r.Correlation)
		}
	}
	got = append(got, next.Observe(stream[2000:])...)
	keep := func(alerts []string) []string {
		return slices.DeleteFunc(alerts, func(a string) bool { return a[0] == '0' || a[0] == 'a' })
	}
	if all := keep(describe(got)); !slices.Equal(all, keep(want)) || len(all) == 0 {
		t.Errorf("%d alerts, want the same %d as without a change", len(all), len(want))
	}
}

func list(p *Plan) (out []*sigma.Correlation) {
	for _, s := range p.specs {
		out = append(out, s.c)
	}
	return out
}

// TestCompileRefuses wants an error, not a crash, for what no loader makes.
func TestCompileRefuses(t *testing.T) {
	circle := &sigma.Correlation{Meta: sigma.Meta{Title: "circle"}}
	circle.Rules = []sigma.Reference{{Correlation: circle}}
	for _, c := range []*sigma.Correlation{circle, {Rules: []sigma.Reference{{Name: "nobody"}}}} {
		if _, err := Compile([]*sigma.Correlation{c}); err == nil {
			t.Errorf("compiled %q", c.Title)
		}
	}
	p, _ := Compile(nil)
	if alerts := New(p, Config{}).Observe([]Hit{{Rule: &sigma.Rule{}}}); alerts != nil {
		t.Error(fmt.Sprint(alerts))
	}
}

// TestUnreachable names what can never fire, and nothing else.
func TestUnreachable(t *testing.T) {
	p, _ := longPlan(t)
	for hits, want := range map[int]int{0: 0, 8 * 300: 0, 8 * 299: 1, 8 * 100: 2} {
		if got := p.Unreachable(Config{MaxHits: hits}); len(got) != want {
			t.Errorf("with room for %d: %d can never fire, want %d", hits, len(got), want)
		}
	}
}
