package sigma

import "time"

// CorrelationType is one of the correlation types of the specification.
type CorrelationType string

// The correlation types.
const (
	EventCount      CorrelationType = "event_count"
	ValueCount      CorrelationType = "value_count"
	Temporal        CorrelationType = "temporal"
	TemporalOrdered CorrelationType = "temporal_ordered"
	ValueSum        CorrelationType = "value_sum"
	ValueAvg        CorrelationType = "value_avg"
	ValuePercentile CorrelationType = "value_percentile"
	ValueMedian     CorrelationType = "value_median"
)

// Correlation is one loaded Sigma correlation rule.
type Correlation struct {
	Meta
	Type     CorrelationType
	Rules    []Reference // what it correlates, in the document's order
	GroupBy  []string    // rule field or alias names; nil is one group of all
	Timespan time.Duration

	// Bounds all must hold. For the temporal types they are on the number of
	// different rules that occur; nil there means every rule.
	Bounds []Bound

	// Fields are those that the value types look at; one but for value_count,
	// which counts distinct combinations.
	Fields     []string
	Percentile float64 // of value_percentile, 0 to 100

	// Aliases give a group-by name its field in each rule, by alias and then by
	// the rule's place in Rules.
	Aliases map[string][]string

	Generate bool // the correlated rules are findings of their own as well
	Silent   bool // only feeds another correlation that does not generate

	base    *Rule   // of a migrated legacy rule
	aliases []alias // as written, until references are resolved
	line    int     // of correlation.rules
}

// Reference is a document that a correlation refers to: one of the two is set.
type Reference struct {
	Name        string // as written: an id or a name
	Rule        *Rule
	Correlation *Correlation
}

// Bound is one comparison of a correlation's condition, e.g. gte 10.
type Bound struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}
