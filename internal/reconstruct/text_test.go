package reconstruct

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

const (
	clock   = "2006-01-02 15:04:05.000"
	maxRefs = 8 // event identifiers printed for one step
)

// WriteText writes the reconstruction as the tests read it: steps with their
// events, gaps where they belong. Package story writes it for people.
func (r *Result) WriteText(out io.Writer) error {
	p := &printer{out: out}
	i := &r.Incident
	p.line("%s", clean(i.Title, maxText))
	p.line("%s  %s  grade %s (weakest: step %d)  %s to %s UTC", i.UID, i.Severity, i.Grade,
		i.WeakestStep, i.From.Format(clock), i.To.Format(clock))
	p.line("%d hosts, %d of %d events, %d steps, %d actions folded, %d gaps", len(i.Hosts), i.Kept,
		i.Considered, len(r.Steps), i.Folded, len(r.Gaps))
	for _, e := range i.Entries {
		p.line("entry: %s", clean(e, maxText))
	}
	p.line("")
	p.gaps(r.Gaps, 0)
	for k := range r.Steps {
		s := &r.Steps[k]
		p.line("%3d  %s  %-12s %-13s %s", s.N, s.From.Format(clock), clean(s.Host, maxText),
			s.Grade, clean(tacticLine(s), maxText))
		p.line("     %s", clean(s.Sentence, 4*maxText))
		p.line("     why: %s", clean(s.Why, maxText))
		p.line("     events: %s", refs(s.Events))
		p.gaps(r.Gaps, s.N)
	}
	for _, h := range r.Hosts {
		p.line("host %s: %s", clean(h.Name, maxText), clean(sensorLine(h), 2*maxText))
	}
	return p.err
}

type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) gaps(gaps []Gap, after int) {
	for _, g := range gaps {
		if g.AfterStep != after {
			continue
		}
		p.line("  ?  gap: %s", clean(g.Text, 2*maxText))
		p.line("     would close it: %s", clean(g.WouldClose, maxText))
		if g.Query != "" {
			p.line("     query: %s", clean(g.Query, maxText))
		}
	}
}

// tacticLine names the tactic as ATT&CK writes it for people.
func tacticLine(s *Step) string {
	words := strings.Split(s.Tactic, "-")
	for i, word := range words {
		if word != "" && word != "and" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	tactic := strings.Join(words, " ")
	return strings.TrimSpace(strings.Join([]string{tactic, s.Technique, s.TechniqueName}, " "))
}

func refs(ids []event.ID) string {
	var parts []string
	for _, id := range ids[:min(len(ids), maxRefs)] {
		parts = append(parts, id.String())
	}
	if rest := len(ids) - maxRefs; rest > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(parts, " ")
}

func sensorLine(h Host) string {
	if len(h.Sensors) == 0 {
		return "no sensor"
	}
	s := strings.Join(h.Sensors, ", ")
	if h.OffsetMS != 0 || h.ErrorMS != 0 {
		s += fmt.Sprintf("; record clock %s ahead of header, ±%s",
			time.Duration(h.OffsetMS)*time.Millisecond, time.Duration(h.ErrorMS)*time.Millisecond)
	}
	return s
}
