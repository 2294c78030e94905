package sigma

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Bounds on one correlation.
const (
	maxReferences = 200
	maxGroupBy    = 50
	maxAliases    = 1000
	maxTimespan   = 10 * year
)

// alias is one line of a correlation's aliases: the field that a group-by name
// means in the events of one rule.
type alias struct {
	name, rule, field string
	line              int
}

var correlationTypes = []string{
	string(EventCount), string(ValueCount), string(Temporal), string(TemporalOrdered),
	string(ValueSum), string(ValueAvg), string(ValuePercentile), string(ValueMedian),
}

// temporal reports whether the type asks for rules rather than for a figure.
func (t CorrelationType) temporal() bool { return t == Temporal || t == TemporalOrdered }

// counts reports whether the type's figure is a whole number.
func (t CorrelationType) counts() bool {
	return t == EventCount || t == ValueCount || t.temporal()
}

// correlation reads a correlation document; what it refers to is looked up
// when all files are read.
func (l *Loader) correlation(out *part, m Meta, doc *yamltree.Node) error {
	c := &Correlation{Meta: m}
	n := doc.Get("correlation")
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "correlation is not a map")
	}
	err := checkKeys(n, "correlation", "type", "rules", "group-by", "timespan", "condition",
		"aliases", "generate")
	if err != nil {
		return err
	}
	for _, read := range []func(n *yamltree.Node) error{
		c.readType, c.readRules, c.readGroupBy, c.readTimespan, c.readAliases, c.readCondition,
	} {
		if err := read(n); err != nil {
			return err
		}
	}
	if c.Generate, err = generates(doc, n); err != nil {
		return err
	}
	out.correlations = append(out.correlations, c)
	return nil
}

// generates reads "generate", which the specification has beside the section
// and pySigma in it.
func generates(doc, n *yamltree.Node) (bool, error) {
	for _, in := range []*yamltree.Node{doc, n} {
		g := in.Get("generate")
		if g == nil {
			continue
		}
		if g.Kind != yamltree.Bool {
			return false, yamltree.Errorf(g.Line, "generate is not true or false")
		}
		return g.Text == "true", nil
	}
	return false, nil
}

func (c *Correlation) readType(n *yamltree.Node) error {
	t := n.Get("type")
	if t == nil || !t.Scalar() {
		return yamltree.Errorf(n.Line, "correlation has no type")
	}
	if !slices.Contains(correlationTypes, t.Text) {
		return yamltree.Errorf(t.Line, "correlation type %q is not one of %s%s", clip(t.Text, 40),
			strings.Join(correlationTypes, ", "), suggest(strings.ToLower(t.Text), correlationTypes))
	}
	c.Type = CorrelationType(t.Text)
	return nil
}

// readRules reads the ids or names of the rules that are correlated.
func (c *Correlation) readRules(n *yamltree.Node) error {
	rules := n.Get("rules")
	if rules == nil {
		return yamltree.Errorf(n.Line, "correlation has no rules")
	}
	list, err := scalars(rules)
	if err != nil {
		return fmt.Errorf("correlation rules: %w", err)
	}
	if len(list) == 0 || len(list) > maxReferences {
		return yamltree.Errorf(rules.Line, "correlation has %d rules, want 1 to %d", len(list),
			maxReferences)
	}
	c.line = rules.Line
	for i, name := range list {
		if slices.Contains(list[:i], name) {
			return yamltree.Errorf(rules.Line, "rule %q stands twice", clip(name, 60))
		}
		c.Rules = append(c.Rules, Reference{Name: name})
	}
	if c.Type.temporal() && len(list) == 1 {
		c.warn(rules.Line, "%s of a single rule holds whenever the rule does", c.Type)
	}
	return nil
}

// readGroupBy reads the fields that separate the events; the schema wants
// some, the text of the specification calls them optional.
func (c *Correlation) readGroupBy(n *yamltree.Node) error {
	g := n.Get("group-by")
	if g == nil || g.Kind == yamltree.Null {
		c.warn(n.Line, "correlation has no group-by: all events are one group")
		return nil
	}
	list, err := scalars(g)
	if err != nil {
		return fmt.Errorf("group-by: %w", err)
	}
	if len(list) > maxGroupBy {
		return yamltree.Errorf(g.Line, "group-by has more than %d fields", maxGroupBy)
	}
	for _, name := range list {
		name = fieldName(name)
		if name == "" || slices.Contains(c.GroupBy, name) {
			return yamltree.Errorf(g.Line, "group-by field %q is empty or stands twice", clip(name, 60))
		}
		c.GroupBy = append(c.GroupBy, name)
	}
	return nil
}

func (c *Correlation) readTimespan(n *yamltree.Node) (err error) {
	span := n.Get("timespan")
	if span == nil {
		return yamltree.Errorf(n.Line, "correlation has no timespan")
	}
	if c.Timespan, err = parseTimespan(span); err != nil {
		return err
	}
	if unit := span.Text[len(span.Text)-1]; strings.IndexByte("wMy", unit) >= 0 {
		c.warn(span.Line, "timespan unit %c is not in the specification: taken as %s", unit,
			map[byte]string{'w': "7 days", 'M': "30 days", 'y': "365 days"}[unit])
	}
	return nil
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// timeUnits are those of the specification (s, m, h, d) and three more that
// other tools read; months and years are whole days here.
var timeUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day,
	'w': 7 * day, 'M': 30 * day, 'y': year,
}

// parseTimespan reads a number and a unit, e.g. 90m.
func parseTimespan(n *yamltree.Node) (time.Duration, error) {
	bad := func() error {
		return yamltree.Errorf(n.At(), "timespan %q is not a number with s, m, h or d, such as 15m",
			clip(n.Text, 40))
	}
	text := strings.TrimSpace(n.Text)
	if !n.Scalar() || len(text) < 2 {
		return 0, bad()
	}
	unit, ok := timeUnits[text[len(text)-1]]
	digits := text[:len(text)-1]
	count, err := strconv.ParseUint(digits, 10, 31)
	if !ok || err != nil {
		return 0, bad()
	}
	if count == 0 || time.Duration(count) > maxTimespan/unit {
		return 0, yamltree.Errorf(n.At(), "timespan %s is not between 1s and ten years", clip(text, 40))
	}
	return time.Duration(count) * unit, nil
}

// readAliases reads what group-by names mean in each rule.
func (c *Correlation) readAliases(n *yamltree.Node) error {
	a := n.Get("aliases")
	if a == nil || a.Kind == yamltree.Null {
		return nil
	}
	if a.Kind != yamltree.Map {
		return yamltree.Errorf(a.Line, "aliases is not a map")
	}
	for _, e := range a.Entries {
		if e.Val.Kind != yamltree.Map || len(e.Val.Entries) == 0 {
			return yamltree.Errorf(e.Line, "alias %q is not a map of rules to fields", clip(e.Key, 60))
		}
		for _, of := range e.Val.Entries {
			if !of.Val.Scalar() || fieldName(of.Val.Text) == "" {
				return yamltree.Errorf(of.Line, "alias %q gives no field for rule %q", clip(e.Key, 60),
					clip(of.Key, 60))
			}
			c.aliases = append(c.aliases, alias{
				fieldName(e.Key), of.Key, fieldName(of.Val.Text), of.Line,
			})
		}
	}
	if len(c.aliases) > maxAliases {
		return yamltree.Errorf(a.Line, "more than %d aliases", maxAliases)
	}
	return nil
}

// readCondition reads the bounds, and for the value types the field.
func (c *Correlation) readCondition(n *yamltree.Node) error {
	cond := n.Get("condition")
	if cond == nil {
		if c.Type.temporal() {
			return nil
		}
		return yamltree.Errorf(n.Line, "correlation of type %s has no condition", c.Type)
	}
	if cond.Scalar() && c.Type.temporal() {
		return yamltree.Errorf(cond.Line, "extended condition %q is a proposal (SEP 198) and not part "+
			"of the specification: list the rules under rules", clip(cond.Text, 60))
	}
	if cond.Kind != yamltree.Map {
		return yamltree.Errorf(cond.Line, "condition is not a map such as gte: 10")
	}
	known := append(slices.Clone(boundOps), "field", "percentile")
	if err := checkKeys(cond, "condition", known...); err != nil {
		return err
	}
	for _, e := range cond.Entries {
		if err := c.readCriterion(e); err != nil {
			return err
		}
	}
	return c.checkCondition(cond)
}

var boundOps = []string{"gt", "gte", "lt", "lte", "eq", "neq"}

// readCriterion reads one key of the condition.
func (c *Correlation) readCriterion(e yamltree.Entry) error {
	if e.Key == "field" {
		return c.readFields(e.Val)
	}
	value, err := strconv.ParseFloat(e.Val.Text, 64)
	if !e.Val.Scalar() || err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return yamltree.Errorf(e.Line, "condition %s is not a number", e.Key)
	}
	if e.Key == "percentile" {
		if value < 0 || value > 100 {
			return yamltree.Errorf(e.Line, "percentile %s is not between 0 and 100", clip(e.Val.Text, 40))
		}
		c.Percentile = value
		return nil
	}
	c.Bounds = append(c.Bounds, Bound{Op: e.Key, Value: value})
	return nil
}

// readFields reads the field of a value type; value_count may have several.
func (c *Correlation) readFields(n *yamltree.Node) error {
	list, err := scalars(n)
	if err != nil {
		return fmt.Errorf("condition field: %w", err)
	}
	for _, name := range list {
		if name = fieldName(name); name == "" || slices.Contains(c.Fields, name) {
			return yamltree.Errorf(n.Line, "condition field %q is empty or stands twice", clip(name, 60))
		}
		c.Fields = append(c.Fields, name)
	}
	return nil
}
