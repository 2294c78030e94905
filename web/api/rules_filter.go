package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/node"
)

// ruleFilter narrows a list of rules; empty fields do not narrow.
type ruleFilter struct {
	words     []string // folded; each has to be in one of the rule's texts
	technique string   // with its sub-techniques
	choice    map[string]string
	sort      string
}

// ruleChoices are the parameters with a fixed set of values.
var ruleChoices = map[string][]string{
	"level":  {"critical", "high", "medium", "low", "informational", "none"},
	"status": {"stable", "test", "experimental", "deprecated", "unsupported", "none"},
	"kind":   {"detection", "correlation", "filter"},
	"feed":   {"received", "missing", "everywhere", "unknown"},
	"routed": {"yes", "no"},
	"silent": {"yes", "no"},
	"hits":   {"some", "none"},
	"sort":   {"hits", "level", "title", "last"},
}

func readRuleFilter(r *http.Request) (ruleFilter, error) {
	q := r.URL.Query()
	f := ruleFilter{
		words:     strings.Fields(strings.ToLower(q.Get("q"))),
		technique: strings.ToUpper(q.Get("technique")), choice: make(map[string]string),
	}
	for name, allowed := range ruleChoices {
		value := q.Get(name)
		if value == "" {
			continue
		}
		if !slices.Contains(allowed, value) {
			return f, badRequest("bad-choice", "There is no such "+name,
				"Give "+strings.Join(allowed, ", ")+".")
		}
		f.choice[name] = value
	}
	f.sort = f.choice["sort"]
	delete(f.choice, "sort")
	for _, name := range []string{"source", "tactic"} {
		if value := q.Get(name); value != "" {
			f.choice[name] = value
		}
	}
	return f, nil
}

// offsetParam reads how many rows to leave out.
func offsetParam(r *http.Request) (int, error) {
	text := r.URL.Query().Get("offset")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badRequest("bad-number", "The value of offset cannot be used",
			"Give a whole number from 0.")
	}
	return n, nil
}

// value is what a rule has for a choice.
func (b *ruleBody) value(name string) string {
	yes := map[bool]string{true: "yes", false: "no"}
	switch name {
	case "level":
		return cmp.Or(b.Level, "none")
	case "status":
		return cmp.Or(b.Status, "none")
	case "kind":
		return b.Kind
	case "feed":
		return b.Feed
	case "source":
		return b.Source
	case "routed":
		return yes[b.Routed]
	case "silent":
		return yes[b.Silent]
	case "hits":
		return map[bool]string{true: "some", false: "none"}[b.Hits > 0]
	}
	return ""
}

func (f *ruleFilter) holds(b *ruleBody, d *node.RuleDoc) bool {
	return f.holdsBut("", b) && f.says(b, d)
}

// holdsBut leaves one choice out, so that a facet shows its other values.
func (f *ruleFilter) holdsBut(except string, b *ruleBody) bool {
	for name, want := range f.choice {
		switch {
		case name == except:
		case name == "tactic":
			if !slices.ContainsFunc(b.Tactics, func(t string) bool { return strings.EqualFold(t, want) }) {
				return false
			}
		case b.value(name) != want:
			return false
		}
	}
	return f.technique == "" || slices.ContainsFunc(b.Techniques, func(t string) bool {
		return t == f.technique || strings.HasPrefix(t, f.technique+".")
	})
}

// says reports whether every word is in the rule's identifying texts.
func (f *ruleFilter) says(b *ruleBody, d *node.RuleDoc) bool {
	if len(f.words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join([]string{
		b.Title, b.UID, d.Name, d.Description, b.File, b.Author, b.Logsource,
		strings.Join(d.Tags, " "), strings.Join(b.Techniques, " "),
	}, "\n"))
	return !slices.ContainsFunc(f.words, func(w string) bool { return !strings.Contains(text, w) })
}

type facetValue struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// ruleFacets counts the values of each choice among the rules that the other
// choices leave, most frequent first.
func ruleFacets(all *rulesInRange, f *ruleFilter) map[string][]facetValue {
	out := make(map[string][]facetValue)
	for _, name := range []string{"level", "status", "source", "feed", "kind"} {
		counts := make(map[string]int)
		for i := range all.bodies {
			b := &all.bodies[i]
			if f.holdsBut(name, b) && f.says(b, &all.docs[i]) {
				counts[b.value(name)]++
			}
		}
		list := make([]facetValue, 0, len(counts))
		for value, n := range counts {
			list = append(list, facetValue{value, n})
		}
		slices.SortFunc(list, func(x, y facetValue) int {
			return cmp.Or(y.Count-x.Count, cmp.Compare(x.Value, y.Value))
		})
		out[name] = list
	}
	return out
}
