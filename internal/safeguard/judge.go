package safeguard

import "strings"

// name returns the term that makes a name (of a field, a selection, a log
// source) one about a protected attribute, nil for none. In a log of a
// personnel system ordinary words count too.
func (t *table) name(name string, personnel bool) *hit {
	for _, r := range t.read(name) {
		if h := r.first(inAnywhere | inNames); h != nil {
			return h
		}
		if r.has("technical") || !personnel && !r.has("person") {
			continue
		}
		if h := r.first(inPersonal); h != nil {
			return h
		}
	}
	return nil
}

// prose returns the term in a title or description. What an attacker's lure is
// about ("Ramadan themed phishing") says nothing of the people it reaches.
func (t *table) prose(text string) *hit {
	for _, r := range t.read(text) {
		if h := r.first(inAnywhere | inText); h != nil && !r.follows("lure", h) {
			return h
		}
	}
	return nil
}

// holds says what a field holds, by its name and the log source.
type holds struct {
	category, group, address, user, person bool
}

// contents reads a field name. Web says that the log source is one of web
// requests, personnel that it is a personnel system.
func (t *table) contents(field string, web, personnel bool) holds {
	out := holds{person: personnel}
	for _, r := range t.read(field) {
		web = web || r.has("web")
		out.category = out.category || r.has(fieldClass+"category")
		out.group = out.group || r.has(fieldClass+"group")
		out.address = out.address || r.has(fieldClass+"address")
		out.user = out.user || r.has(fieldClass+"user")
		out.person = out.person || r.has(fieldClass+"person")
	}
	out.category = out.category && web
	return out
}

// value returns the term in a value of a field that holds this.
func (t *table) value(text string, field holds) *hit {
	in := inAnywhere | inValues
	if field.group || field.person {
		in |= inNames
	}
	if field.address || looksLikeAddress(text) {
		in |= inHosts
	}
	if field.category {
		in |= inCategories
	}
	for _, r := range t.read(text) {
		if h := r.first(in); h != nil {
			return h
		}
		personal := r.first(inPersonal)
		switch {
		case personal == nil || r.has("technical"):
		case field.group && r.has("person"):
			return personal
		case field.person && !field.user && personal.to-personal.from == r.words:
			return personal // the value names an attribute of a person
		}
	}
	return nil
}

// looksLikeAddress reports whether the text is a mail address or a URL, in
// whatever field.
func looksLikeAddress(text string) bool {
	return strings.Contains(text, "://") || strings.Contains(text, "@") && !strings.Contains(text, " ")
}

// telling reports whether so many values are names that tell an origin.
func (t *table) tellingNames(values []string) bool {
	seen := map[string]bool{}
	for _, v := range values {
		if words, _ := split(v, false); len(words) == 1 && t.telling[words[0]] {
			seen[words[0]] = true
		}
	}
	return len(seen) >= t.tellMin
}
