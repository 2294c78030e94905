package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// TestExplain runs testdata/explain.data: a rule file and an event as JSON
// after "=>", to the explanation of each rule: the sentence, then the tree.
func TestExplain(t *testing.T) {
	ls := logsources(t)
	datadriven.RunTest(t, "testdata/explain.data", func(t *testing.T, d *datadriven.TestData) string {
		src, events, _ := strings.Cut(d.Input, "\n=> ")
		rs := (&Loader{}).Parse("r.yml", []byte(src))
		if len(rs.Rejected) > 0 {
			d.Fatalf(t, "rejected: %v", rs.Rejected)
		}
		p, err := Compile(rs, ls)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, text := range strings.Split(events, "\n=> ") {
			ev := parseEvent(t, text)
			if d.HasArg("own") {
				ev.Product, ev.Category = "windows", "process_creation"
			}
			for _, r := range rs.Rules {
				x := p.Explain(r, &ev)
				fmt.Fprintln(&out, x.Summary)
				writeStep(&out, x.Condition, 1)
			}
		}
		return out.String()
	})
}

func writeStep(out *strings.Builder, s *Step, depth int) {
	mark := "no "
	if s.Holds {
		mark = "yes"
	}
	fmt.Fprintf(out, "%s%s %s", strings.Repeat("  ", depth), mark, s.label())
	switch {
	case s.Again:
		out.WriteString("(above)")
	case s.Test != nil:
		fmt.Fprintf(out, "%s [%s %s] %q", s.Test, s.Test.State, s.Test.Native, s.Test.Had)
	default:
		out.WriteString(string(s.Kind))
	}
	out.WriteString("\n")
	for _, k := range s.Steps {
		writeStep(out, k, depth+1)
	}
}

// TestExplainEqualsMatch: for random rules and events an explanation has the
// verdict of Match, every step follows from those below it, and it says
// something.
func TestExplainEqualsMatch(t *testing.T) {
	ls := logsources(t)
	rapid.Check(t, func(t *rapid.T) {
		g, src := newGen(t), ""
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			src += drawRule(g, i)
		}
		rs := (&Loader{}).Parse("random.yml", []byte(src))
		p, err := Compile(rs, ls)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Matcher()
		for range 4 {
			ev := drawEvent(g)
			found := map[*Rule]bool{}
			for _, r := range rulesOf(m.Match(&ev)) {
				found[r] = true
			}
			for _, r := range rs.Rules {
				x := p.Explain(r, &ev)
				if x.Match != found[r] {
					t.Fatalf("explained %v, matched %v: %+v\nevent %+v\n%s", x.Match, found[r], x, ev, src)
				}
				if why := inconsistent(x.Condition); why != "" || len(x.Summary) < 20 {
					t.Fatalf("%s: %q\n%s", why, x.Summary, src)
				}
			}
		}
	})
}

// inconsistent names a step that does not follow from those below it.
func inconsistent(s *Step) string {
	want, known := s.Holds, !s.Again
	holding := 0
	for _, k := range s.Steps {
		if why := inconsistent(k); why != "" {
			return why
		}
		if k.Holds {
			holding++
		}
	}
	switch s.Kind {
	case StepAll:
		want = holding == len(s.Steps)
	case StepAny:
		want = holding > 0
	case StepNot:
		want = holding == 0
	case StepTest:
		if known {
			want = len(s.Test.Holds) > 0
			if s.Test.All {
				want = len(s.Test.Holds) == len(s.Test.Wanted) && s.Test.More == 0
			}
		}
	}
	if known && want != s.Holds {
		return fmt.Sprintf("step %+v does not follow", s)
	}
	return ""
}

// TestExplainIsBounded: a rule with thousands of values and an event with a
// huge one are explained in few words.
func TestExplainIsBounded(t *testing.T) {
	var list strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&list, "      - value%d\n", i)
	}
	rs := (&Loader{}).Parse("r.yml", []byte("title: t\nlogsource: {product: any}\ndetection:\n  sel:\n"+
		"    A|contains:\n"+list.String()+"  condition: sel\n"))
	p, err := Compile(rs, logsources(t))
	if err != nil {
		t.Fatal(err)
	}
	huge := strings.Repeat("\x1b[2Jé", 1<<16)
	for text, want := range map[string]bool{huge: false, huge + "value3999": true} {
		ev := event.Event{Native: event.Fields{{Name: "A", Value: event.Value{Kind: event.String, Text: text}}}}
		x := p.Explain(rs.Rules[0], &ev)
		if x.Match != want {
			t.Errorf("match is %v, want %v", x.Match, want)
		}
		if test := x.Condition.Test; len(test.Wanted) > maxWanted+1 || len(test.Had[0]) > maxShown+4 {
			t.Errorf("%d wanted values, %d bytes of the event", len(test.Wanted), len(test.Had[0]))
		}
		if len(x.Summary) > 1500 {
			t.Errorf("summary has %d bytes", len(x.Summary))
		}
	}
}
