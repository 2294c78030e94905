package reconstruct

import (
	"io"
	"strings"
)

// markdown escapes what Markdown or the HTML inside it would read.
var markdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `&lt;`, `>`, `&gt;`,
	`|`, `\|`, `#`, `\#`, `!`, `\!`, `&`, `&amp;`, `~`, `\~`,
)

func md(s string) string { return markdown.Replace(clean(s, 4*maxText)) }

// WriteMarkdown writes the reconstruction as a Markdown document.
func (r *Result) WriteMarkdown(out io.Writer) error {
	p := &printer{out: out}
	i := &r.Incident
	p.line("# %s\n", md(i.Title))
	p.line("| | |\n|---|---|")
	p.line("| Incident | `%s` |", i.UID)
	p.line("| Time | %s to %s UTC |", i.From.Format(clock), i.To.Format(clock))
	p.line("| Severity | %s |", i.Severity)
	p.line("| Grade | %s, weakest link is step %d |", i.Grade, i.WeakestStep)
	p.line("| Hosts | %s |", md(strings.Join(i.Hosts, ", ")))
	p.line("| Entry | %s |", md(strings.Join(i.Entries, "; ")))
	p.line("| Events | %d of %d considered, %d actions folded |\n", i.Kept, i.Considered, i.Folded)
	p.line("## Steps\n")
	for k := range r.Steps {
		s := &r.Steps[k]
		p.line("%d. **%s** %s · %s · %s  ", s.N, s.From.Format(clock), md(s.Host), md(tacticLine(s)), s.Grade)
		p.line("   %s  ", md(s.Sentence))
		p.line("   Why: %s. Events: %s", md(s.Why), refs(s.Events))
	}
	p.line("\n## What is not known\n")
	if len(r.Gaps) == 0 {
		p.line("No gap was found in the records considered.")
	}
	for _, g := range r.Gaps {
		p.line("- After step %d: %s Would be closed by: %s.", g.AfterStep, md(g.Text), md(g.WouldClose))
		if g.Query != "" {
			p.line("  Query: %s", md(g.Query))
		}
	}
	p.line("\n## Hosts\n")
	for _, h := range r.Hosts {
		p.line("- %s: %s", md(h.Name), md(sensorLine(h)))
	}
	return p.err
}
