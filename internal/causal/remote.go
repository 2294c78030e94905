package causal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// wireWindow is how far the clock of a host may be off and its connection still
// be found by the network's record of the same addresses and ports, where they
// name one process only: ports are not used again within the hour.
const wireWindow = time.Hour

// remote are the look-ups of the joins that rest on tickets, the network's own
// log, files that moved and pipes. All lists are in time order.
type remote struct {
	tickets map[string][]int // logon guid: tickets
	asked   map[onHost][]int // server, account: tickets for it
	checked map[onHost][]int // server, account: authentications seen on the network
	uids    map[string][]int // connection identifier: connections of processes
	calls   map[string][]int // server: remote procedure calls seen on the network
	opens   map[onHost][]int // server, pipe: sessions and endpoints that opened it
	servers map[onHost][]int // host, pipe: processes that created it
	moved   map[string][]int // sha256: files seen on the network
	nowhere map[onHost][]int // host, account: network logons that name no address
	named   map[socket]bool  // address and port that a logon names
}

func newRemote(g *Graph, ix *indexes) remote {
	x := remote{
		tickets: map[string][]int{}, asked: map[onHost][]int{}, checked: map[onHost][]int{},
		uids: map[string][]int{}, calls: map[string][]int{}, opens: map[onHost][]int{},
		servers: map[onHost][]int{}, moved: map[string][]int{}, nowhere: map[onHost][]int{},
		named: map[socket]bool{},
	}
	for i := range g.rels {
		if r := &g.rels[i]; r.Facts != nil {
			x.add(g, ix, i, r)
		}
	}
	return x
}

func (x *remote) add(g *Graph, ix *indexes, i int, r *Rel) {
	f := r.Facts
	switch r.Verb {
	case VerbTicket:
		x.ticket(ix, i, f)
	case VerbLoggedOn:
		x.named[sourceOf(f)] = true
		if k := (onHost{g.nodes[r.Dst].Host, shortUser(f.User)}); f.LogonType == 3 && f.SrcIP == "" {
			x.nowhere[k] = append(x.nowhere[k], i)
		}
	case VerbConnected:
		if f.ConnUID != "" {
			x.uids[f.ConnUID] = append(x.uids[f.ConnUID], i)
		}
	case VerbTraffic:
		if host := ix.ipHost[f.DstIP]; host != "" && strings.Contains(f.Value, "::") {
			x.calls[host] = append(x.calls[host], i)
		}
		if f.SHA256 != "" {
			x.moved[f.SHA256] = append(x.moved[f.SHA256], i)
		}
	case VerbAccessedShare, VerbWroteShare:
		if name, ok := pipeOfShare(g.nodes[r.Dst].Key); ok && r.Src >= 0 {
			k := onHost{g.nodes[r.Dst].Host, name}
			x.opens[k] = append(x.opens[k], i)
		}
	case VerbPipe:
		if f.Value == edge.PipeServer {
			k := onHost{g.nodes[r.Dst].Host, strings.TrimPrefix(g.nodes[r.Dst].Key, `\`)}
			x.servers[k] = append(x.servers[k], i)
		}
	}
}

// ticket files a ticket, or an authentication that the network saw, by what it
// names. The server of the network's record is the host at its other end.
func (x *remote) ticket(ix *indexes, i int, f *Facts) {
	server, user := f.DstHost, shortUser(f.User)
	if f.ConnUID != "" {
		if owner := ix.ipHost[f.DstIP]; owner != "" && f.App != "Kerberos" {
			server = owner
		}
		x.checked[onHost{server, user}] = append(x.checked[onHost{server, user}], i)
		return
	}
	if f.SessionGUID != "" {
		x.tickets[f.SessionGUID] = append(x.tickets[f.SessionGUID], i)
	}
	if server != "" && f.SrcIP != "" {
		x.asked[onHost{server, user}] = append(x.asked[onHost{server, user}], i)
	}
}

// pipeOfShare returns the pipe that a path below the share IPC$ names.
func pipeOfShare(path string) (string, bool) {
	_, name, ok := strings.Cut(strings.ToLower(path), `ipc$\`)
	name = strings.TrimPrefix(strings.Trim(name, `\`), `pipe\`)
	return name, ok && name != ""
}

// sourceOfLogon returns the host that logon r came from: as the logon says, else
// as the ticket with its identifier says, else where all tickets that its account
// got for its host at that moment say the same.
func (ix *indexes) sourceOfLogon(g *Graph, r *Rel) string {
	if h := ix.sourceHost(r.Facts); h != "" || r.Facts.SrcIP != "" || r.Facts.SrcHost != "" {
		return h
	}
	if r.Facts.SessionGUID != "" {
		for _, i := range ix.remote.tickets[r.Facts.SessionGUID] {
			if h := ix.ipHost[g.rels[i].Facts.SrcIP]; h != "" {
				return h
			}
		}
	}
	hosts := map[string]bool{}
	own := g.nodes[r.Dst].Host
	for _, i := range g.around(ix.remote.asked[onHost{own, shortUser(r.Facts.User)}], r.Time, dialWindow) {
		hosts[ix.ipHost[g.rels[i].Facts.SrcIP]] = true
	}
	if len(hosts) != 1 {
		return ""
	}
	for h := range hosts {
		return h
	}
	return ""
}

// maxAround is how many records of one moment can still tell who did something.
const maxAround = 256

// around returns the edges of an ordered list that lie within d of t; none where
// they are too many to tell anything.
func (g *Graph) around(list []int, t time.Time, d time.Duration) []int {
	from, to := g.until(list, t.Add(-d)), g.until(list, t.Add(d+1))
	if to-from > maxAround {
		return nil
	}
	return list[from:to]
}

// byTicket joins by the ticket whose logon identifier the logon has: who held the
// connection over which the ticket was asked for.
func (g *Graph) byTicket(r *Rel, to string) (links []Link) {
	if r.Facts.SessionGUID == "" {
		return nil
	}
	for _, i := range g.ix.remote.tickets[r.Facts.SessionGUID] {
		t := &g.rels[i]
		for _, k := range g.ix.conns[sourceOf(t.Facts)] {
			c := &g.rels[k]
			host := g.nodes[c.Src].Host
			if t.Facts.SrcPort == "" || host == to ||
				g.ix.clocks.apart(host, c.Time, t.host(g), t.Time) > clockSlack {
				continue
			}
			grade := Corroborated // a ticket may be used from elsewhere
			switch r.Facts.SrcIP {
			case t.Facts.SrcIP:
				grade = Proven
			case "":
			default:
				continue
			}
			l := logonLink(r, c.Src, MethodTicket, max(min(c.Grade, grade), Inferred), t,
				"the ticket has the identifier of the logon, and was asked for over its connection")
			l.Events = append(l.Events, c.ID)
			links = append(links, l)
		}
	}
	return links
}

// byWire joins by what the network's own log saw: an equal identifier of the
// connection, the same addresses and ports where a clock is off, or, for a logon
// without address, the authentication of its account on its host.
func (g *Graph) byWire(r *Rel, to string) []Link {
	f := r.Facts
	var links []Link
	for _, i := range g.ix.remote.uids[f.ConnUID] {
		if c := &g.rels[i]; f.ConnUID != "" && g.nodes[c.Src].Host != to {
			links = append(links, logonLink(r, c.Src, MethodWire, max(c.Grade, Inferred), c,
				"the identifier of the connection is equal on both hosts"))
		}
	}
	switch {
	case len(links) > 0:
		return links
	case f.SrcIP != "" && f.SrcPort != "":
		return g.seenLeaving(r, to, sourceOf(f), wireWindow,
			"the network saw the connection of the logon, with addresses and ports that only this process had")
	case f.SrcIP != "":
		return nil
	}
	k := onHost{to, shortUser(f.User)}
	seen := g.around(g.ix.remote.checked[k], r.Time, clockSlack)
	sockets := map[socket]bool{}
	for _, i := range seen {
		sockets[sourceOf(g.rels[i].Facts)] = true
	}
	if len(sockets) != 1 {
		return nil
	}
	links = g.seenLeaving(r, to, sourceOf(g.rels[seen[0]].Facts), clockSlack,
		"the network saw this account authenticate to the host, over its connection")
	if x := &g.ix.remote; len(links) > 0 && (x.named[sourceOf(g.rels[seen[0]].Facts)] ||
		len(g.around(x.nowhere[k], r.Time, wireWindow)) != 1) {
		links[0].Grade = Inferred // of another logon of the account, maybe, by a clock that is off
	}
	return links
}

// seenLeaving finds the only process of another host that had the addresses and
// ports of the only connection from there which the network saw within d of logon r.
func (g *Graph) seenLeaving(r *Rel, to string, from socket, d time.Duration, why string) []Link {
	var wire, found *Rel
	for _, i := range g.around(g.ix.wire[from], r.Time, d) {
		w := &g.rels[i]
		if owner := g.ix.ipHost[w.Facts.DstIP]; owner != "" && owner != to {
			continue
		}
		if wire != nil && dialled(wire) != dialled(w) {
			return nil
		}
		wire = w
	}
	if wire == nil || from.port == "" {
		return nil
	}
	for _, i := range g.ix.conns[from] {
		c := &g.rels[i]
		host := g.nodes[c.Src].Host
		if dialled(c) != dialled(wire) || host == to || c.Time.Sub(r.Time).Abs() > wireWindow ||
			!g.mayBe(host, c.Time, to, r.Time) {
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
	l := logonLink(r, found.Src, MethodWire, max(min(Corroborated, found.Grade), Inferred), found, why)
	l.Events = append(l.Events, wire.ID)
	return []Link{l}
}

func dialled(r *Rel) socket { return socket{r.Facts.DstIP, r.Facts.DstPort} }

// mayBe reports whether two records can be of one moment: the clocks of their hosts
// agree after their known difference, or nothing is known of it.
func (g *Graph) mayBe(a string, at time.Time, b string, bt time.Time) bool {
	return g.Skew(a, b).Pairs < enoughPairs || g.ix.clocks.apart(a, at, b, bt) <= clockSlack
}

// crossed tells whether the network saw a file of the hash go between two hosts
// shortly before t.
func (g *Graph) crossed(sha, a, b string, t time.Time) *Rel {
	list := g.ix.remote.moved[sha]
	for k := g.until(list, t) - 1; k >= 0; k-- {
		r := &g.rels[list[k]]
		from, to := g.ix.ipHost[r.Facts.SrcIP], g.ix.ipHost[r.Facts.DstIP]
		switch {
		case t.Sub(r.Time) > copyWindow:
			return nil
		case from == a && to == b, from == b && to == a:
			return r
		}
	}
	return nil
}

// copiedFrom asks where else the file of process p ran before, on the host from
// which it came: the only such process.
func (g *Graph) copiedFrom(p int) []Link {
	n := &g.nodes[p]
	if n.Facts == nil || n.Facts.SHA256 == "" || edge.InstalledPath(NormalPath(n.Name)) {
		return nil
	}
	var found []Link
	for _, q := range g.ix.sha[n.Facts.SHA256] {
		if edge.InstalledPath(NormalPath(g.nodes[q].Name)) || !g.nodes[q].Start.Before(n.Start) {
			continue
		}
		if l, ok := g.copied(q, p, g.begin(q)); ok {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}

// brokerPipe says through which pipe a remote host makes each kind of thing, and
// the operations that do it (MS-SCMR 3.1.4.12, MS-TSCH 3.2.5.2.3 and 3.2.5.4.2).
var brokerPipe = map[Kind]struct {
	pipe       string
	operations []string
}{
	KindService: {"svcctl", []string{"createservice", "startservice", "changeserviceconfig"}},
	KindJob:     {"atsvc", []string{"schrpcregistertask", "netrjobadd", "jobadd"}},
}

// callers returns who made service or job b at the time of install r from another
// host: the process over whose connection the network saw the call, else the only
// session that opened the pipe for it.
func (g *Graph) callers(b int, r *Rel) []Link {
	n := &g.nodes[b]
	by, ok := brokerPipe[n.Kind]
	if !ok || r.Src >= 0 && g.nodes[r.Src].role != roleBoundary {
		return nil // the record itself names its client
	}
	if links := g.calledOver(b, r, by.operations); len(links) > 0 {
		return links
	}
	opened := map[int]*Rel{}
	for _, i := range g.around(g.ix.remote.opens[onHost{n.Host, by.pipe}], r.Time, dialWindow) {
		if o := &g.rels[i]; !o.Time.After(r.Time.Add(clockSlack)) && g.nodes[o.Src].Kind == KindSession {
			opened[o.Src] = o
		}
	}
	if len(opened) != 1 {
		return nil
	}
	for s, o := range opened {
		return []Link{{
			Src: s, Dst: b, Verb: r.Verb, Grade: Corroborated, Time: r.Time, Events: []event.ID{o.ID, r.ID},
			Why: "the only session that opened the pipe " + by.pipe + " from another host within 10 s",
		}}
	}
	return nil
}

// madeFromAfar returns the callers of all services and jobs, oldest first.
func (g *Graph) madeFromAfar() (links []Link) {
	for i := range g.rels {
		r := &g.rels[i]
		if (r.Verb == VerbInstalled || r.Verb == VerbRegistered) && r.Dst >= 0 {
			links = append(links, g.callers(r.Dst, r)...)
		}
	}
	return links
}

// calledOver finds the only process of another host over whose connection the
// network saw one of the operations on b's host.
func (g *Graph) calledOver(b int, r *Rel, operations []string) []Link {
	n := &g.nodes[b]
	links := map[int]Link{}
	for _, i := range g.around(g.ix.remote.calls[n.Host], r.Time, clockSlack) {
		call := &g.rels[i]
		_, operation, _ := strings.Cut(strings.ToLower(call.Facts.Value), "::")
		if !slices.ContainsFunc(operations, func(o string) bool { return strings.Contains(operation, o) }) {
			continue
		}
		for _, k := range g.ix.conns[sourceOf(call.Facts)] {
			c := &g.rels[k]
			if call.Facts.SrcPort == "" || c.Facts.DstIP != call.Facts.DstIP || g.nodes[c.Src].Host == n.Host ||
				c.Time.Sub(call.Time).Abs() > wireWindow {
				continue
			}
			links[c.Src] = Link{
				Method: MethodBroker, Src: c.Src, Dst: b, Verb: r.Verb, Time: r.Time,
				Grade: max(min(Corroborated, c.Grade), Inferred), Events: []event.ID{c.ID, call.ID, r.ID},
				Why: "the network saw the call that makes it, over a connection of this process",
			}
		}
	}
	if len(links) != 1 {
		return nil
	}
	for _, l := range links {
		return []Link{l}
	}
	return nil
}

// commanded joins sessions of other hosts to the processes whose pipe they opened:
// one name on both sides. Pipes of what administrators installed serve everybody
// and join nothing.
func (g *Graph) commanded() (links []Link) {
	for k, list := range g.ix.remote.opens {
		made := g.ix.remote.servers[k]
		for _, i := range list {
			o := &g.rels[i]
			at := g.until(made, o.Time.Add(clockSlack))
			if at == 0 || g.nodes[o.Src].Kind != KindSession {
				continue
			}
			c := &g.rels[made[at-1]]
			server := &g.nodes[c.Src]
			if server.role != rolePlain || edge.InstalledPath(NormalPath(server.Name)) ||
				!server.End.IsZero() && server.End.Before(o.Time) {
				continue
			}
			links = append(links, Link{
				Method: MethodBroker, Src: o.Src, Dst: c.Src, Verb: VerbPipe, Time: o.Time,
				Grade: min(Corroborated, max(c.Grade, Inferred)), Events: []event.ID{c.ID, o.ID},
				Why: "opened over the network the pipe that it had created, the names are equal",
			})
		}
	}
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Src, b.Src), cmp.Compare(a.Dst, b.Dst))
	})
	return links
}
