package search

import (
	"strings"

	"github.com/evident-sec/evident/internal/safeguard"
)

// judged is one value of a query that package safeguard has to see.
type judged struct {
	field    string // "" for free text
	text     string
	from, to int
}

// remember keeps a value for judge. Numbers, times and identifiers tell nothing
// of a person.
func (p *parser) remember(f *field, v value) {
	j := judged{from: v.from, to: v.to, text: v.text.String()}
	if f != nil {
		j.field = f.name
		if f.kind == kindInt || f.kind == kindTime || f.kind == kindID {
			return
		}
	}
	p.judged = append(p.judged, j)
}

// judge refuses the query when one of its values, or the values of one field
// together, concern a protected attribute of persons.
func (p *parser) judge() error {
	byField := map[string][]string{}
	for _, j := range p.judged {
		if found := safeguard.Query(j.field, plainValue(j.text)); len(found) > 0 {
			return refusal(j, found[0])
		}
		byField[j.field] = append(byField[j.field], plainValue(j.text))
	}
	for _, j := range p.judged {
		values := byField[j.field]
		if len(values) < 2 {
			continue
		}
		if found := safeguard.Query(j.field, values...); len(found) > 0 {
			return refusal(j, found[0])
		}
		delete(byField, j.field)
	}
	return nil
}

// plainValue takes the wildcards out: *word* asks for the word.
func plainValue(text string) string {
	return strings.TrimSpace(strings.NewReplacer("*", " ", "?", " ").Replace(text))
}

func refusal(j judged, v safeguard.Violation) error {
	return fault(j.from, j.to, "ask what a system did; docs/safeguard.md says why", "refused: %s", v)
}
