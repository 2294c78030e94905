package review

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the report for the meeting.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Review: %s\n\n**%s.** %s\n\n", cell(orProposal(r.Proposal.Name)), title(r.Result), cell(r.Sentence))
	if r.Proposal.Summary != "" {
		fmt.Fprintf(&b, "%s\n\n", cell(r.Proposal.Summary))
	}
	fmt.Fprintf(&b, "Proposal `%s` (%s), judged on %s. Adds %d entries, changes %d, removes %d.\n\n",
		r.Proposal.ID, r.Proposal.Kind, r.Day, len(r.Proposal.Added), len(r.Proposal.Replaced), len(r.Proposal.Removed))
	r.markdownReasons(&b)
	r.markdownConditions(&b)
	markdownPaths(&b, "New ways to holdings", r.NewPaths)
	markdownPaths(&b, "Easier ways", r.CheaperPaths)
	if len(r.Blast.Holdings) > 0 {
		fmt.Fprintf(&b, "Behind these ways are %d records in %s.", r.Blast.Records, cell(strings.Join(r.Blast.Holdings, ", ")))
		if len(r.Blast.ForLife) > 0 {
			fmt.Fprintf(&b, " What is lost for life: %v.", r.Blast.ForLife)
		}
		b.WriteString("\n\n")
	}
	r.markdownFlags(&b)
	r.markdownKnowers(&b)
	r.markdownAlternatives(&b)
	fmt.Fprintf(&b, "## Made from\n\n| input | value |\n|---|---|\n| register before | `%s` |\n| register after | `%s` |\n"+
		"| checks as of | %s |\n| bulk data rule as of | %s |\n| engine | %s |\n\n%s\n",
		r.Inputs.Base, r.Inputs.Next, r.Inputs.Checks, r.Inputs.Bulk, r.Inputs.Engine, limits)
	_, err := io.WriteString(w, b.String())
	return err
}

// limits is what every report says of itself.
const limits = "This report compares what the register says. Bands are an order, not a chance: they say which way is easier, " +
	"not that it will be taken. What the register does not hold, it cannot judge. Whether a rule binds the " +
	"organisation is a question for counsel."

// title is the result in words.
func title(r Result) string {
	return map[Result]string{
		Pass: "Pass", PassConditions: "Pass with conditions", Refer: "Refer", Deny: "Deny",
	}[r]
}

// cell makes a text safe inside Markdown: the register's words are not trusted.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "`", "'",
		"[", "\\[", "]", "\\]").Replace(s)
}

func (r *Report) markdownReasons(b *strings.Builder) {
	if len(r.Reasons) == 0 {
		return
	}
	b.WriteString("## Why\n\n")
	for _, s := range r.Reasons {
		fmt.Fprintf(b, "- %s\n", cell(s))
	}
	b.WriteByte('\n')
}

func (r *Report) markdownConditions(b *strings.Builder) {
	if len(r.Conditions) == 0 {
		return
	}
	b.WriteString("## Conditions\n\n| condition | because | where |\n|---|---|---|\n")
	for _, c := range r.Conditions {
		fmt.Fprintf(b, "| %s | %s | %s:%d |\n", cell(c.Text), cell(c.Why), cell(c.File), c.Line)
	}
	if n := r.WithConditions.WorsePairs; n > 0 {
		fmt.Fprintf(b, "\nWith all of them %d pairs stay worse than before.\n\n", n)
	} else {
		b.WriteString("\nWith the changes to the proposal no way is easier than before.\n\n")
	}
}

func markdownPaths(b *strings.Builder, head string, list []PathChange) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n| from | to | before | after | effort | moves |\n|---|---|---|---|---|---|\n", head)
	for _, p := range list {
		before := string(p.Before)
		if before == "" {
			before = "out of reach"
		}
		var moves []string
		for _, s := range p.Steps {
			mark := ""
			if s.New {
				mark = " **(new)**"
			}
			moves = append(moves, fmt.Sprintf("%s → %s%s", cell(s.Rule), cell(s.To), mark))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %g d | %s |\n", cell(p.Foothold), cell(p.Holding), before, p.After,
			p.Days, strings.Join(moves, ", "))
	}
	b.WriteByte('\n')
}

func (r *Report) markdownFlags(b *strings.Builder) {
	if len(r.Flags) > 0 {
		b.WriteString("## New findings\n\n| severity | finding | standard | where |\n|---|---|---|---|\n")
		for _, f := range r.Flags {
			fmt.Fprintf(b, "| %s | %s: %s | %s | %s:%d |\n", f.Severity, cell(f.Entity), cell(f.Text), f.Standard,
				cell(f.File), f.Line)
		}
		b.WriteByte('\n')
	}
	if len(r.Combinations) > 0 {
		b.WriteString("## Data that can be joined\n\n| who | holdings | by | touches | flags |\n|---|---|---|---|---|\n")
		for _, m := range r.Combinations {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", cell(m.Collector), cell(strings.Join(m.Holdings, ", ")),
				cell(strings.Join(m.Keys, ", ")), strings.Join(m.Dimensions, ", "), cell(strings.Join(m.Flags, "; ")))
		}
		b.WriteByte('\n')
	}
}

func (r *Report) markdownKnowers(b *strings.Builder) {
	if len(r.Knowers) == 0 {
		return
	}
	b.WriteString("## Newly known outside\n\n| who | learns | of | from | tier |\n|---|---|---|---|---|\n")
	for _, k := range r.Knowers {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %d |\n", cell(k.Party), k.Kind, cell(k.About), cell(k.From), k.Tier)
	}
	b.WriteByte('\n')
}

func (r *Report) markdownAlternatives(b *strings.Builder) {
	if len(r.Alternatives) == 0 {
		return
	}
	b.WriteString("## Alternatives\n\n")
	for _, a := range r.Alternatives {
		switch {
		case a.Worse < 0:
			fmt.Fprintf(b, "- named by the proposal: %s\n", cell(a.Text))
		case a.Worse == 0:
			fmt.Fprintf(b, "- %s: nothing is worse\n", cell(a.Text))
		default:
			fmt.Fprintf(b, "- %s: %d pairs are still worse\n", cell(a.Text), a.Worse)
		}
	}
	b.WriteByte('\n')
}
