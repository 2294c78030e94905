package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
)

// grave are the checks whose new findings no condition on paths resolves.
var grave = []string{"covered-party", "prohibited-maker", "data-in-country-of-concern"}

// open are the checks whose new findings are a matter of judgement.
var open = []string{"owner-unknown", "combined-data", "opsec-over-shared"}

// secrets are the kinds of knowledge that make an attack easier.
var secrets = []string{"architecture", "weak-points", "plans"}

// alternatives are the proposal without each of the elements that make it worse,
// and what the proposal itself names.
func (r *reviewer) alternatives() {
	var elements []string
	for _, pair := range r.worse {
		for _, e := range r.elements(r.pathsOf1(pair)) {
			if !slices.Contains(elements, e) {
				elements = append(elements, e)
			}
		}
	}
	slices.Sort(elements)
	for _, e := range elements[:min(len(elements), maxAlternatives)] {
		left := r.remaining(r.without(map[string]bool{e: true}, nil))
		r.out.Alternatives = append(r.out.Alternatives, Alternative{
			Without: e, Text: "without " + r.Next.Label(e), Worse: len(left),
		})
	}
	if p := r.Change.Proposal; p != nil {
		for _, text := range p.Alternatives {
			r.out.Alternatives = append(r.out.Alternatives, Alternative{Text: text, Worse: -1})
		}
	}
}

// maxAlternatives bounds how many parts are left out in turn.
const maxAlternatives = 12

// decide weighs what was found.
func (r *reviewer) decide() {
	var deny, refer, need []string
	for _, f := range r.newFound {
		text := fmt.Sprintf("%s: %s (%s %s)", f.Entity, f.Text, f.Standard, f.Control)
		switch {
		case slices.Contains(grave, f.Check.ID):
			deny = append(deny, text)
		case slices.Contains(open, f.Check.ID):
			refer = append(refer, text)
		case f.Severity == "critical" || f.Severity == "high":
			need = append(need, text)
			r.out.Conditions = append(r.out.Conditions, Condition{
				Entity: f.Entity, Text: "Settle: " + f.Title, Why: f.Text,
				File: f.Place.File, Line: f.Place.Line,
			})
		}
	}
	for _, k := range r.out.Knowers {
		if slices.Contains(secrets, k.Kind) {
			refer = append(refer, fmt.Sprintf("%s learns %s of %s from %s", k.Party, k.Kind, k.About, k.From))
		}
	}
	for _, m := range r.out.Combinations {
		refer = append(refer, fmt.Sprintf("%s can link %s", m.Collector, strings.Join(m.Holdings, ", ")))
	}
	if r.nothingLeft() {
		deny = append(deny, "the conditions leave nothing of the proposal")
	}
	if n := r.out.WithConditions.WorsePairs; n > 0 {
		refer = append(refer, fmt.Sprintf("%d pairs stay worse whatever is left out", n))
	}
	r.out.WithConditions.Findings = slices.Concat(deny, refer)
	r.verdict(deny, refer, need)
}

func (r *reviewer) verdict(deny, refer, need []string) {
	switch {
	case len(deny) > 0:
		r.out.Result, r.out.Reasons = Deny, deny
	case len(refer) > 0:
		r.out.Result, r.out.Reasons = Refer, refer
	case len(r.out.Conditions) > 0:
		r.out.Result = PassConditions
		r.out.Reasons = need
		for _, c := range r.out.Conditions {
			if !slices.Contains(r.out.Reasons, c.Why) && c.Field+c.Text != "" && !strings.HasPrefix(c.Text, "Settle") {
				r.out.Reasons = append(r.out.Reasons, c.Entity+" "+c.Why)
			}
		}
	default:
		r.out.Result = Pass
	}
	r.out.Sentence = r.sentence()
}

// nothingLeft reports whether every access, flow and system that the proposal
// adds would have to go.
func (r *reviewer) nothingLeft() bool {
	left, any := 0, false
	for _, id := range r.Change.Added {
		it, _ := r.Next.Find(id)
		if it.Kind != "access" && it.Kind != "flows" && it.Kind != "systems" {
			continue
		}
		any = true
		if !slices.ContainsFunc(r.out.Conditions, func(c Condition) bool {
			return c.Entity == id && c.Field == "" && strings.HasSuffix(c.Text, leaveOut)
		}) {
			left++
		}
	}
	return any && left == 0
}

// sentence says the outcome in one line.
func (r *reviewer) sentence() string {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(len(r.out.NewPaths), "new way to a holding", "new ways to holdings")
	add(len(r.out.CheaperPaths), "easier way", "easier ways")
	add(len(r.out.Flags), "new finding", "new findings")
	add(len(r.out.Combinations), "new combination of data", "new combinations of data")
	add(len(r.out.Knowers), "thing newly known outside", "things newly known outside")
	what := "nothing gets worse"
	if len(parts) > 0 {
		what = strings.Join(parts, ", ")
	}
	verdict := map[Result]string{
		Pass: "may go ahead", PassConditions: "may go ahead with the conditions below",
		Refer: "needs a decision by those who answer for it", Deny: "should not go ahead",
	}[r.out.Result]
	return fmt.Sprintf("%s %s: %s.", orProposal(r.out.Proposal.Name), verdict, what)
}

func orProposal(name string) string {
	if name == "" {
		return "The change"
	}
	return name
}

// pathsOf1 is the best path of one pair as the proposal stands.
func (r *reviewer) pathsOf1(pair exposure.Pair) exposure.Path {
	if r.asked == nil {
		r.asked = r.pathsOf(r.weights, r.worse)
	}
	return r.asked[pair]
}
