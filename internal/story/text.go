package story

import (
	"fmt"
	"io"
)

// printer writes lines until one fails.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// WriteText writes the story for a terminal: steps with their events, gaps where
// they belong, nothing that a record could use to drive it.
func WriteText(out io.Writer, t *Told) error {
	p := &printer{out: out}
	i := &t.Result.Incident
	p.line("%s", plain(t.Title()))
	p.line("%s  %s  grade %s (weakest: step %d)  %s to %s UTC", plain(i.UID), plain(i.Severity),
		plain(i.Grade), i.WeakestStep, i.From.UTC().Format(clock), i.To.UTC().Format(clock))
	p.line("%d hosts, %d of %d events, %d steps, %d actions folded, %d gaps", len(i.Hosts), i.Kept,
		i.Considered, len(t.Result.Steps), i.Folded, len(t.Result.Gaps))
	for _, e := range i.Entries {
		p.line("entry: %s", plain(e))
	}
	whole, lost := t.About()
	for _, n := range whole {
		p.line("note: %s", plain(n.Says()))
	}
	p.line("")
	for _, r := range t.Rows() {
		p.row(&r)
	}
	for _, h := range t.Result.Hosts {
		p.line("host %s: %s", plain(h.Name), plain(sensorLine(h)))
	}
	for _, n := range lost {
		p.line("note on a step that this run does not have (event %s): %s", n.Event, plain(n.Says()))
	}
	return p.err
}

func (p *printer) row(r *Row) {
	switch {
	case r.Gap != nil:
		p.line("  ?  gap: %s", plain(r.Gap.Text))
		p.line("     would close it: %s", plain(r.Gap.WouldClose))
		if r.Gap.Query != "" {
			p.line("     query: %s", plain(r.Gap.Query))
		}
		return
	case r.Added != nil:
		p.line("  +  %s  %-12s %-13s", r.Added.At.UTC().Format(clock), place(r.Added.Host), assumed)
		p.line("     %s", plain(r.Added.Text))
		p.line("     why: an analyst said so")
		p.line("     events: %s", refs(r.Added.Events))
	default:
		s := r.Step
		p.line("%3d  %s  %-12s %-13s %s", s.N, s.From.UTC().Format(clock), place(s.Host), plain(s.Grade),
			tacticLine(s))
		if r.Name != "" {
			p.line("     called: %s", plain(r.Name))
		}
		p.line("     %s", plain(s.Sentence))
		p.line("     why: %s", plain(s.Why))
		if open := orderLine(s); open != "" {
			p.line("     %s", open)
		}
		p.line("     events: %s", refs(s.Events))
	}
	for _, n := range r.Notes {
		p.line("     note: %s", plain(n.Says()))
	}
}
