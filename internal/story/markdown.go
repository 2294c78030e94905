package story

import (
	"io"
	"strings"
)

// markdown escapes what Markdown, its table and link extensions, or the HTML
// inside it would read. An address is not made a link: whoever wrote the record
// chose where it leads.
var markdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `&lt;`, `>`, `&gt;`,
	`|`, `\|`, `#`, `\#`, `!`, `\!`, `&`, `&amp;`, `~`, `\~`, `$`, `\$`, `@`, `\@`,
	`://`, `:\//`, `www.`, `www\.`, `WWW.`, `WWW\.`,
)

func md(s string) string { return markdown.Replace(plain(s)) }

// WriteMarkdown writes the story as a Markdown document.
func WriteMarkdown(out io.Writer, t *Told) error {
	p := &printer{out: out}
	i := &t.Result.Incident
	p.line("# %s\n", md(t.Title()))
	p.line("| | |\n|---|---|")
	p.line("| Incident | %s |", md(i.UID))
	p.line("| Time | %s to %s UTC |", i.From.UTC().Format(clock), i.To.UTC().Format(clock))
	p.line("| Severity | %s |", md(i.Severity))
	p.line("| Grade | %s, weakest link is step %d |", md(i.Grade), i.WeakestStep)
	p.line("| Hosts | %s |", md(strings.Join(i.Hosts, ", ")))
	p.line("| Entry | %s |", md(strings.Join(i.Entries, "; ")))
	p.line("| Events | %d of %d considered, %d actions folded |\n", i.Kept, i.Considered, i.Folded)
	whole, lost := t.About()
	for _, n := range whole {
		p.line("> Note: %s\n", md(n.Says()))
	}
	p.line("## Steps\n")
	for _, r := range t.Rows() {
		p.markdownRow(&r)
	}
	if len(t.Result.Gaps) == 0 {
		p.line("\nNo gap was found in the records considered.")
	}
	for _, n := range lost {
		p.line("\n> Note on a step that this run does not have (event %s): %s", n.Event, md(n.Says()))
	}
	p.line("\n## Grades\n")
	for _, g := range grades {
		p.line("- %s: %s", g, Meaning(g))
	}
	p.line("\n## Hosts\n")
	for _, h := range t.Result.Hosts {
		p.line("- %s: %s", md(h.Name), md(sensorLine(h)))
	}
	return p.err
}

func (p *printer) markdownRow(r *Row) {
	switch {
	case r.Gap != nil:
		p.line("- **Not known** %s  ", md(gapTime(r.Gap)+hostPart(r.Gap.Host)))
		p.line("  %s Would be closed by: %s.", md(r.Gap.Text), md(r.Gap.WouldClose))
		if r.Gap.Query != "" {
			p.line("  Query: %s", md(r.Gap.Query))
		}
		return
	case r.Added != nil:
		p.line("- **Added** %s %s · %s  ", r.Added.At.UTC().Format(clock), md(place(r.Added.Host)),
			assumed)
		p.line("  %s  ", md(r.Added.Text))
		p.line("  Why: an analyst said so. Events: %s", refs(r.Added.Events))
	default:
		s := r.Step
		p.line("- **%d** %s %s · %s · %s%s  ", s.N, s.From.UTC().Format(clock), md(place(s.Host)),
			md(tacticLine(s)), md(s.Grade+verdictPart(r)))
		if r.Name != "" {
			p.line("  *%s*  ", md(r.Name))
		}
		p.line("  %s  ", md(s.Sentence))
		if open := orderLine(s); open != "" {
			p.line("  %s  ", md(open))
		}
		p.line("  Why: %s. Events: %s", md(s.Why), refs(s.Events))
	}
	for _, n := range r.Notes {
		p.line("  > %s", md(n.Says()))
	}
}

func hostPart(host string) string {
	if host == "" {
		return ""
	}
	return " on " + host
}

func verdictPart(r *Row) string {
	s := ""
	if w := r.verdictWord(); w != "" {
		s = " · " + w
	}
	if r.Pinned {
		s += " · pinned"
	}
	return s
}
