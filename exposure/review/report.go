package review

import (
	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/register"
)

// Result is the outcome of a review.
type Result string

// The results.
const (
	Pass           Result = "pass"
	PassConditions Result = "pass-with-conditions"
	Refer          Result = "refer"
	Deny           Result = "deny"
)

// Report is a review. It encodes to the same JSON for the same input.
type Report struct {
	Format   string   `json:"format"` // evident.review/v1
	Day      string   `json:"day"`
	Result   Result   `json:"result"`
	Sentence string   `json:"sentence"`
	Reasons  []string `json:"reasons"`

	Proposal Proposal `json:"proposal"`
	Inputs   Inputs   `json:"inputs"`

	NewPaths     []PathChange    `json:"new_paths"`
	CheaperPaths []PathChange    `json:"cheaper_paths"`
	Blast        Blast           `json:"blast_radius"`
	Flags        []FindingChange `json:"flags"`
	Combinations []Mosaic        `json:"combinations"`
	Knowers      []Knower        `json:"knowers"`
	Agreements   []string        `json:"agreements_needed"`
	Conditions   []Condition     `json:"conditions"`
	Alternatives []Alternative   `json:"alternatives"`

	// WithConditions is what would still be worse with all conditions met.
	WithConditions Remainder `json:"with_conditions"`
}

// Proposal says what is proposed.
type Proposal struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	Requester string   `json:"requester,omitempty"`
	Summary   string   `json:"summary,omitempty"`
	Added     []string `json:"added"`
	Replaced  []string `json:"replaced"`
	Removed   []string `json:"removed"`
}

// Inputs are what the report was made from: hashes of the registers and the
// dates of the packs.
type Inputs struct {
	Base   string `json:"base_sha256"`
	Next   string `json:"next_sha256"`
	Checks string `json:"checks_as_of"`
	Bulk   string `json:"bulk_rule_as_of"`
	Engine string `json:"engine"`
}

// PathChange is a pair that becomes connected, or easier.
type PathChange struct {
	Foothold string        `json:"foothold"`
	Holding  string        `json:"holding"`
	Before   register.Band `json:"before,omitempty"` // none where it was out of reach
	After    register.Band `json:"after"`
	Days     float64       `json:"effort_days"`
	Records  int64         `json:"records"`
	Steps    []Step        `json:"steps"`
}

// Step is one move of a path.
type Step struct {
	From string        `json:"from"`
	To   string        `json:"to"`
	Rule string        `json:"rule"`
	Text string        `json:"text"`
	Band register.Band `json:"band"`
	New  bool          `json:"new"`

	Because string `json:"because"` // entity that the move rests on
	File    string `json:"file"`
	Line    int    `json:"line"`
}

// Blast is what lies behind the pairs that get worse.
type Blast struct {
	Holdings []string            `json:"holdings"`
	Records  int64               `json:"records"`
	ForLife  []register.Category `json:"for_life"`
}

// FindingChange is a finding that the change brings.
type FindingChange struct {
	Check    string `json:"rule"`
	Standard string `json:"standard"`
	Severity string `json:"severity"`
	Entity   string `json:"entity"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// Mosaic is a new combination of linked holdings.
type Mosaic struct {
	Collector  string   `json:"collector"`
	Holdings   []string `json:"holdings"`
	Keys       []string `json:"keys"`
	Dimensions []string `json:"dimensions"`
	Flags      []string `json:"flags"`
}

// Knower newly learns something.
type Knower struct {
	Party string `json:"party"`
	About string `json:"about"`
	Kind  string `json:"kind"`
	From  string `json:"from"`
	Tier  int    `json:"tier"`
}

// Condition is one change to the proposal.
type Condition struct {
	Entity string `json:"entity"`
	Field  string `json:"field,omitempty"` // empty: the entity is left out
	Value  string `json:"value,omitempty"`
	Text   string `json:"text"`
	Why    string `json:"why"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

// Alternative is the proposal without one of its parts, or another way that the
// proposal names.
type Alternative struct {
	Without string `json:"without,omitempty"`
	Text    string `json:"text"`
	Worse   int    `json:"worse_pairs"` // that remain
}

// Remainder is what remains.
type Remainder struct {
	WorsePairs int      `json:"worse_pairs"`
	Findings   []string `json:"findings"`
}

// Format is the report's version.
const Format = "evident.review/v1"

// engine is part of the inputs: it changes when the same input would give
// another report.
const engine = "evident.exposure/1"

func stepsOf(p exposure.Path, old map[[4]string]register.Band) []Step {
	var out []Step
	for _, s := range p.Steps {
		for _, n := range s.Needs {
			out = append(out, stepsOf(n, old)...)
		}
		band, known := old[s.Move.Key()]
		out = append(out, Step{
			From: s.Move.From, To: s.Move.To, Rule: s.Move.Rule, Text: exposure.RuleText(s.Move.Rule),
			Band: s.Move.Band, New: !known || band != s.Move.Band,
			File: s.Move.Place.File, Line: s.Move.Place.Line, Because: s.Move.Because,
		})
	}
	return out
}

func findingOf(f checks.Finding) FindingChange {
	return FindingChange{
		Check: f.Check.ID, Standard: f.Standard + " " + f.Control, Severity: f.Severity, Entity: f.Entity,
		Title: f.Title, Text: f.Text, File: f.Place.File, Line: f.Place.Line,
	}
}
