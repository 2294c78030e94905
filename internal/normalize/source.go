package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// source is the compiled mapping of one kind of log.
type source struct {
	name        string
	formats     []string
	when        []condition
	fallback    bool
	logs        logsource
	severity    *expression
	clocks      []clock
	original    []string // fields with the payload's own time
	originalIDs []int32
	key         *expression
	exact       map[string][]*rule // by the text of key
	prefixes    []prefixRules
	rest        []*rule // rules without id
	base        []target
}

// prefixRules are the rules for ids that are written "text*".
type prefixRules struct {
	prefix string
	rules  []*rule
}

// logsource is Sigma's name for a log; nil expressions are empty.
type logsource struct {
	product, service, category *expression
}

// rule maps the events of one id.
type rule struct {
	when            []condition
	class           uint32
	activity        uint8
	severity        uint8
	logs            logsource
	attrs           []target
	activityBy      *expression
	activityNumbers map[string]uint8
}

// target fills one attribute with the first alternative that has a text.
type target struct {
	attr         event.Attr
	integer      bool
	alternatives []*expression
}

// find returns the rule for the event, nil where the source has none for it.
func (s *source) find(r *run) *rule {
	if s.key != nil {
		id := s.key.eval(r)
		if found := firstRule(s.exact[id], r); found != nil {
			return found
		}
		for i := range s.prefixes {
			if strings.HasPrefix(id, s.prefixes[i].prefix) {
				if found := firstRule(s.prefixes[i].rules, r); found != nil {
					return found
				}
			}
		}
	}
	return firstRule(s.rest, r)
}

func firstRule(rules []*rule, r *run) *rule {
	for _, candidate := range rules {
		if all(candidate.when, r) {
			return candidate
		}
	}
	return nil
}

// takes reports whether the source is the one for the event.
func (s *source) takes(format event.Format, r *run) bool {
	if len(s.formats) > 0 {
		found := false
		for _, f := range s.formats {
			found = found || f == string(format)
		}
		if !found {
			return false
		}
	}
	return all(s.when, r)
}

// catalog finds the source of an event. Sources whose first condition lists
// values are found by a look-up, the others one after another.
type catalog struct {
	indexes  []index
	ordered  []*source
	fallback []*source
}

// index maps the lower-case texts of one field to sources.
type index struct {
	field   string
	id      int32 // number of field
	sources map[string][]*source
}

func (c *catalog) find(r *run, format event.Format) *source {
	for i := range c.indexes {
		v := r.get(c.indexes[i].id)
		if v == nil {
			continue
		}
		text := r.flat(v, listFirst)
		candidates := c.indexes[i].sources[text]
		if candidates == nil {
			candidates = c.indexes[i].sources[r.lower(text)]
		}
		for _, s := range candidates {
			if s.takes(format, r) {
				return s
			}
		}
	}
	for _, group := range [2][]*source{c.ordered, c.fallback} {
		for _, s := range group {
			if s.takes(format, r) {
				return s
			}
		}
	}
	return nil
}
