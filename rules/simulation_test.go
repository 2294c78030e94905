package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/simulate"
)

// place names a record of the simulation as its answer key does.
type place struct {
	file   string
	record int
}

// verdict is what the pack says about the simulation.
type verdict struct {
	at    map[place][]string // rules by record
	hits  map[string]int     // records by rule
	level map[string]string  // of a rule
}

// buffers collects written files in memory.
type buffers map[string]*bytes.Buffer

type buffer struct{ *bytes.Buffer }

func (buffer) Close() error { return nil }

func (b buffers) create(name string) (io.WriteCloser, error) {
	b[name] = &bytes.Buffer{}
	return buffer{b[name]}, nil
}

// lines splits a log into records and header lines as the answer key counts
// them: an audit event of several lines is one record, a # line is none.
func lines(name, text string) (records []string, schema string) {
	serial := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(name, "zeek/") && strings.HasPrefix(line, "#"):
			schema += line + "\n"
		case strings.HasSuffix(name, "audit.log"):
			_, id, _ := strings.Cut(line, "msg=audit(")
			id, _, _ = strings.Cut(id, ")")
			if id == serial && id != "" {
				records[len(records)-1] += "\n" + line
				continue
			}
			serial = id
			records = append(records, line)
		default:
			records = append(records, line)
		}
	}
	return records, schema
}

func format(name string) event.Format {
	switch {
	case strings.HasPrefix(name, "zeek/"):
		return event.FormatZeek
	case strings.HasSuffix(name, "audit.log"):
		return event.FormatAuditd
	case strings.HasSuffix(name, ".log"):
		return event.FormatSyslog
	}
	return event.FormatJSON
}

// judge runs the pack over every file.
func (p *pack) judge(t *testing.T, files buffers, end simulate.Config) *verdict {
	t.Helper()
	v := &verdict{at: map[place][]string{}, hits: map[string]int{}, level: map[string]string{}}
	for _, r := range p.set.Rules {
		v.level[name(r)] = r.Level
	}
	m := p.plan.Matcher()
	for file, data := range files {
		if file == simulate.KeyFile {
			continue
		}
		records, schema := lines(file, data.String())
		e := &event.Entry{
			Seq: 1, Source: file, Format: format(file), Schema: schema,
			Received: end.Start.AddDate(0, 0, end.Days),
		}
		for i, r := range records {
			e.Records = append(e.Records, event.Record{Raw: []byte(r), Position: int64(i + 1)})
		}
		for i, ev := range p.normalizer.Entry(e) {
			if ev.Problem != "" {
				t.Fatalf("%s record %d: %s", file, i+1, ev.Problem)
			}
			for _, match := range m.Match(&ev) {
				at := place{file, i + 1}
				v.at[at] = append(v.at[at], name(match.Rule))
				v.hits[name(match.Rule)]++
			}
		}
	}
	return v
}

// on returns the rules that hold on a trace's records.
func (v *verdict) on(trace *simulate.Trace) []string {
	var out []string
	for _, ref := range trace.Events {
		out = append(out, v.at[place{ref.File, ref.Record}]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// serious says whether the rule is of level medium or above.
func (v *verdict) serious(rule string) bool {
	return v.level[rule] == "medium" || v.level[rule] == "high" || v.level[rule] == "critical"
}

// falsePositives counts findings of serious rules outside of the incidents: on the
// look-alikes of the key, and on records that are in no part of it.
func (v *verdict) falsePositives(key *simulate.Key) (alike, plain map[string]int) {
	hostile, odd := map[place]bool{}, map[place]bool{}
	for _, in := range key.Incidents {
		for _, s := range in.Steps {
			for _, ref := range s.Events {
				hostile[place{ref.File, ref.Record}] = true
			}
		}
	}
	for _, l := range key.Lookalikes {
		for _, ref := range l.Events {
			odd[place{ref.File, ref.Record}] = true
		}
	}
	alike, plain = map[string]int{}, map[string]int{}
	for at, found := range v.at {
		for _, rule := range found {
			switch {
			case hostile[at] || !v.serious(rule):
			case odd[at]:
				alike[rule]++
			default:
				plain[rule]++
			}
		}
	}
	return alike, plain
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// TestSimulation runs the pack over the simulated organisation. The bounds are
// about detection, not about names: TestRulesAreGeneral forbids those.
func TestSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates five days")
	}
	p := load(t)
	for _, seed := range []uint64{1, 20261122} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { p.simulate(t, seed) })
	}
}

func (p *pack) simulate(t *testing.T, seed uint64) {
	s, err := simulate.New(simulate.Config{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	files := buffers{}
	key, err := s.Write(context.Background(), files.create, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := p.judge(t, files, s.Config())
	v.report(t, p, key)
	main := key.Incidents[0]
	missed := 0
	for _, step := range main.Steps {
		if v.on(&step.Trace) == nil {
			missed++
		}
	}
	if missed*5 > len(main.Steps) {
		t.Errorf("%d of %d steps of the main incident have no finding", missed, len(main.Steps))
	}
	for _, in := range key.Incidents {
		if !slices.ContainsFunc(in.Steps, func(s *simulate.Step) bool {
			return slices.ContainsFunc(v.on(&s.Trace), v.serious)
		}) {
			t.Errorf("incident %s has no serious finding", in.Name)
		}
	}
	alike, plain := v.falsePositives(key)
	if total(alike)+total(plain) > 60 || total(plain) > 10 {
		t.Errorf("serious findings outside of incidents: look-alikes %v, others %v", alike, plain)
	}
}

// report logs hits by rule and rules by step.
func (v *verdict) report(t *testing.T, p *pack, key *simulate.Key) {
	for _, r := range p.set.Rules {
		t.Logf("%-42s %-7s %4d", name(r), r.Level, v.hits[name(r)])
	}
	for _, in := range key.Incidents {
		t.Logf("%s", in.Name)
		for _, step := range in.Steps {
			t.Logf("  %2d %-10s %v", step.N, step.Technique, v.on(&step.Trace))
		}
	}
	alike, plain := v.falsePositives(key)
	t.Logf("serious findings on look-alikes: %d %v", total(alike), alike)
	t.Logf("serious findings on other records: %d %v", total(plain), plain)
}
