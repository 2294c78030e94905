package sigma

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// aggregation is the part of a legacy condition after the pipe, as rules were
// written before version 2 of the specification:
// "selection | count(field) by group > 5" with a timeframe beside it.
type aggregation struct {
	line      int
	text      string
	function  string // count, min, max, avg, sum
	field     string
	groupBy   []string
	bound     Bound
	timeframe *yamltree.Node
}

// aggregationSyntax is that of legacy aggregations that a correlation can
// express.
var aggregationSyntax = regexp.MustCompile(
	`(?i)^(count|min|max|avg|sum)\s*\(\s*([^()]*?)\s*\)\s*(?:by\s+([^<>=]+?)\s*)?` +
		`(>=|<=|==|=|>|<)\s*(-?[0-9]+(?:\.[0-9]+)?)$`)

var aggregationOps = map[string]string{
	">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq",
}

// cutAggregation splits a legacy aggregation off a condition.
func cutAggregation(condition string, line int) (rest string, agg *aggregation, err error) {
	rest, text, found := strings.Cut(condition, "|")
	if !found || len(text) > maxConditionBytes {
		return condition, nil, nil
	}
	text = strings.TrimSpace(text)
	word, _, _ := strings.Cut(text, " ")
	if strings.EqualFold(word, "near") {
		return "", nil, yamltree.Errorf(line, "legacy aggregation \"| near\" has no equivalent; "+
			"write a temporal correlation over rules of their own")
	}
	m := aggregationSyntax.FindStringSubmatch(text)
	if m == nil {
		return "", nil, yamltree.Errorf(line, "legacy aggregation %q cannot be migrated; "+
			"write a correlation rule", "| "+clip(text, 60))
	}
	value, err := strconv.ParseFloat(m[5], 64)
	if err != nil {
		return "", nil, yamltree.Errorf(line, "legacy aggregation: %q is not a number", clip(m[5], 40))
	}
	agg = &aggregation{
		line: line, text: text, function: strings.ToLower(m[1]), field: fieldName(m[2]),
		bound: Bound{Op: aggregationOps[m[4]], Value: value},
	}
	for _, g := range strings.Split(m[3], ",") {
		if g = fieldName(strings.TrimSpace(g)); g != "" {
			agg.groupBy = append(agg.groupBy, g)
		}
	}
	return rest, agg, nil
}

// legacyTypes are the correlations that aggregate alike. The least value is
// the percentile 0, the greatest the percentile 100.
var legacyTypes = map[string]struct {
	kind       CorrelationType
	percentile float64
}{
	"count": {ValueCount, 0}, "sum": {ValueSum, 0}, "avg": {ValueAvg, 0},
	"min": {ValuePercentile, 0}, "max": {ValuePercentile, 100},
}

// migrate turns the rule into the base of a correlation with the rule's id,
// title and level; the base itself gives no findings.
func (a *aggregation) migrate(r *Rule) (*Correlation, error) {
	if a.timeframe == nil {
		return nil, yamltree.Errorf(a.line, "legacy aggregation %q has no timeframe",
			"| "+clip(a.text, 60))
	}
	span, err := parseTimespan(a.timeframe)
	if err != nil {
		return nil, err
	}
	to := legacyTypes[a.function]
	c := &Correlation{
		Meta: r.Meta, Type: to.kind, Timespan: span, GroupBy: a.groupBy,
		Bounds: []Bound{a.bound}, Percentile: to.percentile, base: r,
	}
	switch {
	case a.field != "":
		c.Fields = []string{a.field}
	case a.function == "count":
		c.Type = EventCount
	default:
		return nil, yamltree.Errorf(a.line, "legacy aggregation %s() names no field", a.function)
	}
	if err := c.checkBounds(a.line); err != nil {
		return nil, err
	}
	c.Warnings, r.Warnings = r.Warnings, nil
	c.warn(a.line, "legacy aggregation %q is migrated to a correlation of type %s over %s",
		"| "+clip(a.text, 60), c.Type, clip(a.timeframe.Text, 20))
	r.migrated = true
	if r.ID != "" {
		r.ID += "-events"
	}
	r.Name, r.Title = "", r.Title+" (events)"
	c.Rules = []Reference{{Name: r.ID, Rule: r}}
	return c, nil
}
