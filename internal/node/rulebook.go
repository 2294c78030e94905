package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/sigma"
)

// ErrNoRules says that this node judges nothing, so that there are no rules to
// change or to compare.
var ErrNoRules = errors.New("this process runs no detection")

// rulebook is one set of rules as it was read, with its plan. It never changes
// once it judges; a reload makes a new one.
type rulebook struct {
	paths  []string // besides the starter pack
	files  fingerprint
	set    *sigma.RuleSet
	plan   *sigma.Plan      // nil without detection
	detect *detect.Detector // nil without detection
	loaded time.Time
	from   uint64 // first journal entry that it judges, 0 for all since the start
}

// readBook loads and compiles the starter pack and the rules at the paths. The
// fingerprint is taken first: a file that changes while it is read differs from
// it at the next look.
func readBook(paths []string) (*rulebook, error) {
	files := fingerprintOf(paths)
	plan, set, err := LoadPlan(paths)
	if err != nil {
		return nil, err
	}
	d := detect.New(plan)
	if _, err := d.Correlator(); err != nil {
		return nil, fmt.Errorf("load correlations: %w", err)
	}
	return &rulebook{
		paths: paths, files: files, set: set, plan: plan, detect: d, loaded: time.Now().UTC(),
	}, nil
}

// planHash is "" where nothing is judged.
func (b *rulebook) planHash() string {
	if b.plan == nil {
		return ""
	}
	return b.plan.Hash()
}

// RuleKind says what kind of Sigma document a rule is.
type RuleKind string

// The kinds of Sigma documents.
const (
	KindDetection   RuleKind = "detection"
	KindCorrelation RuleKind = "correlation"
	KindFilter      RuleKind = "filter"
)

// RuleDoc is one loaded document; one of the three pointers is set.
type RuleDoc struct {
	Kind        RuleKind
	Rule        *sigma.Rule
	Correlation *sigma.Correlation
	Filter      *sigma.Filter
	*sigma.Meta
	Filters []*sigma.Filter // those that changed the rule
}

// UID names the document: its id, or a name made of its file's hash and its
// line where it has none.
func (d *RuleDoc) UID() string {
	return cmp.Or(d.ID, fmt.Sprintf("sha256-%s-%d", d.SHA256, d.Line))
}

// FindingRule is what findings of the document name as their rule; filters and
// silent rules have none.
func (d *RuleDoc) FindingRule() string { return d.ID }

// version changes when the document's verdicts may.
func (d *RuleDoc) version() string {
	v := d.SHA256
	for _, f := range d.Filters {
		v += " " + f.SHA256
	}
	return v
}

// docs lists every document of a set: rules, correlations, filters.
func docs(set *sigma.RuleSet) []RuleDoc {
	filters := make(map[*sigma.Rule][]*sigma.Filter)
	for _, f := range set.Filters {
		for _, r := range f.Applied {
			filters[r] = append(filters[r], f)
		}
	}
	out := make([]RuleDoc, 0, len(set.Rules)+len(set.Correlations)+len(set.Filters))
	for _, r := range set.Rules {
		out = append(out, RuleDoc{Kind: KindDetection, Rule: r, Meta: &r.Meta, Filters: filters[r]})
	}
	for _, c := range set.Correlations {
		out = append(out, RuleDoc{Kind: KindCorrelation, Correlation: c, Meta: &c.Meta})
	}
	for _, f := range set.Filters {
		out = append(out, RuleDoc{Kind: KindFilter, Filter: f, Meta: &f.Meta})
	}
	return out
}

// RuleDocs lists the documents of the set that judges, in load order.
func (n *Node) RuleDocs() []RuleDoc { return docs(n.book.Load().set) }

// Plan returns the plan that judges, nil where nothing is judged.
func (n *Node) Plan() *sigma.Plan { return n.book.Load().plan }

// openBook loads the rules that judge from the start.
func (n *Node) openBook(ctx context.Context) error {
	n.book.Store(&rulebook{set: &sigma.RuleSet{}})
	if n.cfg.NoDetect || n.cfg.Frozen {
		return nil
	}
	paths, err := n.rulePaths(ctx)
	if err != nil {
		return err
	}
	n.roots = slices.Concat(paths, n.cfg.Shadow)
	book, err := readBook(paths)
	if err != nil {
		return goneError(err, len(n.cfg.Rules) == 0 && len(paths) > 0)
	}
	n.book.Store(book)
	return nil
}
