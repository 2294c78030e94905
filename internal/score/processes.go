package score

import (
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Count compares a set with the labelled one.
type Count struct {
	Want   int      `json:"want"`
	Hits   int      `json:"hits"`
	Wrong  int      `json:"wrong"`
	Missed []string `json:"missed,omitempty"`
	Extra  []string `json:"extra,omitempty"`
}

// Recall is the share of labelled things found, 0 to 1; 1 where none is
// labelled.
func (c Count) Recall() float64 { return share(c.Hits, c.Want) }

// Precision is the share of found things that are labelled, 0 to 1; 1 where
// nothing was found.
func (c Count) Precision() float64 { return share(c.Hits, c.Hits+c.Wrong) }

// share is a part of a whole; nothing of nothing is all of it.
func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// processKey names a process of labels or results in one way.
type processKey struct {
	guid  string
	start event.ID
}

// key answers what a campaign labels, by identifier or record.
type key struct {
	starts, neutral, held map[processKey]Process
	hosts                 map[string]bool // hosts with labelled processes
	consoles              bool            // console windows are labelled too
	partial               bool
}

func newKey(c *Campaign, s *store) *key {
	k := &key{hosts: map[string]bool{}, partial: c.Partial}
	k.starts, k.neutral = k.index(c.Starts, s), k.index(c.Neutral, s)
	k.held = k.index(c.Held, s)
	for _, p := range c.Starts {
		k.hosts[causal.ShortHost(p.Host)] = true
		k.consoles = k.consoles || p.Console
	}
	return k
}

func (k *key) index(list []Process, s *store) map[processKey]Process {
	m := make(map[processKey]Process, len(list))
	for _, p := range list {
		if p.GUID != "" {
			m[processKey{guid: p.GUID}] = p
			continue
		}
		if id, ok := s.at(p.Start); ok {
			m[processKey{start: id}] = p
		}
	}
	return m
}

// has returns the key under which a set holds a process.
func has(m map[processKey]Process, guid string, starts []event.ID) (processKey, bool) {
	if k := (processKey{guid: bareGUID(guid)}); guid != "" {
		if _, ok := m[k]; ok {
			return k, true
		}
	}
	for _, id := range starts {
		k := processKey{start: id}
		if _, ok := m[k]; ok {
			return k, true
		}
	}
	return processKey{}, false
}

// candidate is a process that a method says belongs to the incident.
type candidate struct {
	host, guid, label string
	starts            []event.ID
	console           bool
}

// count compares the candidates with the key: one that did not start in the
// logs cannot be wrong, because there is no start to find.
func (k *key) count(list []candidate) Count {
	c := Count{Want: len(k.starts)}
	seen := map[processKey]bool{}
	for _, p := range list {
		if hit, ok := has(k.starts, p.guid, p.starts); ok {
			if !seen[hit] {
				seen[hit] = true
				c.Hits++
			}
			continue
		}
		if k.excused(&p) {
			continue
		}
		c.Wrong++
		c.Extra = append(c.Extra, p.host+": "+p.label)
	}
	for _, hit := range sortedProcesses(k.starts) {
		if !seen[hit] {
			p := k.starts[hit]
			c.Missed = append(c.Missed, strings.TrimSpace(p.Host+" "+hit.guid))
		}
	}
	return c
}

func (k *key) excused(p *candidate) bool {
	if _, ok := has(k.neutral, p.guid, p.starts); ok {
		return true
	}
	if _, ok := has(k.held, p.guid, p.starts); ok {
		return true
	}
	return len(p.starts) == 0 || p.console && !k.consoles ||
		k.partial && !k.hosts[causal.ShortHost(p.host)]
}

// found lists the processes a result holds to be part of the incident.
func found(res *reconstruct.Result) []candidate {
	var list []candidate
	for _, n := range res.Graph.Nodes {
		if n.Type != causal.KindProcess.String() || !belongs(n.Verdict) {
			continue
		}
		name, _, _ := strings.Cut(n.Label, " ")
		list = append(list, candidate{
			host: n.Host, guid: n.ProcessUID, label: n.Label, starts: n.Starts,
			console: causal.ConsoleWindow(name),
		})
	}
	return list
}

func belongs(verdict string) bool {
	return verdict == causal.VerdictControlled.String() || verdict == causal.VerdictEntry.String()
}
