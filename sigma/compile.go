package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"sort"
	"sync"

	"github.com/evident-sec/evident/event"
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

	names  map[string]int32 // native field names that anything asks for
	router router

	mu     sync.Mutex
	groups map[string]*group // by the branches that an event fits
}

// Compile prepares the rules for matching. Without a mapping (nil) no rule is
// routed: each runs on every event.
func Compile(rs *RuleSet, ls *Logsources) (*Plan, error) {
	if len(rs.Rules) > math.MaxInt32 {
		return nil, fmt.Errorf("compile rules: %d are too many", len(rs.Rules))
	}
	p := &Plan{rules: rs.Rules, ls: ls, names: map[string]int32{}, groups: map[string]*group{}}
	sum := sha256.New()
	fmt.Fprintln(sum, engineVersion)
	if ls != nil {
		fmt.Fprintln(sum, ls.hash)
	}
	for _, r := range rs.Rules {
		if r.detection == nil {
			return nil, fmt.Errorf("compile rule %q: it was not made by a Loader", r.Title)
		}
		src := ls.of(r.Logsource)
		p.sources = append(p.sources, src)
		r.Routed = src != nil
		fmt.Fprintln(sum, r.SHA256, r.Line)
		p.intern(r, src)
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

// nameID numbers a native field name.
func (p *Plan) nameID(name string) int32 {
	id, ok := p.names[name]
	if !ok {
		id = int32(len(p.names))
		p.names[name] = id
	}
	return id
}

// intern numbers every native name that the rule may look at, so that names is
// not written after Compile.
func (p *Plan) intern(r *Rule, sources []int) {
	renames := []map[string][]string{nil}
	for _, s := range sources {
		for i := range p.ls.sources[s].branches {
			renames = append(renames, p.ls.sources[s].branches[i].rename)
		}
	}
	seen := map[*expr]bool{}
	var visit func(e *expr)
	visit = func(e *expr) {
		if seen[e] {
			return
		}
		seen[e] = true
		for _, k := range e.kids {
			visit(k)
		}
		if e.pred == nil {
			return
		}
		for _, field := range []string{e.pred.field, e.pred.other} {
			for _, rename := range renames {
				if field != "" {
					p.internNames(p.ls.names(field, rename))
				}
			}
		}
	}
	visit(r.detection)
}

func (p *Plan) internNames(names []string) {
	for _, n := range names {
		p.nameID(n)
	}
}

// group returns the part of the plan for events that fit these branches.
func (p *Plan) group(route []byte) *group {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.groups[string(route)]
	if g == nil {
		g = p.build(route)
		p.groups[string(route)] = g
	}
	return g
}

// build compiles the rules that apply to events which fit the branches.
func (p *Plan) build(route []byte) *group {
	b := builder{
		plan: p, slots: map[string]int32{}, preds: map[string]int32{},
		fields: map[fieldOf]int32{},
	}
	for i, r := range p.rules {
		rename := map[string][]string{}
		applies := true
		for _, s := range p.sources[i] {
			if route[s] == noBranch {
				applies = false
				break
			}
			for field, names := range p.ls.sources[s].branches[route[s]].rename {
				rename[field] = append(rename[field], names...)
			}
		}
		if applies {
			b.add(int32(i), r, p.sources[i], rename)
		}
	}
	return b.finish()
}

// router turns the fields that routing asks for into a short key, so that the
// mapping is consulted once for each kind of event, not for each event.
type router struct {
	fields []routeField
}

// routeField is a field that clauses ask for, with a number for every value
// they name; all others are alike.
type routeField struct {
	own    string  // $product, $category, $service or ""
	names  []int32 // native names, the first present counts
	values map[string]uint16
}

// newRouter lists the fields of all clauses in order of name.
func newRouter(ls *Logsources, nameID func(string) int32) router {
	var r router
	if ls == nil {
		return r
	}
	byName := map[string]map[string]uint16{}
	for i := range ls.sources {
		for _, b := range ls.sources[i].branches {
			for _, c := range b.when {
				values := byName[c.field]
				if values == nil {
					values = map[string]uint16{}
					byName[c.field] = values
				}
				for _, v := range c.values {
					if _, ok := values[v]; !ok {
						values[v] = uint16(len(values) + 2)
					}
				}
			}
		}
	}
	for field, values := range byName {
		f := routeField{values: values}
		if field == ownProduct || field == ownCategory || field == ownService {
			f.own = field
		} else {
			for _, n := range ls.names(field, nil) {
				f.names = append(f.names, nameID(n))
			}
		}
		r.fields = append(r.fields, f)
	}
	sort.Slice(r.fields, func(i, j int) bool {
		a, b := r.fields[i], r.fields[j]
		return a.own < b.own || a.own == b.own && len(a.values) > len(b.values)
	})
	return r
}

// ownText returns the part of the event's own log source.
func (f *routeField) ownText(ev *event.Event) string {
	switch f.own {
	case ownProduct:
		return ev.Product
	case ownCategory:
		return ev.Category
	}
	return ev.Service
}
