package causal

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// indexes are the look-ups that joins beyond equal keys need. All lists are in
// time order.
type indexes struct {
	files    map[onHost][]int     // base name: files somebody wrote
	images   map[onHost][]int     // base name: processes with that image
	mentions map[onHost][]int     // base name: processes whose command line names it
	names    map[string][]int     // host name: processes whose command line names the host
	started  map[string][]int     // host: processes that a system process started
	conns    map[socket][]int     // connecting side: edges
	creds    map[string][]int     // logon guid: explicit credential edges
	wire     map[socket][]int     // connecting side: traffic seen on the network
	guids    map[string][]int     // logon guid: sessions
	hashes   map[string][]int     // sha256: write edges
	dials    map[string][]int     // host: outgoing connection edges
	sha      map[string][]int     // sha256 of the image: processes
	explicit map[string][]int     // host: explicit credential edges
	accounts map[onHost]time.Time // account: first seen
	brokers  map[brokerKey][]int
	calls    []int            // outgoing connection edges of all hosts
	logons   []int            // remote logon edges
	bySource map[string][]int // source host: indexes into logons
	ipHost   map[string]string
	hosts    map[string]bool
	rarity   rarity
	clocks   clocks
	remote   remote

	launches  map[string]bool        // hosts that record process starts
	startless map[string][]startless // by time

	principals map[string][]int // lower-case name: principals
	directory  map[string][]int // host: calls by processes, edges
	cleared    []int            // edges
	journeys   map[journey]time.Time
}

// onHost is a name that means something on one host only.
type onHost struct{ host, name string }

// socket is an address and a port.
type socket struct{ ip, port string }

func sourceOf(f *Facts) socket { return socket{f.SrcIP, f.SrcPort} }

type brokerKey struct {
	host string
	kind Kind
}

func newIndexes(g *Graph) indexes {
	ix := indexes{
		files: map[onHost][]int{}, images: map[onHost][]int{}, mentions: map[onHost][]int{},
		names: map[string][]int{}, started: map[string][]int{}, conns: map[socket][]int{},
		creds: map[string][]int{}, guids: map[string][]int{},
		wire: map[socket][]int{}, hashes: map[string][]int{}, dials: map[string][]int{},
		bySource: map[string][]int{}, ipHost: map[string]string{}, hosts: map[string]bool{},
		rarity: newRarity(g), sha: map[string][]int{}, explicit: map[string][]int{},
		accounts: map[onHost]time.Time{}, brokers: map[brokerKey][]int{},
		principals: map[string][]int{}, directory: map[string][]int{},
		journeys: map[journey]time.Time{}, launches: map[string]bool{},
		startless: map[string][]startless{},
	}
	for _, s := range g.sensors {
		ix.hosts[s.Host] = true
		for _, ip := range s.IPs {
			ix.addHostIP(ip, s.Host)
		}
	}
	for i := range g.rels {
		ix.addRel(g, i)
	}
	for i := range g.nodes {
		switch n := &g.nodes[i]; n.Kind {
		case KindProcess:
			ix.addProcess(g, i)
		case KindPrincipal:
			if name := strings.ToLower(n.Name); name != "" {
				ix.principals[name] = append(ix.principals[name], i)
			}
		case KindService, KindJob:
			k := brokerKey{n.Host, n.Kind}
			ix.brokers[k] = append(ix.brokers[k], i)
		}
	}
	ix.clocks = newClocks(g)
	ix.learnStarts(g)
	ix.learnAddresses(g)
	ix.remote = newRemote(g, &ix)
	for k, i := range ix.logons {
		if h := ix.sourceOfLogon(g, &g.rels[i]); h != "" {
			ix.bySource[h] = append(ix.bySource[h], k)
		}
	}
	return ix
}

// learnAddresses takes the addresses of hosts from connections that became
// logons there, and from the answers to look-ups of known names.
func (ix *indexes) learnAddresses(g *Graph) {
	for _, i := range ix.logons {
		r := &g.rels[i]
		for _, c := range ix.conns[sourceOf(r.Facts)] {
			if c := &g.rels[c]; c.Time.Sub(r.Time).Abs() <= clockSlack {
				ix.addHostIP(c.Facts.DstIP, g.nodes[r.Dst].Host)
			}
		}
	}
	for i := range g.rels {
		r := &g.rels[i]
		if r.Verb != VerbResolved || r.Facts.Value == "" {
			continue
		}
		if h := ShortHost(g.nodes[r.Dst].Key); ix.hosts[h] && !strings.Contains(r.Facts.Value, ",") {
			ix.addHostIP(r.Facts.Value, h)
		}
	}
}

// addHostIP notes the address of a host; an address of two hosts joins nothing.
func (ix *indexes) addHostIP(ip, host string) {
	if ip = edge.Address(ip); ip == "" || host == "" {
		return
	}
	if have, ok := ix.ipHost[ip]; ok && have != host {
		ix.ipHost[ip] = ""
		return
	}
	ix.ipHost[ip] = host
}

func (ix *indexes) addRel(g *Graph, i int) {
	r := &g.rels[i]
	switch r.Verb {
	case VerbWrote, VerbRenamed, VerbWroteShare:
		if n := &g.nodes[r.Dst]; n.Kind == KindFile && !n.written {
			n.written = true
			k := onHost{n.Host, Base(n.Key)}
			ix.files[k] = append(ix.files[k], r.Dst)
		}
		if r.Facts != nil && r.Facts.SHA256 != "" {
			ix.hashes[r.Facts.SHA256] = append(ix.hashes[r.Facts.SHA256], i)
		}
	case VerbCleared:
		ix.cleared = append(ix.cleared, i)
	case VerbSpawned:
		ix.account(g, r)
		ix.launches[g.nodes[r.Dst].Host] = true
	case VerbConnected:
		h := g.nodes[r.Src].Host
		ix.dials[h] = append(ix.dials[h], i)
		ix.calls = append(ix.calls, i)
		if r.Facts.SrcIP != "" && r.Facts.SrcPort != "" {
			k := sourceOf(r.Facts)
			ix.conns[k] = append(ix.conns[k], i)
		}
	case VerbCalled:
		if r.Src >= 0 && g.nodes[r.Src].Kind == KindProcess && asksDirectory(r.Facts.Value) {
			n := &g.nodes[r.Src]
			ix.directory[n.Host] = append(ix.directory[n.Host], i)
		}
	case VerbTraffic:
		k := sourceOf(r.Facts)
		ix.wire[k] = append(ix.wire[k], i)
	case VerbUsedCredential:
		ix.explicit[r.Facts.DstHost] = append(ix.explicit[r.Facts.DstHost], i)
		if id := r.Facts.SessionGUID; id != "" {
			ix.creds[id] = append(ix.creds[id], i)
		}
	case VerbLoggedOn:
		ix.account(g, r)
		if id := r.Facts.SessionGUID; id != "" {
			ix.guids[id] = append(ix.guids[id], r.Dst)
		}
		if r.Facts.Remote() {
			ix.logons = append(ix.logons, i)
			if k := g.journeyOf(r); ix.journeys[k].IsZero() {
				ix.journeys[k] = r.Time
			}
		}
	}
}

// account notes that the account of a process or session was on its host.
func (ix *indexes) account(g *Graph, r *Rel) {
	k := onHost{g.nodes[r.Dst].Host, shortUser(r.Facts.User)}
	if _, ok := ix.accounts[k]; !ok {
		ix.accounts[k] = r.Time
	}
}

// sourceHost returns the host a logon came from, "" when no sensor knows it.
func (ix *indexes) sourceHost(f *Facts) string {
	if h := ix.ipHost[f.SrcIP]; h != "" {
		return h
	}
	if ix.hosts[f.SrcHost] {
		return f.SrcHost
	}
	return ""
}

func (ix *indexes) addProcess(g *Graph, i int) {
	n := &g.nodes[i]
	k := onHost{n.Host, n.base}
	ix.images[k] = append(ix.images[k], i)
	for _, k := range g.in[i] {
		r := &g.rels[k]
		if r.Verb == VerbSpawned && r.Src >= 0 && g.nodes[r.Src].Boundary() {
			ix.started[n.Host] = append(ix.started[n.Host], i)
			break
		}
	}
	if n.Facts != nil && n.Facts.SHA256 != "" && !edge.SystemPath(NormalPath(n.Name)) {
		ix.sha[n.Facts.SHA256] = append(ix.sha[n.Facts.SHA256], i)
	}
	if n.told != nil {
		for _, base := range n.told.Code {
			k := onHost{n.Host, base}
			if list := ix.mentions[k]; len(list) == 0 || list[len(list)-1] != i {
				ix.mentions[k] = append(list, i)
			}
		}
	}
	for _, h := range ix.hostMentions(n) {
		ix.names[h] = append(ix.names[h], i)
	}
}

// hostMentions returns the known hosts a node's command line names, except its own.
func (ix *indexes) hostMentions(n *Node) (found []string) {
	if n.told == nil {
		return nil
	}
	for _, word := range n.told.Words {
		h := ix.ipHost[word.Text]
		if h == "" && word.Short != "" && ix.hosts[word.Short] {
			h = word.Short
		}
		if h != "" && h != n.Host && !slices.Contains(found, h) {
			found = append(found, h)
		}
	}
	return found
}
