package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"sync"
)

// engineVersion is part of a plan's hash: it changes when the same rules would
// give other verdicts.
const engineVersion = "evident.sigma/1"

// Plan is a compiled rule set. It is safe for concurrent use; each goroutine
// takes its own Matcher. The part that concerns one kind of event is built when
// the first such event comes.
type Plan struct {
	rules   []*Rule
	ls      *Logsources
	sources [][]int // by rule: indexes into the mapping, nil for every event
	hash    string

	correlations []*Correlation

	names  map[string]int32 // native field names that anything asks for
	router router

	atoms   []atom // all tests of all rules, equal ones once
	fields  []string
	code    []ruleCode // by rule
	sets    [][]int    // the distinct sources
	regexes int32      // number of atoms with a regular expression

	mu     sync.Mutex
	groups map[string]*lazyGroup // by the branches that an event fits
}

// lazyGroup is a group that its first user builds while others go on.
type lazyGroup struct {
	once sync.Once
	group
}

// Compile prepares the rules for matching. Without a mapping (nil) no rule is
// routed: each runs on every event.
func Compile(rs *RuleSet, ls *Logsources) (*Plan, error) {
	if len(rs.Rules) > math.MaxInt32 {
		return nil, fmt.Errorf("compile rules: %d are too many", len(rs.Rules))
	}
	p := &Plan{
		rules: rs.Rules, correlations: rs.Correlations, ls: ls,
		names: map[string]int32{}, groups: map[string]*lazyGroup{},
	}
	sum := sha256.New()
	fmt.Fprintln(sum, engineVersion)
	if ls != nil {
		fmt.Fprintln(sum, ls.hash)
	}
	rs.fingerprint(sum)
	c := newLowering(p)
	for _, r := range rs.Rules {
		if r.detection == nil {
			return nil, fmt.Errorf("compile rule %q: it was not made by a Loader", r.Title)
		}
		src := ls.of(r.Logsource)
		p.sources = append(p.sources, src)
		r.Routed = src != nil
		p.code = append(p.code, c.rule(r, src))
	}
	p.hash = hex.EncodeToString(sum.Sum(nil))
	p.router = newRouter(ls, p.nameID)
	return p, nil
}

// Hash returns the hex SHA-256 over the engine's version, the mapping and the
// rules in order: equal hashes, equal verdicts.
func (p *Plan) Hash() string { return p.hash }

// Rules returns the compiled rules in order.
func (p *Plan) Rules() []*Rule { return p.rules }

// Correlations returns the correlations over the rules, in order.
func (p *Plan) Correlations() []*Correlation { return p.correlations }

// nameID numbers a native field name.
func (p *Plan) nameID(name string) int32 {
	id, ok := p.names[name]
	if !ok {
		id = int32(len(p.names))
		p.names[name] = id
	}
	return id
}

// group returns the part of the plan for events that fit these branches.
func (p *Plan) group(route []byte) *group {
	p.mu.Lock()
	g := p.groups[string(route)]
	if g == nil {
		g = &lazyGroup{}
		p.groups[string(route)] = g
	}
	p.mu.Unlock()
	g.once.Do(func() { g.group = p.build(route) })
	return &g.group
}

// build compiles the rules that apply to events which fit the branches.
func (p *Plan) build(route []byte) group {
	b := newBuilder(p)
	renames := make([]map[string][]string, len(p.sets))
	for i, set := range p.sets {
		renames[i] = p.rename(set, route)
	}
	for i := range p.code {
		if set := p.code[i].set; renames[set] != nil {
			b.add(int32(i), renames[set])
		}
	}
	return b.finish()
}

// rename returns how the fields of these sources are called in events that fit
// the branches, nil where such an event is not of all of them.
func (p *Plan) rename(sources []int, route []byte) map[string][]string {
	rename := map[string][]string{}
	for _, s := range sources {
		if route[s] == noBranch {
			return nil
		}
		for field, names := range p.ls.sources[s].branches[route[s]].rename {
			rename[field] = append(rename[field], names...)
		}
	}
	return rename
}
