package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// summary is the first cause of the verdict as one sentence.
func summary(x *Explanation) string {
	switch {
	case !x.Source.Fits:
		return "The event is not of the rule's log source " + x.Source.Logsource + ": " +
			x.Source.missing() + "."
	case x.Match:
		return "The rule matches: " + x.Condition.why() + "."
	}
	return "The rule does not match: " + x.Condition.whyNot() + "."
}

// missing says what the event would need to be of the log source.
func (v *SourceVerdict) missing() string {
	for i := range v.Parts {
		if p := &v.Parts[i]; !p.Fits {
			return p.missing()
		}
	}
	return ""
}

// missing names the clauses that fail in the kind that lacks the least.
func (p *SourcePart) missing() string {
	least, text := 0, ""
	for i := range p.Kinds {
		var parts []string
		for j := range p.Kinds[i].Clauses {
			if c := &p.Kinds[i].Clauses[j]; !c.Holds {
				parts = append(parts, c.String())
			}
		}
		if len(parts) > 0 && (text == "" || len(parts) < least) {
			least, text = len(parts), strings.Join(parts, ", ")
		}
	}
	return text
}

// String says a clause that fails.
func (c *SourceClause) String() string {
	field := strings.TrimPrefix(c.Field, "$")
	if len(c.Had) == 0 {
		return fmt.Sprintf("it has no %s, which would be %s", field, quoteList(c.Wanted))
	}
	return fmt.Sprintf("its %s is %s, not %s", field, quoteList(c.Had), quoteList(c.Wanted))
}

func quoteList(list []string) string {
	const most = 4
	parts := make([]string, 0, most)
	for _, s := range list[:min(len(list), most)] {
		parts = append(parts, quote(s))
	}
	if len(list) > most {
		return strings.Join(parts, ", ") + fmt.Sprintf(" or %d more", len(list)-most)
	}
	return strings.Join(parts, " or ")
}

// label names a step by its search identifier, with its line, before what is
// said about it.
func (s *Step) label() string {
	if s.Name == "" {
		return ""
	}
	if s.Line == 0 {
		return s.Name + ": "
	}
	return fmt.Sprintf("%s (line %d): ", s.Name, s.Line)
}

// whyNot says why the step does not hold.
func (s *Step) whyNot() string {
	switch {
	case s.Again:
		return strings.TrimSuffix(s.label(), ": ") + " does not hold"
	case s.Kind == StepTest:
		return s.label() + s.Test.whyNot()
	case s.Kind == StepNot:
		return s.label() + "excluded by " + s.Steps[0].why()
	case s.Kind == StepAll:
		for _, k := range s.Steps {
			if !k.Holds {
				return s.label() + k.whyNot()
			}
		}
	}
	if len(s.Steps) == 0 {
		return s.label() + "nothing is asked"
	}
	best := s.nearest()
	for best.Kind == StepAny && best.Name == "" && len(best.Steps) > 0 {
		best = best.nearest()
	}
	return s.label() + fmt.Sprintf("none of %d alternatives holds; the nearest: ", len(s.Steps)) +
		best.whyNot()
}

// nearest is the alternative of which the largest part holds.
func (s *Step) nearest() *Step {
	best, most := s.Steps[0], -1.0
	for _, k := range s.Steps {
		if share := k.share(); share > most {
			best, most = k, share
		}
	}
	return best
}

// share is the part of a step that holds, 0 to 1.
func (s *Step) share() float64 {
	if s.Holds {
		return 1
	}
	if s.Kind != StepAll || len(s.Steps) == 0 {
		return 0
	}
	sum := 0.0
	for _, k := range s.Steps {
		sum += k.share()
	}
	return sum / float64(len(s.Steps))
}

// why says why the step holds.
func (s *Step) why() string {
	switch {
	case s.Again:
		return strings.TrimSuffix(s.label(), ": ") + " holds"
	case s.Kind == StepTest:
		return s.label() + s.Test.why()
	case s.Kind == StepNot:
		k := s.Steps[0]
		if k.Name != "" {
			return "not " + strings.TrimSuffix(k.label(), ": ")
		}
		return "not: " + k.whyNot()
	case s.Kind == StepAny:
		for _, k := range s.Steps {
			if k.Holds {
				return s.label() + k.why()
			}
		}
	}
	const most = 4
	parts := make([]string, 0, most)
	for _, k := range s.Steps {
		why := k.why()
		if len(parts) == most {
			parts = append(parts, "…")
			break
		}
		if !slices.Contains(parts, why) {
			parts = append(parts, why)
		}
	}
	return s.label() + strings.Join(parts, ", ")
}

// had says what the event has in the field.
func (t *Test) had() string {
	switch t.State {
	case FieldMissing:
		return "the event has no such field"
	case FieldNull:
		return "the event has null there"
	case FieldEmpty:
		return "the event has it empty"
	}
	if t.Field == "" {
		return "no value of the event does"
	}
	return "the event has " + quoteList(t.Had)
}

func (t *Test) whyNot() string {
	if t.All && len(t.Holds) > 0 {
		for i, w := range t.Wanted {
			if i >= len(t.Holds) || t.Holds[i] != w {
				return fmt.Sprintf("%s; of these %s is not there; %s", t, quote(w), t.had())
			}
		}
	}
	return t.String() + "; " + t.had()
}

func (t *Test) why() string {
	field := t.Native
	if field == "" {
		field = t.Field
	}
	switch {
	case t.State == FieldMissing:
		return t.Field + " is missing"
	case t.State != FieldValue:
		return field + " is " + string(t.State)
	case t.Field == "":
		return "a value " + t.Op + " " + quoteList(t.Holds)
	}
	return field + " is " + quoteList(t.Had)
}
