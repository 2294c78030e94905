package correlate

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// script runs one file of testdata: correlations, events, alerts.
type script struct {
	plan   *Plan
	rules  map[string]*sigma.Rule
	cfg    Config
	engine *Engine
	stored disk
	next   uint64 // event
}

// TestConformance runs testdata/*.txt. Commands:
//
//	correlate rules=(a,b) [lateness=10s] [behind=n] [groups=n] [hits=n] [evidence=n] [idle=1h]
//	    correlation documents over rules of those names; prints what was refused
//	events
//	    TIME RULE[+RULE] field=value field=[v,v] [arrival=TIME]: one event a line, numbered on;
//	    prints the alerts: end of the window, title, group, figure, events
//	restart
//	    writes the state, makes a new engine and restores it
//	stats
//	    prints what was counted, but for zeros
func TestConformance(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "fuzz") {
			return
		}
		var s script
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "correlate":
				return s.correlate(t, d)
			case "events":
				return s.events(t, d.Input)
			case "restart":
				s.stored.write(s.engine.Changes())
				s.engine = New(s.plan, s.cfg)
				unknown, err := s.engine.Restore(s.stored.rows())
				if err != nil || len(unknown) > 0 {
					t.Fatal(unknown, err)
				}
				return ""
			case "stats":
				return s.stats()
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

// ruleText is a document for a rule that events name themselves.
const ruleText = `
title: %[1]s
name: %[1]s
status: test
logsource: {product: test}
detection: {sel: {EventID: 1}, condition: sel}
`

func (s *script) correlate(t *testing.T, d *datadriven.TestData) string {
	s.cfg, s.next, s.rules, s.stored = Config{}, 0, map[string]*sigma.Rule{}, disk{}
	text := d.Input
	for _, arg := range d.CmdArgs {
		if arg.Key == "rules" {
			for _, name := range arg.Vals {
				text += "\n---" + fmt.Sprintf(ruleText, name)
			}
			continue
		}
		s.configure(t, arg)
	}
	set := new(sigma.Loader).Parse("test.yml", []byte(text))
	for _, r := range set.Rules {
		s.rules[r.Name] = r
	}
	var out strings.Builder
	for _, r := range set.Rejected {
		fmt.Fprintf(&out, "line %d: %s\n", r.Line, r.Reason)
	}
	var err error
	if s.plan, err = Compile(set.Correlations); err != nil {
		return err.Error()
	}
	s.engine = New(s.plan, s.cfg)
	return out.String()
}

func (s *script) configure(t *testing.T, arg datadriven.CmdArg) {
	numbers := map[string]*int{
		"behind": &s.cfg.Behind, "groups": &s.cfg.MaxGroups, "hits": &s.cfg.MaxHits,
		"evidence": &s.cfg.MaxEvidence,
	}
	times := map[string]*time.Duration{"lateness": &s.cfg.Lateness, "idle": &s.cfg.Idle}
	var err error
	switch {
	case numbers[arg.Key] != nil:
		_, err = fmt.Sscan(arg.Vals[0], numbers[arg.Key])
	case times[arg.Key] != nil:
		*times[arg.Key], err = time.ParseDuration(arg.Vals[0])
	default:
		t.Fatalf("unknown argument %s", arg.Key)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// clock reads "15:04:05", "15:04:05.5" or with a day of November before it:
// "19/15:04:05".
func clock(t *testing.T, text string) time.Time {
	if !strings.Contains(text, "/") {
		text = "18/" + text
	}
	at, err := time.Parse("2006-01-_2/15:04:05", "2026-11-"+text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (s *script) events(t *testing.T, input string) string {
	var out strings.Builder
	for line := range strings.Lines(input) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		s.next++
		arrival, values := time.Time{}, map[string][]string{}
		for _, w := range words[2:] {
			field, value, _ := strings.Cut(w, "=")
			if field == "arrival" {
				arrival = clock(t, value)
			} else if list, ok := strings.CutPrefix(value, "["); ok {
				values[field] = strings.Split(strings.TrimSuffix(list, "]"), ",")
			} else {
				values[field] = []string{value}
			}
		}
		var hits []Hit
		for name := range strings.SplitSeq(words[1], "+") {
			if s.rules[name] == nil {
				t.Fatalf("no rule %q", name)
			}
			h := Hit{
				Rule: s.rules[name], ID: event.ID{Entry: s.next}, Time: clock(t, words[0]), Received: arrival,
			}
			fields, _ := s.plan.Fields(h.Rule)
			for _, f := range fields {
				h.Values = append(h.Values, values[f])
			}
			hits = append(hits, h)
		}
		for _, a := range s.engine.Observe(hits) {
			out.WriteString(alertLine(&a))
		}
	}
	if out.Len() == 0 {
		return "none\n"
	}
	return out.String()
}

// alertLine shows an alert.
func alertLine(a *Alert) string {
	var ids []string
	for _, e := range a.Events {
		ids = append(ids, fmt.Sprint(e.ID.Entry))
	}
	line := fmt.Sprintf("%s %s", a.To.Format("15:04:05.999"), a.Correlation.Title)
	if a.Group != nil {
		line += fmt.Sprintf(" (%s)", strings.Join(a.Group, ", "))
	}
	line += fmt.Sprintf(": %v by events %s", a.Value, strings.Join(ids, " "))
	if a.Total != len(a.Events) {
		line += fmt.Sprintf(" of %d", a.Total)
	}
	if a.By != a.ID {
		line += fmt.Sprintf(", on arrival of %d", a.By.Entry)
	}
	return line + "\n"
}

func (s *script) stats() string {
	var out []string
	v := reflect.ValueOf(s.engine.Stats())
	for i := range v.NumField() {
		if n := v.Field(i).Int(); n != 0 {
			out = append(out, fmt.Sprintf("%s %d", strings.ToLower(v.Type().Field(i).Name), n))
		}
	}
	return strings.Join(out, ", ") + "\n"
}
