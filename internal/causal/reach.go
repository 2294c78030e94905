package causal

import (
	"slices"
	"time"
)

// Reach lists the hosts and addresses that the members of a spine touch and
// whose events the search would want: where sessions came from, and what
// controlled processes named, dialled or used credentials for. Addresses are
// those no known host has. Sessions are those that identity providers gave; names
// are the accounts behind them, and the applications they changed or that act.
func (g *Graph) Reach(sp *Spine) (hosts, addresses, sessions, names []string) {
	r := reach{
		g: g, hosts: map[string]bool{}, addresses: map[string]bool{}, sessions: map[string]bool{},
		names: map[string]bool{},
	}
	for i := range sp.Members {
		m := &sp.Members[i]
		n := &g.nodes[m.Node]
		r.host(n.Host)
		if m.Verdict < VerdictControlled {
			continue
		}
		switch n.Kind {
		case KindSession:
			if n.Host == "" {
				r.sessions[n.Key] = true
				r.cloud(m.Node)
			}
			if logon := g.logonOf(m.Node); logon != nil {
				r.address(logon.Facts.SrcIP)
				r.host(logon.Facts.SrcHost)
			}
		case KindPrincipal:
			r.names[n.Key] = true
			if n.Name != "" {
				r.names[n.Name] = true
			}
		case KindProcess:
			for _, h := range g.ix.hostMentions(n) {
				r.host(h)
			}
			r.edges(m.Node, m.From)
		}
	}
	for ip, h := range g.ix.ipHost {
		if r.hosts[h] {
			r.addresses[ip] = true // records of the network name addresses only
		}
	}
	return sorted(r.hosts), sorted(r.addresses), sorted(r.sessions), sorted(r.names)
}

type reach struct {
	g                                 *Graph
	hosts, addresses, sessions, names map[string]bool
}

// cloud asks for the account behind a session and for what its calls changed.
func (r *reach) cloud(session int) {
	for _, i := range r.g.in[session] {
		if rel := &r.g.rels[i]; rel.Src >= 0 && r.g.nodes[rel.Src].Kind == KindPrincipal {
			r.names[r.g.nodes[rel.Src].Key] = true
		}
	}
	for _, i := range r.g.out[session] {
		rel := &r.g.rels[i]
		if rel.Verb == VerbCalled && rel.Dst >= 0 && rel.Facts.Value != r.g.nodes[rel.Dst].Name {
			r.names[r.g.nodes[rel.Dst].Name] = true
		}
	}
}

func (r *reach) edges(n int, from time.Time) {
	for _, i := range r.g.out[n] {
		rel := &r.g.rels[i]
		if rel.Time.Before(from) || rel.Facts == nil {
			continue
		}
		switch rel.Verb {
		case VerbConnected:
			if adminPorts[rel.Facts.DstPort] != "" {
				r.address(rel.Facts.DstIP)
			}
		case VerbUsedCredential:
			r.host(rel.Facts.DstHost)
		}
	}
}

func (r *reach) host(h string) {
	if r.g.ix.hosts[h] {
		r.hosts[h] = true
	}
}

func (r *reach) address(ip string) {
	if h := r.g.ix.ipHost[ip]; h != "" {
		r.hosts[h] = true
	} else if PrivateAddress(ip) {
		r.addresses[ip] = true
	}
}

func sorted(m map[string]bool) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
