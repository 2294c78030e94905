package causal

import (
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// writing is an edge that put content into a file, and how its path matched.
type writing struct {
	rel       *Rel
	file      int
	ambiguous bool // by a short name or an unknown drive
	bare      bool // by the file name alone
}

func (w writing) caveat() string {
	switch {
	case w.bare:
		return " (the name alone is equal, the folder is not given)"
	case w.ambiguous:
		return " " + unsurePath
	}
	return ""
}

// bareWindow bounds a match by file name alone.
const bareWindow = time.Hour

// writersOf returns the last writing before limit of each file on host that
// path may name.
func (g *Graph) writersOf(host, path string, limit time.Time) []writing {
	normal := NormalPath(path)
	bare := Base(path) == normal
	var found []writing
	for _, f := range g.ix.files[onHost{host, Base(path)}] {
		same, ambiguous := SamePath(normal, g.nodes[f].Key)
		if !same && !bare {
			continue
		}
		for k := len(g.in[f]) - 1; k >= 0; k-- {
			r := &g.rels[g.in[f][k]]
			if r.Time.After(limit) || !isWriting(r) {
				continue
			}
			if remote := g.remoteWriting(r); remote != nil {
				r = remote
			}
			if !bare || limit.Sub(r.Time) <= bareWindow {
				found = append(found, writing{r, f, ambiguous, bare && !same})
			}
			break
		}
	}
	return found
}

// remoteWriting returns the share access behind a writing of the system's own
// process: the file server writes what sessions send. Nil where there is none.
func (g *Graph) remoteWriting(r *Rel) *Rel {
	if g.nodes[r.Src].role != roleBoundary {
		return nil
	}
	var found *Rel
	for _, i := range g.in[r.Dst] {
		w := &g.rels[i]
		if w.Verb == VerbWroteShare && w.Src >= 0 && w.Time.Sub(r.Time).Abs() <= clockSlack {
			found = w
		}
	}
	return found
}

func isWriting(r *Rel) bool {
	return r.Src >= 0 && (r.Verb == VerbWrote || r.Verb == VerbRenamed || r.Verb == VerbWroteShare)
}

// origins looks where the code of p came from: who wrote its image, the files
// its command line names, and the modules it loaded. Ordinary programs are
// followed only for a root; portals and remote sessions always, because they
// are ways in.
func (s *search) origins(p int, root bool) {
	for _, l := range s.g.origins(p) {
		s.rels++
		switch src := &s.g.nodes[l.Src]; {
		case l.Src == p || src.role == roleBoundary:
			continue
		case src.Kind == KindSession || src.role == rolePortal || root:
			s.adopt(l)
		}
	}
}

func (g *Graph) origins(p int) []Link {
	n := &g.nodes[p]
	if n.Start.IsZero() {
		return nil
	}
	var links []Link
	if !edge.SystemPath(NormalPath(n.Name)) {
		for _, w := range g.writersOf(n.Host, n.Name, n.Start) {
			links = append(links, w.link(p, n, "wrote the file that ran"))
		}
	}
	for _, token := range edge.CodeMentions(n.CmdLine()) {
		for _, w := range g.writersOf(n.Host, token, n.Start) {
			links = append(links, w.link(p, n, "wrote the file that the command line names"))
		}
	}
	return append(links, g.loadOrigins(p, n)...)
}

// link grades by path: two records that name the same path, or its hash.
func (w writing) link(p int, n *Node, why string) Link {
	grade := Inferred
	if w.rel.Facts != nil && n.Facts != nil && w.rel.Facts.SHA256 != "" &&
		w.rel.Facts.SHA256 == n.Facts.SHA256 {
		grade, why = Proven, why+", the hashes are equal"
	} else if !w.bare && !w.ambiguous {
		grade, why = Corroborated, why+", the paths in both records are equal"
	}
	return Link{
		Src: w.rel.Src, Dst: p, Verb: VerbWrote, Grade: min(grade, max(w.rel.Grade, Inferred)),
		Time: w.rel.Time, Events: append([]event.ID{w.rel.ID}, n.Launch...), Why: why + w.caveat(),
	}
}

// loadOrigins returns who wrote the modules that p loaded.
func (g *Graph) loadOrigins(p int, n *Node) []Link {
	var links []Link
	for _, i := range g.in[p] {
		r := &g.rels[i]
		if r.Verb != VerbLoaded || edge.SystemPath(g.nodes[r.Src].Key) {
			continue
		}
		for _, w := range g.writersOf(n.Host, g.nodes[r.Src].Key, r.Time) {
			l := w.link(p, n, "wrote the module that it loaded")
			l.Events = []event.ID{w.rel.ID, r.ID}
			links = append(links, l)
		}
	}
	return links
}

// carried is a process that runs the content of a file from a time on.
type carried struct {
	node int
	at   time.Time
	link Link
}

// carriers returns the processes that ran, loaded or named file f after it was
// written at w.
func (g *Graph) carriers(f int, w *Rel) []carried {
	n := &g.nodes[f]
	key := onHost{n.Host, Base(n.Key)}
	var found []carried
	try := func(p int) {
		for _, l := range g.origins(p) {
			if slices.Contains(l.Events, w.ID) {
				found = append(found, carried{p, g.nodes[p].Start, l})
			}
		}
	}
	for _, p := range g.ix.images[key] {
		try(p)
	}
	for _, p := range g.ix.mentions[key] {
		try(p)
	}
	return append(found, g.loaders(f, w)...)
}

func (g *Graph) loaders(f int, w *Rel) []carried {
	var found []carried
	for _, i := range g.out[f] {
		r := &g.rels[i]
		if r.Verb != VerbLoaded || r.Time.Before(w.Time) || r.Dst == w.Src {
			continue
		}
		found = append(found, carried{r.Dst, r.Time, Link{
			Src: w.Src, Dst: r.Dst, Verb: VerbLoaded, Grade: Corroborated, Time: r.Time,
			Events: []event.ID{w.ID, r.ID},
			Why:    "loaded the module it wrote, the paths in both records are equal",
		}})
	}
	return found
}
