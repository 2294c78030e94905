package causal

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// Windows of the joins between hosts. Clocks of managed hosts differ by less
// than clockSlack; a console tool acts within nameWindow of its start.
const (
	clockSlack   = 5 * time.Second
	nameWindow   = 5 * time.Minute
	dialWindow   = 10 * time.Second
	replayWindow = 4 * time.Hour
	copyWindow   = 10 * time.Minute
)

// shortUser returns an account name in lower case without its domain.
func shortUser(u string) string {
	u = strings.ToLower(u[strings.LastIndexByte(u, '\\')+1:])
	u, _, _ = strings.Cut(u, "@")
	return u
}

// logonSources returns who, on the source host, made remote logon k, by the
// strongest methods that say anything. Never by the address or the account
// alone. System processes, which hold the connections of others, are left out.
func (g *Graph) logonSources(k int) []Link {
	all := g.sources(k, MethodIdentifier)
	return slices.DeleteFunc(all, func(l Link) bool { return g.nodes[l.Src].role == roleBoundary })
}

// sources asks the methods in order of proof, beginning with from: those that
// compare keys together, the others only where nothing better spoke.
func (g *Graph) sources(k int, from Method) []Link {
	r := &g.rels[g.ix.logons[k]]
	src, dst := g.ix.sourceOfLogon(g, r), g.nodes[r.Dst].Host
	var links []Link
	if from <= MethodIdentifier {
		links = g.byLogonGUID(r)
	}
	held := g.byConnection(r, dst)
	if from <= MethodConnection {
		links = append(links, held...)
	}
	links = append(links, g.byTicket(r, dst)...)
	if len(links) == 0 {
		links = g.byWire(r, dst)
	}
	if src == dst || g.acts(links) {
		return links
	}
	wire := len(held) > 0 || g.onWire(r)
	more := g.byCredential(r, src, dst)
	switch {
	case len(more) > 0:
	case src != "":
		more = append(g.byName(r, src, dst, wire), g.byDial(r, src, dst)...)
		more = append(more, g.byDirectory(r, src)...)
	case r.Facts.SrcIP == "" && r.Facts.SrcHost == "":
		more = g.byCall(r, dst)
	}
	return append(more, links...)
}

// onWire reports whether the network's own log shows the connection of a logon.
func (g *Graph) onWire(r *Rel) bool {
	if r.Facts.SrcPort == "" {
		return false
	}
	return slices.ContainsFunc(g.ix.wire[sourceOf(r.Facts)], func(i int) bool {
		return g.rels[i].Time.Sub(r.Time).Abs() <= clockSlack
	})
}

// acts reports whether a link begins at somebody who acts, not at a process of
// the system that holds the connection for somebody.
func (g *Graph) acts(links []Link) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return g.nodes[l.Src].role != roleBoundary })
}

// logonLink joins src to the session that logon r opened, on the evidence of
// another record.
func logonLink(r *Rel, src int, m Method, grade Grade, by *Rel, why string) Link {
	return Link{
		Method: m, Src: src, Dst: r.Dst, Verb: VerbLoggedOn, Grade: grade, Time: by.Time,
		Events: []event.ID{by.ID, r.ID}, Why: why,
	}
}

// acting returns the process of a credential edge, or its session where the
// process is the system's.
func (g *Graph) acting(r *Rel) int {
	if r.Src >= 0 && g.nodes[r.Src].role == rolePlain {
		return r.Src
	}
	if r.Facts == nil || edge.MachineSession(r.Facts.RealActor) || r.Src < 0 {
		return -1
	}
	if n, ok := g.Find(KindSession, g.nodes[r.Src].Host, r.Facts.RealActor); ok {
		return n
	}
	return -1
}

func (g *Graph) byLogonGUID(r *Rel) []Link {
	if r.Facts.SessionGUID == "" {
		return nil
	}
	var links []Link
	for _, i := range g.ix.creds[r.Facts.SessionGUID] {
		c := &g.rels[i]
		src := g.acting(c)
		if src >= 0 && src != r.Dst && g.nodes[src].Host != g.nodes[r.Dst].Host {
			links = append(links, logonLink(r, src, MethodIdentifier, Proven, c,
				"logon identifiers on both hosts are equal"))
		}
	}
	return links
}

// byConnection joins by source address and port, after the clocks of both hosts
// have been compared.
func (g *Graph) byConnection(r *Rel, to string) (links []Link) {
	f := r.Facts
	if f.SrcIP == "" || f.SrcPort == "" {
		return nil
	}
	for _, i := range g.ix.conns[sourceOf(f)] {
		c := &g.rels[i]
		n := &g.nodes[c.Src]
		if n.Host == to || g.ix.clocks.apart(n.Host, c.Time, to, r.Time) > clockSlack {
			continue
		}
		links = append(links, logonLink(r, c.Src, MethodConnection, min(Proven, max(c.Grade, Inferred)),
			c, "source address and port are equal on both hosts within 5 s"))
	}
	return links
}

// byCredential joins by explicit credentials of the same account, used towards
// the target by a process on the source host; where the logon names no source,
// on any host.
func (g *Graph) byCredential(r *Rel, from, to string) []Link {
	var links []Link
	for _, i := range g.ix.explicit[to] {
		c := &g.rels[i]
		if host := c.host(g); host == to || from != "" && host != from {
			continue
		}
		if c.Time.Sub(r.Time).Abs() > dialWindow || shortUser(c.Facts.User) != shortUser(r.Facts.User) {
			continue
		}
		if src := g.acting(c); src >= 0 {
			links = append(links, logonLink(r, src, MethodTarget, Corroborated, c,
				"explicit credentials of the same account towards this host within 10 s"))
		}
	}
	return links
}

// byName takes the latest process on the source host whose command line names
// the target and that was running at the logon.
func (g *Graph) byName(r *Rel, from, to string, wire bool) []Link {
	list := g.ix.names[to]
	for k := len(list) - 1; k >= 0; k-- {
		n := &g.nodes[list[k]]
		d := r.Time.Sub(n.Start)
		if n.Host != from || n.Start.IsZero() || d < -2*time.Second || d > nameWindow {
			continue
		}
		if !n.End.IsZero() && n.End.Before(r.Time.Add(-clockSlack)) {
			continue
		}
		grade, why := Inferred, "its command line names the host just before the logon from there"
		if wire {
			grade, why = Corroborated, why+", and the connection was seen leaving"
		}
		started := &Rel{Time: n.Start, ID: n.Launch[0]}
		return []Link{logonLink(r, list[k], MethodTarget, grade, started, why)}
	}
	return nil
}

// byDial takes the only ordinary process that connected to a service of the
// target that logs on, within seconds of the logon; of several it takes none.
func (g *Graph) byDial(r *Rel, from, to string) []Link {
	list := g.ix.dials[from]
	at := g.until(list, r.Time.Add(2*time.Second))
	var found *Rel
	for k := at - 1; k >= 0 && at-k < maxCalls; k-- {
		c := &g.rels[list[k]]
		if r.Time.Sub(c.Time) > dialWindow {
			break
		}
		if g.nodes[c.Src].role != rolePlain || adminPorts[c.Facts.DstPort] == "" ||
			g.ix.ipHost[c.Facts.DstIP] != to {
			continue
		}
		if found != nil && found.Src != c.Src {
			return nil
		}
		found = c
	}
	if found == nil {
		return nil
	}
	return []Link{logonLink(r, found.Src, MethodTime, Inferred, found,
		"the only ordinary process that connected to the host within 10 s of the logon from there")}
}

// byCall serves logons that name no source: the only ordinary process on any
// other host that connected to a service of the target within seconds.
func (g *Graph) byCall(r *Rel, to string) []Link {
	at := g.until(g.ix.calls, r.Time.Add(2*time.Second))
	var found *Rel
	for k := at - 1; k >= 0 && at-k < maxCalls; k-- {
		c := &g.rels[g.ix.calls[k]]
		if r.Time.Sub(c.Time) > dialWindow {
			break
		}
		if g.nodes[c.Src].role != rolePlain || g.nodes[c.Src].Host == to ||
			adminPorts[c.Facts.DstPort] == "" || g.ix.ipHost[c.Facts.DstIP] != to {
			continue
		}
		if found != nil && found.Src != c.Src {
			return nil
		}
		found = c
	}
	if found == nil {
		return nil
	}
	return []Link{logonLink(r, found.Src, MethodTime, Inferred, found,
		"the only ordinary process that connected to the host within 10 s of a logon without source")}
}

// Owner returns the host that an address belongs to, "" when no record tells.
func (g *Graph) Owner(ip string) string { return g.ix.ipHost[edge.Address(ip)] }

// until returns how many edges of an ordered list lie before t.
func (g *Graph) until(list []int, t time.Time) int {
	n, _ := slices.BinarySearchFunc(list, t, func(i int, t time.Time) int {
		return g.rels[i].Time.Compare(t)
	})
	return n
}

// maxCalls bounds the connections compared for one logon.
const maxCalls = 2000

// backSession asks where a session came from.
func (s *search) backSession(n int) {
	s.hold(n, s.g.begin(n), VerdictControlled)
	for k, i := range s.g.ix.logons {
		if s.g.rels[i].Dst != n {
			continue
		}
		for _, l := range s.g.logonSources(k) {
			s.adopt(l)
		}
	}
	if s.g.nodes[n].Host == "" {
		s.backCloud(n)
	}
}

// crossHost returns the links that leave controlled node n for other hosts. The
// sources of all remote logons are computed once for the graph.
func (s *search) crossHost(n int) []*Link {
	links := s.g.leaving()[n]
	s.rels += 1 + len(links)
	return links
}

// leaving lists who made remote logons, by source.
func (g *Graph) leaving() map[int][]*Link {
	g.once.Do(func() {
		g.sourcesOf = map[int][]*Link{}
		for k := range g.ix.logons {
			links := g.logonSources(k)
			for i := range links {
				g.sourcesOf[links[i].Src] = append(g.sourcesOf[links[i].Src], &links[i])
			}
		}
		for _, links := range [][]Link{g.madeFromAfar(), g.commanded()} {
			for i := range links {
				g.sourcesOf[links[i].Src] = append(g.sourcesOf[links[i].Src], &links[i])
			}
		}
	})
	return g.sourcesOf
}

// replays links a process that read credentials to later logons, from its host
// and of an account it could read there, that nothing else explains and that
// were not usual before.
func (g *Graph) replays(p int, read *Rel) []Link {
	host := g.nodes[p].Host
	var links []Link
	for _, k := range g.ix.bySource[host] {
		r := &g.rels[g.ix.logons[k]]
		d := r.Time.Sub(read.Time)
		user := shortUser(r.Facts.User)
		if d < 0 || d > replayWindow || strings.HasSuffix(user, "$") || g.nodes[r.Dst].Host == host {
			continue
		}
		if !g.ix.wasOn(user, host, read.Time) || g.usual(k, read.Time) || len(g.logonSources(k)) > 0 {
			continue
		}
		links = append(links, logonLink(r, p, MethodTime, Inferred, &Rel{Time: r.Time, ID: read.ID},
			"the account was on the host whose credentials were read, and never used this way before"))
	}
	return links
}

// journey is an account's way from an address to a host.
type journey struct{ user, host, from string }

func (g *Graph) journeyOf(r *Rel) journey {
	return journey{shortUser(r.Facts.User), g.nodes[r.Dst].Host, r.Facts.SrcIP}
}

// usual reports whether the same account made the same journey before t.
func (g *Graph) usual(k int, t time.Time) bool {
	first, ok := g.ix.journeys[g.journeyOf(&g.rels[g.ix.logons[k]])]
	return ok && first.Before(t)
}

// copies links a process to those on other hosts that run the same file, where
// a remote logon from its host came shortly before.
func (g *Graph) copies(p int, from time.Time) []Link {
	n := &g.nodes[p]
	shas := []string{}
	if n.Facts != nil && n.Facts.SHA256 != "" && !edge.SystemPath(NormalPath(n.Name)) {
		shas = append(shas, n.Facts.SHA256)
	}
	for _, i := range g.out[p] {
		if r := &g.rels[i]; isWriting(r) && r.Facts != nil && r.Facts.SHA256 != "" {
			shas = append(shas, r.Facts.SHA256)
		}
	}
	slices.Sort(shas)
	var links []Link
	for _, sha := range slices.Compact(shas) {
		for _, q := range g.ix.sha[sha] {
			if l, ok := g.copied(p, q, from); ok {
				links = append(links, l)
			}
		}
	}
	return links
}

func (g *Graph) copied(p, q int, from time.Time) (Link, bool) {
	a, b := &g.nodes[p], &g.nodes[q]
	if a.Host == b.Host || b.Start.IsZero() || b.Start.Before(from) {
		return Link{}, false
	}
	if r := g.crossed(b.Facts.SHA256, a.Host, b.Host, b.Start); r != nil {
		return Link{
			Method: MethodFile, Src: p, Dst: q, Verb: VerbWroteShare, Grade: Corroborated, Time: b.Start,
			Events: append([]event.ID{r.ID}, b.Launch...),
			Why:    "runs a file with the same hash after the network saw it cross between the two hosts",
		}, true
	}
	for _, k := range g.ix.bySource[a.Host] {
		r := &g.rels[g.ix.logons[k]]
		d := b.Start.Sub(r.Time)
		if g.nodes[r.Dst].Host == b.Host && d >= 0 && d <= copyWindow {
			return Link{
				Method: MethodFile, Src: p, Dst: q, Verb: VerbWroteShare, Grade: Corroborated, Time: b.Start,
				Events: append([]event.ID{r.ID}, b.Launch...),
				Why:    "runs a file with the same hash after a logon from there",
			}, true
		}
	}
	return Link{}, false
}

// wasOn reports whether an account was seen on a host before t.
func (ix *indexes) wasOn(user, host string, t time.Time) bool {
	first, ok := ix.accounts[onHost{host, user}]
	return ok && first.Before(t)
}
