package review

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// maxRounds bounds how often paths are collected anew; each round takes at least
// one more element out.
const maxRounds = 200

// element returns the proposed entity that a move of the next register is due
// to, "" for a move that was there before.
func (r *reviewer) element(v *exposure.Move) string {
	if band, known := r.old[v.Key()]; known && band == v.Band {
		return ""
	}
	for _, id := range []string{v.Because, v.From, v.To} {
		if r.changed[id] {
			return id
		}
	}
	return r.lifted(v)
}

// lifted is the control that the proposal takes away or changes and that held a
// move before.
func (r *reviewer) lifted(v *exposure.Move) string {
	for _, c := range r.Base.Controls {
		touched := slices.Contains(r.Change.Removed, c.ID) || slices.Contains(r.Change.Replaced, c.ID)
		if touched && (slices.Contains(c.On, v.Because) || slices.Contains(c.On, v.To)) {
			return c.ID
		}
	}
	return v.Because
}

// conditions computes the smallest set of elements without which nothing is
// worse, and the mildest terms that do for each.
func (r *reviewer) conditions() {
	elements := r.smallest()
	if len(elements) == 0 {
		return
	}
	gone := map[string]bool{}
	for _, e := range elements {
		gone[e] = true
	}
	terms := map[string]held{}
	for _, e := range elements {
		r.out.Conditions = append(r.out.Conditions, r.mildest(e, gone, terms))
	}
	left := r.remaining(r.without(gone, terms))
	r.out.WithConditions.WorsePairs = len(left)
}

// smallest is an implicit hitting set: collect the paths that are worse, hit
// them with as few elements as possible, look what is worse without those.
func (r *reviewer) smallest() []string {
	var sets [][]string
	var chosen []string
	worse := r.worse
	for round := 0; len(worse) > 0 && round < maxRounds; round++ {
		gone := map[string]bool{}
		for _, e := range chosen {
			gone[e] = true
		}
		found := r.pathsOf(r.without(gone, nil), worse)
		fresh := false
		for _, pair := range worse {
			set := r.elements(found[pair])
			if len(set) > 0 && !slices.ContainsFunc(sets, func(s []string) bool { return slices.Equal(s, set) }) {
				sets, fresh = append(sets, set), true
			}
		}
		if !fresh {
			break // a path without a proposed element: something else got worse
		}
		chosen = hit(sets)
		gone = map[string]bool{}
		for _, e := range chosen {
			gone[e] = true
		}
		worse = r.remaining(r.without(gone, nil))
	}
	return chosen
}

// elements lists the proposed entities that a path uses.
func (r *reviewer) elements(p exposure.Path) []string {
	var out []string
	for _, s := range p.Steps {
		if e := r.element(s.Move); e != "" && !slices.Contains(out, e) {
			out = append(out, e)
		}
		for _, n := range s.Needs {
			for _, e := range r.elements(n) {
				if !slices.Contains(out, e) {
					out = append(out, e)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// without returns the weights of the next register when elements are left out,
// or held to terms.
func (r *reviewer) without(gone map[string]bool, terms map[string]held) []float64 {
	out := slices.Clone(r.weights)
	for i := range r.next.Moves {
		v, e := &r.next.Moves[i], r.due[i]
		if e == "" {
			continue
		}
		if bands, held := terms[e]; held {
			if v.Because == e {
				out[i] = max(out[i], bands.weight(v))
			}
		} else if gone[e] {
			out[i] = r.restored(v)
		}
	}
	return out
}

// held is what is left of an element's moves under terms: the least weight by
// start and end, whatever rule the move then follows.
type held map[[2]string]float64

func hold(moves []exposure.Move) held {
	out := held{}
	for i := range moves {
		ends := [2]string{moves[i].From, moves[i].To}
		w := exposure.WeightOf(moves[i].Band)
		if old, known := out[ends]; !known || w < old {
			out[ends] = w
		}
	}
	return out
}

func (h held) weight(v *exposure.Move) float64 {
	if w, stays := h[[2]string{v.From, v.To}]; stays {
		return w
	}
	return math.Inf(1)
}

// restored is the weight that a move had before the proposal replaced its
// entity.
func (r *reviewer) restored(v *exposure.Move) float64 {
	if band, known := r.old[v.Key()]; known {
		return exposure.WeightOf(band)
	}
	return math.Inf(1)
}

// hit returns a smallest set that has a member of every set, the first by name
// among equals.
func hit(sets [][]string) []string {
	var best []string
	var search func(chosen []string)
	search = func(chosen []string) {
		if best != nil && len(chosen) >= len(best) {
			return
		}
		open := slices.IndexFunc(sets, func(s []string) bool {
			return !slices.ContainsFunc(s, func(e string) bool { return slices.Contains(chosen, e) })
		})
		if open < 0 {
			best = slices.Clone(chosen)
			return
		}
		for _, e := range sets[open] {
			search(append(slices.Clone(chosen), e))
		}
	}
	search(nil)
	slices.Sort(best)
	return best
}

// What becomes of an element that cannot stay as proposed.
const (
	leaveOut = ": leave it out"
	keepIt   = ": keep it"
)

// mildest finds terms under which an element may stay; where none suffices it
// has to go.
func (r *reviewer) mildest(id string, gone map[string]bool, terms map[string]held) Condition {
	c := Condition{Entity: id, Why: r.why(id)}
	it, there := r.Next.Find(id)
	if !there {
		it, _ = r.Base.Find(id)
		c.File, c.Line = it.Entity.Place.File, it.Entity.Place.Line
		c.Text = r.Base.Label(id) + keepIt
		return c
	}
	c.File, c.Line = it.Entity.Place.File, it.Entity.Place.Line
	for _, t := range termsFor(it.Value) {
		edited := r.Next.Clone()
		twin, _ := edited.Find(id)
		t.set(twin.Value)
		terms[id] = hold(exposure.DeriveOnly(edited, r.Day, id))
		if left := r.remaining(r.without(gone, terms)); len(left) == 0 {
			c.Field, c.Value = t.field, t.value
			c.Text = fmt.Sprintf("%s: %s", r.Next.Label(id), t.text)
			return c
		}
		delete(terms, id)
	}
	c.Text = r.Next.Label(id) + leaveOut
	return c
}

// why names the pairs that an element makes worse.
func (r *reviewer) why(id string) string {
	var holdings []string
	for _, list := range [][]PathChange{r.out.NewPaths, r.out.CheaperPaths} {
		for _, p := range list {
			for _, s := range p.Steps {
				if (s.Because == id || s.To == id || s.From == id) && !slices.Contains(holdings, p.Holding) {
					holdings = append(holdings, p.Holding)
				}
			}
		}
	}
	slices.Sort(holdings)
	if len(holdings) > 4 {
		return fmt.Sprintf("opens %s and %d more holdings", strings.Join(holdings[:3], ", "), len(holdings)-3)
	}
	if len(holdings) == 0 {
		if _, stays := r.Next.Find(id); !stays {
			return "holds ways to holdings shut"
		}
		return "opens ways that remain when the others are closed"
	}
	return "opens " + strings.Join(holdings, ", ")
}

// term is a change of one field that keeps an entity but makes it harder to
// abuse.
type term struct {
	field, value, text string
	set                func(entity any)
}

// termsFor lists the terms for an entity, mildest first.
func termsFor(entity any) []term {
	switch v := entity.(type) {
	case *register.Access:
		return accessTerms(v)
	case *register.Flow:
		return flowTerms(v)
	case *register.System:
		var out []term
		if len(v.UpdatesFrom) > 0 && !v.SignedUpdate {
			out = append(out, term{
				"signed_updates", "true", "only signed updates that we check",
				func(e any) { e.(*register.System).SignedUpdate = true },
			})
		}
		if v.Operator != "" {
			out = append(out, term{
				"operator", "", "run it ourselves", func(e any) { e.(*register.System).Operator = "" },
			})
		}
		return out
	case *register.Knowledge:
		return []term{{
			"readers", "", "no reader outside", func(e any) { e.(*register.Knowledge).Readers = nil },
		}}
	}
	return nil
}

func accessTerms(v *register.Access) []term {
	strong := func(e any) { e.(*register.Access).Auth = "phishing-resistant" }
	single := func(e any) { e.(*register.Access).Bulk = false }
	reading := func(e any) { e.(*register.Access).Verbs = []string{"read"} }
	out := []term{{"auth", "phishing-resistant", "phishing-resistant sign-in", strong}}
	if v.Bulk {
		out = append(out, term{"bulk", "false", "single records only, not in bulk", single})
	}
	if len(v.Verbs) > 0 && !slices.Equal(v.Verbs, []string{"read"}) {
		out = append(out, term{"verbs", "read", "reading only", reading})
	}
	out = append(out, term{
		"auth, bulk, verbs", "phishing-resistant, false, read",
		"phishing-resistant sign-in, reading of single records only",
		func(e any) { strong(e); single(e); reading(e) },
	})
	return out
}

func flowTerms(v *register.Flow) []term {
	sure := func(e any) { e.(*register.Flow).Auth = "certificate" }
	var out []term
	if v.Auth != "certificate" {
		out = append(out, term{"auth", "certificate", "certificates on both ends", sure})
	}
	if v.Write && !v.Filter {
		out = append(out, term{
			"filter", "true", "check what arrives", func(e any) { e.(*register.Flow).Filter = true },
		})
	}
	if len(v.Holdings) > 0 && v.RateCap == 0 {
		out = append(out, term{
			"rate_cap", "100", "at most 100 records an hour", func(e any) { e.(*register.Flow).RateCap = 100 },
		})
	}
	if v.Write {
		out = append(out, term{
			"write", "false", "no writing back",
			func(e any) { e.(*register.Flow).Write = false; sure(e) },
		})
	}
	return out
}
