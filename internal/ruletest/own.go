package ruletest

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// testSuffixes end the names of our own test files.
var testSuffixes = []string{".test.yml", ".test.yaml"}

// ParseTests reads NAME.test.yml: a map with "tests", a list of maps with
//
//	name      what is tried, for reports
//	rule      id, title or name; without it, the rule in NAME.yml
//	event     one event, as a map
//	events    a list of such events
//	file      a file of events beside the test, or a list of files
//	match     true: every event matches, a correlation fires; false: never
//	count     instead of match: how often the rule fires
//	at_least, at_most   instead of count: bounds
//
// "rule" may also stand beside "tests", for all of them.
func ParseTests(file string, src []byte) (*Suite, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, placed(file, err, 1)
	}
	if len(docs) != 1 {
		return nil, placed(file, yamltree.Errorf(1, "want one document, there are %d", len(docs)), 1)
	}
	s := &Suite{File: file, Unexpected: PolicyIgnore}
	if err := s.readTests(docs[0]); err != nil {
		return nil, placed(file, err, docs[0].Line)
	}
	return s, nil
}

func (s *Suite) readTests(doc *yamltree.Node) error {
	if err := only(doc, "rule", "tests"); err != nil {
		return err
	}
	tests := doc.Get("tests")
	if tests == nil || tests.Kind != yamltree.List || len(tests.Items) == 0 {
		return yamltree.Errorf(doc.Line, "there is no list of tests")
	}
	for i, n := range tests.Items {
		c := Case{File: s.File, Line: n.Line, Rule: doc.Str("rule"), Name: "test " + strconv.Itoa(i+1)}
		if err := c.read(n); err != nil {
			return err
		}
		if c.Rule == "" {
			c.RuleFile = besideTest(s.File)
		}
		s.Cases = append(s.Cases, c)
	}
	return nil
}

// besideTest is the rule file that a test file is for.
func besideTest(file string) string {
	for _, suffix := range testSuffixes {
		if rest, ok := strings.CutSuffix(file, suffix); ok {
			return rest + strings.TrimPrefix(suffix, ".test")
		}
	}
	return file
}

func (c *Case) read(n *yamltree.Node) error {
	err := only(n, "name", "rule", "event", "events", "file", "match", "count", "at_least", "at_most")
	if err != nil {
		return err
	}
	if name := n.Str("name"); name != "" {
		c.Name = name
	}
	if rule := n.Str("rule"); rule != "" {
		c.Rule = rule
	}
	if err := c.readInput(n); err != nil {
		return err
	}
	return c.readWant(n)
}

// readInput reads what is judged: exactly one of event, events and file.
func (c *Case) readInput(n *yamltree.Node) error {
	given := 0
	if one := n.Get("event"); one != nil {
		given++
		if err := c.addEvent(one); err != nil {
			return err
		}
	}
	if list := n.Get("events"); list != nil {
		given++
		if list.Kind != yamltree.List || len(list.Items) == 0 {
			return yamltree.Errorf(list.Line, "events is not a list of maps")
		}
		for _, one := range list.Items {
			if err := c.addEvent(one); err != nil {
				return err
			}
		}
	}
	if files := n.Get("file"); files != nil {
		given++
		for _, name := range n.Strs("file") {
			path := filepath.Join(filepath.Dir(c.File), filepath.FromSlash(name))
			c.Input.Files = append(c.Input.Files, path)
		}
	}
	if given != 1 || len(c.Input.Files)+len(c.Input.Events) == 0 {
		return yamltree.Errorf(n.Line, "a test needs one of event, events and file")
	}
	return nil
}

func (c *Case) addEvent(n *yamltree.Node) error {
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "an event is a map of fields")
	}
	c.Input.Events = append(c.Input.Events, appendJSON(nil, n))
	return nil
}

// readWant reads how often the rule must fire.
func (c *Case) readWant(n *yamltree.Node) error {
	match := n.Get("match")
	bound, counted, err := readBound(n, "count")
	if err != nil {
		return err
	}
	if (match != nil) == counted {
		return yamltree.Errorf(n.Line, "a test needs either match or count (or at_least, at_most)")
	}
	if counted {
		c.Want = bound
		return nil
	}
	if match.Kind != yamltree.Bool {
		return yamltree.Errorf(match.Line, "match is true or false")
	}
	c.Want = Exactly(0)
	if match.Text == "true" {
		c.Want, c.Every = AtLeast(1), len(c.Input.Events) > 0
	}
	return nil
}

// readBound reads the number under exact, or at_least and at_most.
func readBound(n *yamltree.Node, exact string) (b Bound, ok bool, err error) {
	one, hasOne, err := readCount(n, exact)
	if err != nil {
		return b, false, err
	}
	least, hasLeast, err := readCount(n, "at_least")
	if err != nil {
		return b, false, err
	}
	most, hasMost, err := readCount(n, "at_most")
	switch {
	case err != nil:
		return b, false, err
	case hasOne && (hasLeast || hasMost):
		return b, false, yamltree.Errorf(n.Line, "%s does not go with at_least and at_most", exact)
	case hasLeast && hasMost && least > most:
		return b, false, yamltree.Errorf(n.Line, "at_least %d is more than at_most %d", least, most)
	case hasOne:
		return Exactly(one), true, nil
	}
	return Bound{Least: least, Most: most, Open: !hasMost}, hasLeast || hasMost, nil
}

// maxCount bounds a count, so that sums stay numbers.
const maxCount = 1_000_000_000

func readCount(n *yamltree.Node, key string) (int, bool, error) {
	v := n.Get(key)
	if v == nil {
		return 0, false, nil
	}
	count, err := strconv.Atoi(v.Text)
	if v.Kind != yamltree.Int || err != nil || count < 0 || count > maxCount {
		return 0, false, yamltree.Errorf(v.Line, "%s is not a count", key)
	}
	return count, true, nil
}
