package ruletest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// ParseRegression reads an info.yml of SigmaHQ's regression data. Its paths
// begin at the root of the rule repository, which is some folder above.
//
// match_count is a lower bound upstream: firing more often is noted only.
func ParseRegression(file string, src []byte) (*Suite, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, placed(file, err, 1)
	}
	s := &Suite{File: file, Unexpected: PolicyIgnore}
	for _, doc := range docs {
		if err := s.readRegression(doc); err != nil {
			return nil, placed(file, err, doc.Line)
		}
	}
	return s, nil
}

func (s *Suite) readRegression(doc *yamltree.Node) error {
	tests := doc.Get("regression_tests_info")
	if tests == nil || tests.Kind == yamltree.Null {
		return nil
	}
	rules := doc.Get("rule_metadata")
	if rules == nil || len(rules.Items) == 0 || rules.Items[0].Str("id") == "" {
		return yamltree.Errorf(doc.Line, "rule_metadata names no rule id")
	}
	for _, n := range tests.Items {
		c := Case{
			File: s.File, Line: n.Line, Rule: rules.Items[0].Str("id"), Name: n.Str("name"),
			Optional: true, Loose: true, Want: AtLeast(1),
		}
		count, counted, err := readCount(n, "match_count")
		if err != nil {
			return err
		}
		if counted {
			c.Want = Exactly(count)
		}
		path := n.Str("path")
		if path == "" {
			return yamltree.Errorf(n.Line, "a regression test needs a path")
		}
		s.addRegression(c, upstream(s.File, path))
	}
	return nil
}

// addRegression adds the recording, and the JSON file beside it that holds the
// same events.
func (s *Suite) addRegression(c Case, path string) {
	name := c.Name
	c.Name = name + " (" + strings.TrimPrefix(filepath.Ext(path), ".") + ")"
	c.Input.Files = []string{path}
	s.Cases = append(s.Cases, c)
	if twin := strings.TrimSuffix(path, ".evtx") + ".json"; twin != path+".json" && isFile(twin) {
		c.Name = name + " (json)"
		c.Input.Files = []string{twin}
		s.Cases = append(s.Cases, c)
	}
}

// upstream finds a path of the repository from a file in it.
func upstream(file, path string) string {
	path = filepath.FromSlash(path)
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if at := filepath.Join(dir, path); isFile(at) {
			return at
		}
		if dir == filepath.Dir(dir) {
			return filepath.Join(filepath.Dir(file), filepath.Base(path))
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeType == 0
}
