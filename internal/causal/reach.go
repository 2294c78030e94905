package causal

import (
	"slices"
	"time"
)

// Reach lists the hosts and addresses that the members of a spine touch and
// whose events the search would want: where sessions came from, and what
// controlled processes named, dialled or used credentials for. Addresses are
// those no known host has. Sessions are those that identity providers gave.
func (g *Graph) Reach(sp *Spine) (hosts, addresses, sessions []string) {
	r := reach{
		g: g, hosts: map[string]bool{}, addresses: map[string]bool{}, sessions: map[string]bool{},
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
			}
			if logon := g.logonOf(m.Node); logon != nil {
				r.address(logon.Facts.SrcIP)
				r.host(logon.Facts.SrcHost)
			}
		case KindProcess:
			for _, h := range g.ix.hostMentions(n.CmdLine(), n.Host) {
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
	return sorted(r.hosts), sorted(r.addresses), sorted(r.sessions)
}

type reach struct {
	g                          *Graph
	hosts, addresses, sessions map[string]bool
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
