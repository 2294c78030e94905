package story

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Change says how something differs between two runs.
type Change string

// Changes. Regraded means that only the grade differs, Changed that the same
// thing is told otherwise.
const (
	Added    Change = "added"
	Gone     Change = "gone"
	Regraded Change = "regraded"
	Changed  Change = "changed"
)

// Difference is one thing that two runs of an incident tell differently.
type Difference struct {
	Change Change `json:"change"`
	What   string `json:"what"` // incident, step, edge or gap
	Host   string `json:"host,omitempty"`
	Text   string `json:"text"` // as the later run tells it, as the earlier one where it is gone
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	StepA  int    `json:"step_a,omitempty"` // number in the earlier run
	StepB  int    `json:"step_b,omitempty"`
}

// Comparison is how run B differs from run A.
type Comparison struct {
	A           string       `json:"a"` // incident uids
	B           string       `json:"b"`
	Differences []Difference `json:"differences"`
}

// Compare tells what changed from run a to run b. A step is the same where host
// and verb are and the runs share one of its events; an edge where both ends
// and the verb are; a gap where kind, host and text are.
func Compare(a, b *reconstruct.Result) *Comparison {
	c := &Comparison{A: a.Incident.UID, B: b.Incident.UID, Differences: []Difference{}}
	c.heads(&a.Incident, &b.Incident)
	c.steps(a, b)
	compareKeyed(c, edgesOf(a), edgesOf(b))
	compareKeyed(c, gapsOf(a), gapsOf(b))
	return c
}

func (c *Comparison) add(d Difference) { c.Differences = append(c.Differences, d) }

func (c *Comparison) heads(a, b *reconstruct.Incident) {
	day := func(i *reconstruct.Incident) string {
		return i.From.UTC().Format(time.RFC3339) + " to " + i.To.UTC().Format(time.RFC3339)
	}
	for _, h := range []struct{ text, a, b string }{
		{"title", a.Title, b.Title},
		{"severity", a.Severity, b.Severity},
		{"time", day(a), day(b)},
		{"hosts", strings.Join(a.Hosts, ", "), strings.Join(b.Hosts, ", ")},
		{"entries", strings.Join(a.Entries, ", "), strings.Join(b.Entries, ", ")},
	} {
		if h.a != h.b {
			c.add(Difference{
				Change: Changed, What: "incident", Text: h.text, Before: h.a, After: h.b,
			})
		}
	}
	if a.Grade != b.Grade {
		c.add(Difference{
			Change: Regraded, What: "incident", Text: "grade", Before: a.Grade, After: b.Grade,
		})
	}
}

// steps pairs the steps of both runs: first those with the same events, then
// each of b with the one of a that it shares most events with, the earlier one
// on a tie.
func (c *Comparison) steps(a, b *reconstruct.Result) {
	pair := pairSame(a.Steps, b.Steps)
	taken := map[int]bool{}
	for _, i := range pair {
		taken[i] = true
	}
	where := map[string][]int{} // steps of a by one event and what they do
	for i := range a.Steps {
		for _, id := range a.Steps[i].Events {
			where[stepKey(&a.Steps[i], id)] = append(where[stepKey(&a.Steps[i], id)], i)
		}
	}
	for k := range b.Steps {
		s := &b.Steps[k]
		i, same := pair[k]
		if !same {
			shared := map[int]int{}
			for _, id := range s.Events {
				for _, i := range where[stepKey(s, id)] {
					if !taken[i] {
						shared[i]++
					}
				}
			}
			i = most(shared)
		}
		if i >= 0 {
			taken[i] = true
			c.step(&a.Steps[i], s)
			continue
		}
		c.add(Difference{
			Change: Added, What: "step", Host: s.Host, Text: s.Sentence, After: s.Grade, StepB: s.N,
		})
	}
	for i := range a.Steps {
		if s := &a.Steps[i]; !taken[i] {
			c.add(Difference{
				Change: Gone, What: "step", Host: s.Host, Text: s.Sentence, Before: s.Grade, StepA: s.N,
			})
		}
	}
}

func stepKey(s *reconstruct.Step, id event.ID) string {
	return s.Verb + "\n" + s.Host + "\n" + id.String()
}

// pairSame pairs the steps that do the same by the same events, in order: index
// in b to index in a.
func pairSame(a, b []reconstruct.Step) map[int]int {
	key := func(s *reconstruct.Step) string { return fmt.Sprint(s.Verb, "\n", s.Host, "\n", s.Events) }
	left := map[string][]int{}
	for i := range a {
		left[key(&a[i])] = append(left[key(&a[i])], i)
	}
	out := map[int]int{}
	for k := range b {
		if list := left[key(&b[k])]; len(list) > 0 {
			out[k], left[key(&b[k])] = list[0], list[1:]
		}
	}
	return out
}

func most(count map[int]int) int {
	best := -1
	for i, n := range count {
		if best < 0 || n > count[best] || n == count[best] && i < best {
			best = i
		}
	}
	return best
}

func (c *Comparison) step(a, b *reconstruct.Step) {
	d := Difference{What: "step", Host: b.Host, Text: b.Sentence, StepA: a.N, StepB: b.N}
	if a.Grade != b.Grade {
		d.Change, d.Before, d.After = Regraded, a.Grade, b.Grade
		c.add(d)
	}
	for _, p := range [][2]string{
		{a.Sentence, b.Sentence}, {a.Technique, b.Technique}, {a.Severity, b.Severity},
	} {
		if p[0] != p[1] {
			d.Change, d.Before, d.After = Changed, p[0], p[1]
			c.add(d)
		}
	}
	if !slices.Equal(a.Events, b.Events) {
		d.Change = Changed
		d.Before = fmt.Sprintf("%d events", len(a.Events))
		d.After = fmt.Sprintf("%d events", len(b.Events))
		if d.Before == d.After {
			d.Before, d.After = refs(a.Events), refs(b.Events)
		}
		c.add(d)
	}
}

// keyed is an edge or a gap by what makes it the same in two runs.
type keyed struct{ key, what, host, text, grade string }

func edgesOf(r *reconstruct.Result) []keyed {
	labels := map[string]reconstruct.Node{}
	for _, n := range r.Graph.Nodes {
		labels[n.ID] = n
	}
	name := func(n reconstruct.Node) string { return n.Type + "|" + n.Host + "|" + n.Label }
	out := make([]keyed, 0, len(r.Graph.Edges))
	for _, e := range r.Graph.Edges {
		src, dst := labels[e.Src], labels[e.Dst]
		out = append(out, keyed{
			key: name(src) + "\n" + e.Verb + "\n" + name(dst), what: "edge",
			host: cmp.Or(dst.Host, src.Host),
			text: src.Label + " " + e.Verb + " " + dst.Label, grade: e.Grade,
		})
	}
	return out
}

func gapsOf(r *reconstruct.Result) []keyed {
	out := make([]keyed, 0, len(r.Gaps))
	for _, g := range r.Gaps {
		out = append(out, keyed{
			key: g.Kind + "\n" + g.Host + "\n" + g.Text, what: "gap", host: g.Host, text: g.Text,
		})
	}
	return out
}

// compareKeyed pairs equal keys in order; what is over on either side is added
// or gone.
func compareKeyed(c *Comparison, a, b []keyed) {
	left := map[string][]keyed{}
	for _, k := range a {
		left[k.key] = append(left[k.key], k)
	}
	for _, k := range b {
		old := left[k.key]
		if len(old) == 0 {
			c.add(Difference{
				Change: Added, What: k.what, Host: k.host, Text: k.text, After: k.grade,
			})
			continue
		}
		left[k.key] = old[1:]
		if old[0].grade != k.grade {
			c.add(Difference{
				Change: Regraded, What: k.what, Host: k.host, Text: k.text, Before: old[0].grade,
				After: k.grade,
			})
		}
	}
	for _, k := range a {
		if old := left[k.key]; len(old) > 0 {
			left[k.key] = old[1:]
			c.add(Difference{
				Change: Gone, What: k.what, Host: k.host, Text: k.text, Before: k.grade,
			})
		}
	}
}

// WriteComparison writes it for a terminal, a line a difference.
func WriteComparison(out io.Writer, c *Comparison) error {
	p := &printer{out: out}
	p.line("%s -> %s: %s", plain(c.A), plain(c.B), countOf(c.Differences))
	for _, d := range c.Differences {
		where := ""
		switch {
		case d.StepA > 0 && d.StepB > 0:
			where = fmt.Sprintf(" %d -> %d", d.StepA, d.StepB)
		case d.StepA+d.StepB > 0:
			where = fmt.Sprintf(" %d", d.StepA+d.StepB)
		}
		was := ""
		if d.Before != "" && d.After != "" {
			was = fmt.Sprintf(" [%s -> %s]", plain(d.Before), plain(d.After))
		} else if g := d.Before + d.After; g != "" {
			was = " [" + plain(g) + "]"
		}
		p.line("%-9s %s%s: %s%s", d.Change, d.What, where, plain(d.Text), was)
	}
	return p.err
}

func countOf(list []Difference) string {
	if len(list) == 0 {
		return "nothing differs"
	}
	return printable.Count(len(list), "difference")
}
