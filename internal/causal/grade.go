package causal

// Grade says how well a link is shown.
type Grade uint8

// Grades, weakest first. ASSUMED is an analyst's own; PROVEN means a unique
// key is equal on both sides; CORROBORATED that two independent records agree;
// INFERRED that only a name, an address or the time fits.
const (
	Assumed Grade = iota
	Inferred
	Corroborated
	Proven
)

// String returns the grade in capitals.
func (g Grade) String() string {
	return [...]string{"ASSUMED", "INFERRED", "CORROBORATED", "PROVEN"}[g]
}

// support returns the grade of a statement that rests on several links: two
// independent inferences corroborate each other, nothing adds up to a proof.
func support(links []*Link) Grade {
	best, inferred := Assumed, 0
	verbs := map[Verb]bool{}
	for _, l := range links {
		best = max(best, l.Grade)
		if l.Grade == Inferred && !verbs[l.Verb] {
			verbs[l.Verb] = true
			inferred++
		}
	}
	if best == Inferred && inferred > 1 {
		return Corroborated
	}
	return best
}
