package reconstruct

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// graph lists the nodes of the spine and of the steps, and the edges between
// them with the step that tells each.
func (w *writer) graph(steps []step) Graph {
	b := graphBuilder{w: w, nodes: map[int]bool{}, edges: map[[3]int]*Edge{}}
	for _, l := range w.sp.Links {
		b.edge(l.Src, l.Dst, l.Verb, Edge{
			Strength: causal.Control.String(), Grade: l.Grade.String(), Events: l.Events,
			Step: b.stepOf(steps, l.Events),
		})
	}
	for i := range steps {
		for _, a := range steps[i].acts {
			objects := a.objects
			if len(objects) == 0 {
				objects = []int{a.object}
			}
			for _, o := range objects[:min(len(objects), maxList)] {
				b.edge(a.actor, o, a.verb, Edge{
					Strength: a.strength.String(), Grade: a.grade.String(), Events: a.events,
					Step: steps[i].N,
				})
			}
		}
	}
	for i := range w.sp.Members {
		b.nodes[w.sp.Members[i].Node] = true
	}
	return b.finish()
}

type graphBuilder struct {
	w     *writer
	nodes map[int]bool
	edges map[[3]int]*Edge
}

func (b *graphBuilder) stepOf(steps []step, ids []event.ID) int {
	for i := range steps {
		for _, id := range ids {
			if _, ok := slices.BinarySearchFunc(steps[i].Events, id, compareIDs); ok {
				return steps[i].N
			}
		}
	}
	return 0
}

// maxEdgeEvents bounds the identifiers of one drawn edge.
const maxEdgeEvents = 12

// edge draws e between two nodes; where it is drawn, the first step stays.
func (b *graphBuilder) edge(src, dst int, v causal.Verb, e Edge) {
	if src < 0 || dst < 0 {
		return
	}
	b.nodes[src], b.nodes[dst] = true, true
	k := [3]int{src, dst, int(v)}
	if have := b.edges[k]; have != nil {
		have.Step = cmp.Or(have.Step, e.Step)
		return
	}
	e.Src, e.Dst, e.Verb = b.id(src), b.id(dst), v.String()
	e.Events = e.Events[:min(len(e.Events), maxEdgeEvents)]
	b.edges[k] = &e
}

func (b *graphBuilder) id(n int) string { return fmt.Sprintf("n%d", n) }

func (b *graphBuilder) finish() Graph {
	g := Graph{Nodes: []Node{}, Edges: []Edge{}}
	nodes := make([]int, 0, len(b.nodes))
	for n := range b.nodes {
		nodes = append(nodes, n)
	}
	slices.Sort(nodes)
	for _, n := range nodes {
		node := b.w.g.Node(n)
		out := Node{
			ID: b.id(n), Type: node.Kind.String(), Host: node.Host, Label: b.w.name(n),
			Verdict: "context", Entity: node.Entity.String(),
		}
		if node.Kind == causal.KindProcess {
			out.ProcessUID, out.Starts = node.Key, node.Launch
		}
		if m := b.w.members[n]; m != nil {
			out.Verdict = m.Verdict.String()
		}
		g.Nodes = append(g.Nodes, out)
	}
	keys := make([][3]int, 0, len(b.edges))
	for k := range b.edges {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [3]int) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		g.Edges = append(g.Edges, *b.edges[k])
	}
	return g
}

// gaps places the gaps of the spine after the steps they follow.
func (w *writer) gaps(steps []step) []Gap {
	out := []Gap{}
	for _, g := range w.sp.Gaps {
		gap := Gap{
			Kind: g.Kind, Host: g.Host, From: g.From.UTC(), To: g.To.UTC(),
			Text: clean(g.Text, 2*maxText), WouldClose: clean(g.WouldClose, maxText), Query: g.Query,
			About: g.About,
		}
		gap.AfterStep = w.afterStep(&g, steps)
		out = append(out, gap)
	}
	return append(out, w.reachGaps(steps)...)
}

// hosts describes the hosts of the spine, those without logs included.
func (w *writer) hosts() []Host {
	out := []Host{}
	for _, name := range w.hostNames() {
		h := Host{Name: name, Sensors: []string{}}
		for _, s := range w.g.Sensors() {
			if s.Host != name {
				continue
			}
			for _, c := range s.Channels {
				h.Sensors = append(h.Sensors, clean(c.Name, maxText))
			}
			h.OffsetMS, h.ErrorMS = s.Offset.Milliseconds(), s.Spread.Milliseconds()
		}
		out = append(out, h)
	}
	return out
}

func (w *writer) hostNames() []string {
	names := w.sp.Hosts(w.g)
	if h := causal.ShortHost(w.seed.Attrs.Get(event.AttrHost)); h != "" {
		names = append(names, h)
	}
	for _, g := range w.sp.Gaps {
		if g.Kind == causal.GapSensor && g.Host != "" {
			names = append(names, g.Host)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (w *writer) head(steps []step, res *Result) Incident {
	inc := Incident{
		Grade: w.sp.Grade().String(), Hosts: []string{}, Considered: w.g.Events(), Folded: w.folded,
		Seed: w.seed.ID, Entries: []string{}, Findings: []string{}, Severity: levels[0],
		From: w.seed.Time.UTC(), To: w.seed.Time.UTC(),
	}
	if len(w.sp.Members) == 0 {
		inc.Grade = causal.Inferred.String()
	}
	for _, h := range res.Hosts {
		if len(h.Sensors) > 0 {
			inc.Hosts = append(inc.Hosts, h.Name)
		}
	}
	w.span(&inc, steps)
	w.entries(&inc)
	inc.UID = w.uid(&inc)
	inc.Title = w.title(&inc, steps)
	inc.Members = w.memberEvents()
	inc.Kept = w.statements(inc.Members)
	return inc
}

func (w *writer) span(inc *Incident, steps []step) {
	level, weakest := 0, causal.Proven+1
	found := map[string]bool{}
	for i := range steps {
		s := &steps[i]
		if i == 0 || s.From.Before(inc.From) {
			inc.From = s.From
		}
		if s.To.After(inc.To) {
			inc.To = s.To
		}
		if a := s.acts[0]; a.arrival && a.grade < weakest {
			weakest, inc.WeakestStep = a.grade, s.N
		}
		level = max(level, levelOf(s.Severity))
		for _, a := range s.acts {
			for _, t := range a.tags {
				found[t.UID] = true
			}
		}
	}
	if inc.WeakestStep == 0 && len(steps) > 0 {
		inc.WeakestStep = 1
	}
	inc.Severity = levels[escalate(level, inc.Hosts, steps)]
	for uid := range found {
		inc.Findings = append(inc.Findings, uid)
	}
	slices.Sort(inc.Findings)
}

func (w *writer) entries(inc *Incident) {
	for i := range w.sp.Members {
		m := &w.sp.Members[i]
		if m.Entry != "" {
			where := ""
			if h := w.g.Node(m.Node).Host; h != "" {
				where = " on " + h
			}
			inc.Entries = append(inc.Entries, fmt.Sprintf("%s%s (%s)", w.name(m.Node), where, m.Entry))
		}
	}
}

// uid hashes what the incident began with, so that any seed of the same spine
// gives the same identifier.
func (w *writer) uid(inc *Incident) string {
	h := sha256.New()
	n := 0
	for i := range w.sp.Members {
		m := &w.sp.Members[i]
		if m.Verdict == causal.VerdictEntry {
			node := w.g.Node(m.Node)
			fmt.Fprintf(h, "%s|%s|%s|%s\n", node.Kind, node.Host, node.Key,
				m.From.UTC().Format(time.RFC3339Nano))
			n++
		}
	}
	if n == 0 {
		fmt.Fprintf(h, "seed|%s\n", inc.Seed)
	}
	return "inc-" + hex.EncodeToString(h.Sum(nil))[:12]
}

// title takes the worst finding's own title; without findings it says how the
// incident came in.
func (w *writer) title(inc *Incident, steps []step) string {
	title, level := "", -1
	for i := range steps {
		for _, a := range steps[i].acts {
			for _, t := range a.tags {
				if l := levelOf(t.Level); l > level && t.Title != "" {
					title, level = t.Title, l
				}
			}
		}
	}
	if title == "" && len(steps) > 0 {
		s := steps[0]
		for _, c := range steps {
			if levelOf(c.Severity) > levelOf(s.Severity) {
				s = c
			}
		}
		title = strings.TrimSpace(cmp.Or(s.TechniqueName, s.Actor+" "+s.Verb))
	}
	return clean(cmp.Or(title, "Event "+inc.Seed.String()), maxText) + onHosts(inc.Hosts)
}

func onHosts(hosts []string) string {
	switch len(hosts) {
	case 0:
		return ""
	case 1, 2, 3:
		return " on " + list(hosts)
	}
	return fmt.Sprintf(" on %s and %d more hosts", strings.Join(hosts[:2], ", "), len(hosts)-2)
}

// memberEvents lists every event by a controlled node.
func (w *writer) memberEvents() []event.ID {
	ids := []event.ID{}
	for i := range w.sp.Members {
		m := &w.sp.Members[i]
		if m.Verdict < causal.VerdictControlled {
			continue
		}
		n := w.g.Node(m.Node)
		for _, r := range w.g.Out(m.Node) {
			if w.deed(m, n, r) {
				ids = append(ids, r.ID)
			}
		}
		for _, r := range w.g.In(m.Node) {
			if w.ordinary(r) {
				continue
			}
			if !r.Time.Before(m.From) && n.Kind != causal.KindAccount && n.Kind != causal.KindEndpoint {
				ids = append(ids, r.ID)
			}
		}
	}
	for _, a := range w.acts {
		ids = append(ids, a.events...)
	}
	return unique(ids)
}

// statements counts what the events of the incident say: the same act of one
// actor on one thing counts once, and so does the same act on the files of one
// folder or share, and the same traffic to one place.
func (w *writer) statements(ids []event.ID) int {
	type statement struct {
		src, dst int
		verb     causal.Verb
		folder   string
	}
	seen := map[statement]bool{}
	for _, id := range ids {
		if rels := w.g.Of(id); len(rels) > 0 { // further edges of an event say the same
			r := rels[0]
			s := statement{src: r.Src, dst: r.Dst, verb: r.Verb}
			switch obj := w.node(r.Dst); {
			case obj.Kind == causal.KindFile || obj.Kind == causal.KindShare:
				s.dst, s.folder = -1, obj.Key[:strings.LastIndexAny(obj.Key, `\/`)+1]
			case r.Verb == causal.VerbTraffic:
				s.src = -1 // the port of the connecting side is another each time
			}
			seen[s] = true
		}
	}
	return len(seen)
}

// ordinary reports whether a record says only that a program loaded a library of
// the system, as all programs do.
func (w *writer) ordinary(r *causal.Rel) bool {
	return r.Verb == causal.VerbLoaded && len(w.sc.tags[r.ID]) == 0 && r.ID != w.seed.ID &&
		causal.SystemPath(w.node(r.Src).Key)
}

// Reach from which an incident is worse than its worst finding.
const (
	wideHosts   = 2
	wideTactics = 4
)

// escalate raises a high incident to critical when rules saw several tactics on
// several hosts: no single finding says that somebody is moving through the
// network.
func escalate(level int, hosts []string, steps []step) int {
	tactics := map[string]bool{}
	for i := range steps {
		for _, a := range steps[i].acts {
			for _, t := range a.tags {
				for _, name := range t.Tactics {
					tactics[name] = true
				}
			}
		}
	}
	if levels[level] == "high" && len(hosts) >= wideHosts && len(tactics) >= wideTactics {
		return level + 1
	}
	return level
}
