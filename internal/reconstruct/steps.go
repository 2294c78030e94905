package reconstruct

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// mergeWithin is how far apart equal actions may lie and still be one step.
const mergeWithin = 30 * time.Minute

// step is a Step being made, with what the graph needs of it.
type step struct {
	Step
	acts []act
}

// steps merges the actions, keeps the weightiest and numbers them.
func (w *writer) steps() []step {
	acts := merge(w.acts, sameThing)
	acts = merge(acts, w.sameLogon)
	acts = merge(acts, sameKind)
	acts = merge(acts, w.sameLeaves)
	acts = w.keep(withoutEchoes(acts))
	steps := make([]step, 0, len(acts))
	for i := range acts {
		steps = append(steps, w.step(&acts[i], i+1))
	}
	return steps
}

// withoutEchoes drops an action that only says that somebody acted where
// another one tells the same records: what rules said of them goes there.
func withoutEchoes(acts []act) []act {
	by := map[event.ID]int{} // record to the first action that tells it better
	for i := range acts {
		if acts[i].verb == causal.VerbActed {
			continue
		}
		for _, id := range acts[i].events {
			if _, told := by[id]; !told {
				by[id] = i
			}
		}
	}
	out := acts[:0:0]
	for i := range acts {
		a, better, told := &acts[i], -1, 0
		for _, id := range a.events {
			if j, ok := by[id]; ok {
				better, told = j, told+1
			}
		}
		if a.verb != causal.VerbActed || told == 0 || told < len(a.events) {
			continue
		}
		acts[better].weight = max(acts[better].weight, a.weight)
		a.count = 0 // dropped below
	}
	for i := range acts {
		if acts[i].count > 0 {
			out = append(out, acts[i])
		}
	}
	return out
}

// merge joins each action to an earlier one of the same actor that joins says
// it belongs to.
func merge(acts []act, joins func(a, b *act) bool) []act {
	var out []act
	last := map[int][]int{} // actor to indexes into out, latest last
	for i := range acts {
		a := &acts[i]
		list := last[a.actor]
		joined := false
		for k := len(list) - 1; k >= 0 && k >= len(list)-8 && !joined; k-- {
			if joins(&out[list[k]], a) {
				out[list[k]].take(a)
				joined = true
			}
		}
		if !joined {
			last[a.actor] = append(list, len(out))
			out = append(out, *a)
		}
	}
	return out
}

// take adds b to a.
func (a *act) take(b *act) {
	if len(a.objects) == 0 {
		a.objects = []int{a.object}
	}
	more := b.objects
	if len(more) == 0 {
		more = []int{b.object}
	}
	a.objects = append(a.objects, more...)
	a.events = unique(append(slices.Clone(a.events), b.events...))
	a.tags = append(a.tags, b.tags...)
	if !sameRecord(a, b) {
		a.count, a.bytes = a.count+b.count, a.bytes+b.bytes
	}
	a.weight, a.bytes = max(a.weight, b.weight), max(a.bytes, b.bytes)
	if a.verb == causal.VerbLoggedOn && a.object != b.object {
		a.grade = max(a.grade, b.grade) // two logs of one logon
	} else {
		a.grade = min(a.grade, b.grade)
	}
	if b.until.After(a.until) {
		a.until = b.until
	}
}

// sameRecord reports whether two records tell one act: a record that came twice,
// or one connection that two logs of a host wrote.
func sameRecord(a, b *act) bool {
	if a.verb != b.verb || a.object != b.object && !sameConnection(a, b) {
		return false
	}
	if sameConnection(a, b) {
		return b.at.Sub(a.until) <= twoLogs
	}
	return a.until.Equal(b.at) && a.verb != causal.VerbSpawned
}

// twoLogs is how far apart two logs of a host write the same.
const twoLogs = 5 * time.Second

func sameConnection(a, b *act) bool {
	f, g := a.facts, b.facts
	return f != nil && g != nil && f.SrcPort != "" && f.SrcPort == g.SrcPort && f.SrcIP == g.SrcIP &&
		f.DstIP == g.DstIP && f.DstPort == g.DstPort
}

func near(a, b *act) bool { return b.at.Sub(a.until) <= mergeWithin }

// sameThing joins the same action on the same object.
func sameThing(a, b *act) bool {
	return a.verb == b.verb && a.object == b.object && a.arrival == b.arrival && near(a, b) &&
		sameCall(a, b)
}

// sameCall keeps different operations on one thing apart.
func sameCall(a, b *act) bool {
	if a.verb != causal.VerbCalled || a.facts == nil || b.facts == nil {
		return true
	}
	return a.facts.Value == b.facts.Value
}

// sameKind joins lesser actions of one kind: files written, names looked up,
// connections, script blocks.
func sameKind(a, b *act) bool {
	if a.verb != b.verb || a.arrival || b.arrival || !near(a, b) || a.weight >= weightSeed ||
		b.weight >= weightSeed {
		return false
	}
	switch a.verb {
	case causal.VerbWrote, causal.VerbConnected, causal.VerbAccessedShare, causal.VerbWroteShare:
		return worst(a.tags) < 3 && worst(b.tags) < 3 && a.weight < 90 && b.weight < 90 &&
			a.weight/30 == b.weight/30
	case causal.VerbReadMemory, causal.VerbInjected, causal.VerbCleared, causal.VerbLoggedOn:
		return false
	}
	return sameCall(a, b)
}

// sameLogon joins two records of one logon by different logs of a host.
func (w *writer) sameLogon(a, b *act) bool {
	return a.verb == causal.VerbLoggedOn && b.verb == a.verb && a.object >= 0 && b.object >= 0 &&
		w.node(a.object).Host == w.node(b.object).Host && b.at.Sub(a.at) <= 5*time.Second
}

// sameLeaves joins the starts of programs that did nothing further and serve one
// purpose, as a shell does on typed commands.
func (w *writer) sameLeaves(a, b *act) bool {
	return w.template(a).id == w.template(b).id &&
		a.verb == causal.VerbSpawned && b.verb == causal.VerbSpawned && a.leaf && b.leaf &&
		a.via < 0 && b.via < 0 && a.weight < weightSeed && b.weight < weightSeed &&
		worst(a.tags) < 3 && worst(b.tags) < 3 && b.at.Sub(a.until) <= 10*time.Minute
}

func worst(tags []Finding) int {
	level := -1
	for _, t := range tags {
		level = max(level, levelOf(t.Level))
	}
	return level
}

// keep drops what does not matter, and then the lightest actions beyond the
// limit, except arrivals and the seed; what is dropped is counted.
func (w *writer) keep(acts []act) []act {
	order := make([]int, 0, len(acts))
	kept := map[int]bool{}
	for i := range acts {
		a := &acts[i]
		if a.weight >= weightShown || a.arrival {
			order = append(order, i)
		} else {
			w.folded += a.count
		}
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Compare(showWeight(&acts[y]), showWeight(&acts[x]))
	})
	for k, i := range order {
		if k < w.sc.r.limits.Steps {
			kept[i] = true
		} else {
			w.folded += acts[i].count
		}
	}
	out := acts[:0:0]
	for i := range acts {
		if kept[i] {
			out = append(out, acts[i])
		}
	}
	return out
}

// showWeight puts started programs that did nothing after everything else that
// brought something in.
func showWeight(a *act) int {
	if a.arrival && a.leaf && a.weight < weightSeed {
		return max(weightLeaf, levelWeightOf(a))
	}
	if a.count > 1 && a.verb == causal.VerbSpawned {
		return min(a.weight+a.count, weightSeed) // a shell at work
	}
	return a.weight
}

func levelWeightOf(a *act) int {
	if l := worst(a.tags); l >= 0 {
		return levelWeight(levels[l])
	}
	return 0
}

func (w *writer) step(a *act, n int) step {
	techs := w.techniquesOf(a)
	tech, ids := technique{}, []string{}
	for _, t := range techs {
		ids = append(ids, t.id)
	}
	if len(techs) > 0 {
		tech = techs[0]
	}
	level := max(worst(a.tags), severityOf(a.verb, a.weight))
	return step{acts: []act{*a}, Step: Step{
		N: n, From: a.at.UTC(), To: a.until.UTC(), Host: w.hostOf(a),
		Actor: w.name(a.actor), Verb: a.verb.String(), Object: w.objectNames(a),
		Sentence: w.sentence(a), Tactic: tech.tactic, Technique: tech.id, TechniqueName: tech.name,
		Severity: levels[level], Grade: a.grade.String(), Why: clean(a.why, maxText),
		Events: a.events, Count: a.count, Techniques: ids,
	}}
}

func (w *writer) hostOf(a *act) string {
	for _, n := range []int{a.object, a.actor} {
		if n >= 0 && w.g.Node(n).Host != "" {
			return w.g.Node(n).Host
		}
	}
	return causal.ShortHost(w.seed.Attrs.Get(event.AttrHost))
}

func publish(steps []step) []Step {
	out := make([]Step, len(steps))
	for i := range steps {
		out[i] = steps[i].Step
	}
	return out
}

// objectNames names the distinct objects of an action, most frequent first.
func (w *writer) objectNames(a *act) string {
	if len(a.objects) == 0 {
		return w.name(a.object)
	}
	return strings.Join(w.counted(a.objects, 5), ", ")
}
