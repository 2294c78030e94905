package safeguard

import "strings"

// hit is a term that occurs in words[from:to].
type hit struct {
	*term
	from, to int
}

// scan returns the terms in the words, guards and classes included.
func (t *table) scan(words []string) []hit {
	var out []hit
	for i, w := range words {
		for n := 1; n <= min(gram, len(w)); n++ {
			if !t.starts.has(w[:n]) {
				continue
			}
			out = t.try(out, t.prefix[w[:n]], words, i)
			if n < min(gram, len(w)) {
				continue
			}
			out = t.try(out, t.whole[w], words, i)
			if s := strings.TrimSuffix(w, "s"); s != w {
				out = t.try(out, t.whole[s], words, i)
			}
		}
		for at := 0; at+gram <= len(w); at++ {
			if g := w[at : at+gram]; t.grams.has(g) {
				out = t.try(out, t.inside[g], words, i)
			}
		}
	}
	return out
}

// try adds the terms that fit from word i on.
func (t *table) try(out []hit, ids []int, words []string, i int) []hit {
	for _, id := range ids {
		if e := &t.terms[id]; fitsRun(e.run, words[i:]) {
			out = append(out, hit{e, i, i + len(e.run)})
		}
	}
	return out
}

// letters is a quick test whether any term begins with, or contains, letters.
type letters [1 << 15]bool

func (l *letters) at(s string) *bool {
	h := uint(0)
	for i := range len(s) {
		h = h*31 + uint(s[i])
	}
	return &l[h%uint(len(l))]
}

func (l *letters) has(s string) bool { return *l.at(s) }

func fitsRun(run []shape, words []string) bool {
	if len(run) > len(words) {
		return false
	}
	for i := range run {
		if !run[i].fits(words[i]) {
			return false
		}
	}
	return true
}

// reading is one text as the table sees it.
type reading struct {
	hits  []hit
	words int
}

// read scans a text, with camel case cut and, where that differs, as it stands.
func (t *table) read(text string) []reading {
	cut, cased := split(text, true)
	out := make([]reading, 1, 2)
	out[0] = reading{t.scan(cut), len(cut)}
	if cased {
		whole, _ := split(text, false)
		out = append(out, reading{t.scan(whole), len(whole)})
	}
	return out
}

// has reports whether a word of the class occurs.
func (r reading) has(class string) bool {
	for _, h := range r.hits {
		if h.in == isWord && h.about == class {
			return true
		}
	}
	return false
}

// follows reports whether a word of the class stands right behind the hit.
func (r reading) follows(class string, h *hit) bool {
	for _, next := range r.hits {
		if next.in == isWord && next.about == class && next.from == h.to {
			return true
		}
	}
	return false
}

// first returns the first term that counts in one of the places and stands in
// no guard, nil for none.
func (r reading) first(in place) *hit {
	for i := range r.hits {
		if h := &r.hits[i]; h.in&in != 0 && !r.guarded(h) {
			return h
		}
	}
	return nil
}

// guarded reports whether a guard covers the hit.
func (r reading) guarded(h *hit) bool {
	for _, g := range r.hits {
		if g.in == isGuard && g.from <= h.from && h.to <= g.to {
			return true
		}
	}
	return false
}
