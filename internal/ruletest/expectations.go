package ruletest

import (
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// ParseExpectations reads rsigma's expectations.yml over the files of a corpus:
//
//	defaults:
//	  unexpected_detections: fail | warn | ignore
//	expectations:
//	  - rule: id or exact title
//	    corpus: name of one file of the corpus; without it, all of them
//	    exactly: N        # or at_least, at_most, or both
func ParseExpectations(file string, src []byte, corpus []Corpus) (*Suite, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, placed(file, err, 1)
	}
	s := &Suite{File: file, Unexpected: PolicyWarn, Corpus: corpus}
	for _, doc := range docs {
		if err := s.readExpectations(doc); err != nil {
			return nil, placed(file, err, doc.Line)
		}
	}
	return s, nil
}

func (s *Suite) readExpectations(doc *yamltree.Node) error {
	if err := only(doc, "defaults", "expectations"); err != nil {
		return err
	}
	if d := doc.Get("defaults"); d != nil {
		if err := s.readDefaults(d); err != nil {
			return err
		}
	}
	list := doc.Get("expectations")
	if list == nil || list.Kind == yamltree.Null {
		return nil
	}
	if list.Kind != yamltree.List {
		return yamltree.Errorf(list.Line, "expectations is not a list")
	}
	for _, n := range list.Items {
		if err := s.readExpectation(n); err != nil {
			return err
		}
	}
	return nil
}

func (s *Suite) readDefaults(d *yamltree.Node) error {
	if err := only(d, "unexpected_detections"); err != nil {
		return err
	}
	v := d.Get("unexpected_detections")
	if v == nil {
		return nil
	}
	switch p := Policy(strings.ToLower(v.Text)); p {
	case PolicyFail, PolicyWarn, PolicyIgnore:
		s.Unexpected = p
		return nil
	}
	return yamltree.Errorf(v.Line, "unexpected_detections %q is not fail, warn or ignore",
		clip(v.Text))
}

func (s *Suite) readExpectation(n *yamltree.Node) error {
	if err := only(n, "rule", "corpus", "exactly", "at_least", "at_most"); err != nil {
		return err
	}
	c := Case{File: s.File, Line: n.Line, Rule: n.Str("rule")}
	if c.Rule == "" {
		return yamltree.Errorf(n.Line, "an expectation needs a rule")
	}
	bound, ok, err := readBound(n, "exactly")
	if err != nil {
		return err
	}
	if !ok {
		return yamltree.Errorf(n.Line, "set one of exactly, at_least and at_most")
	}
	c.Want = bound
	scope := n.Str("corpus")
	c.Name = "over the corpus"
	if scope != "" {
		c.Name = "over " + scope
	}
	for _, f := range s.Corpus {
		if scope == "" || scope == f.Name {
			c.Input.Files = append(c.Input.Files, f.Path)
		}
	}
	if scope != "" && len(c.Input.Files) == 0 {
		return yamltree.Errorf(n.Get("corpus").Line, "the corpus has no file %q", clip(scope))
	}
	s.Cases = append(s.Cases, c)
	return nil
}
