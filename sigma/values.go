package sigma

import "slices"

// valueKey says under which names a rule's field is looked up: they depend on
// the kind of event.
type valueKey struct {
	group *group
	rule  *Rule
	field string
}

// Values returns the native texts of a rule's field in the event last matched,
// under the names that the rule's log source has for it: none where the field
// is missing or null, all members of a list. Unlike in Match, the field need
// not stand in the rule's detection. r must be a rule of the plan that holds
// for the event.
func (m *Matcher) Values(r *Rule, field string) []string {
	key := valueKey{m.s.g, r, field}
	names, ok := m.values[key]
	if !ok {
		names = m.valueNames(r, fieldName(field))
		if m.values == nil {
			m.values = map[valueKey][]string{}
		}
		m.values[key] = names
	}
	v, _ := lookup(m.ev.Native, names)
	return flatten(nil, v)
}

// valueNames returns the native names of the field, first choice first.
func (m *Matcher) valueNames(r *Rule, field string) []string {
	p := m.plan
	i := slices.Index(p.rules, r)
	if i < 0 || p.ls == nil {
		return p.ls.names(field, nil)
	}
	return p.ls.names(field, p.rename(p.sources[i], p.ls.route(m.ev)))
}
