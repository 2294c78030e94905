package processing

import (
	"slices"
	"strconv"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// section is a map of the file. It notes the keys that are asked for, so that
// done can refuse all others.
type section struct {
	n    *yamltree.Node
	what string
	keys []string
}

func newSection(n *yamltree.Node, what string) *section { return &section{n: n, what: what} }

// get returns the value under the key, nil when there is none.
func (s *section) get(key string) *yamltree.Node {
	s.keys = append(s.keys, key)
	n := s.n.Get(key)
	if n != nil && n.Kind == yamltree.Null {
		return nil
	}
	return n
}

// text returns the scalar under the key, "" when there is none.
func (s *section) text(key string) string {
	if n := s.get(key); n != nil && n.Scalar() {
		return n.Text
	}
	return ""
}

// need returns the scalar under a key that must be there.
func (s *section) need(key string) (string, error) {
	n := s.get(key)
	if n == nil || !n.Scalar() {
		return "", yamltree.Errorf(s.n.Line, "%s needs a text under %s", s.what, key)
	}
	return n.Text, nil
}

// flag returns the boolean under the key, false when there is none.
func (s *section) flag(key string) (bool, error) {
	n := s.get(key)
	if n == nil {
		return false, nil
	}
	if n.Kind != yamltree.Bool {
		return false, yamltree.Errorf(n.Line, "%s is not true or false", key)
	}
	return n.Text == "true", nil
}

// oneOf returns the scalar under the key, which is one of the choices; the
// first when there is none.
func (s *section) oneOf(key string, choices ...string) (string, error) {
	n := s.get(key)
	if n == nil {
		return choices[0], nil
	}
	if !n.Scalar() || !slices.Contains(choices, n.Text) {
		return "", yamltree.Errorf(n.Line, "%s %s is not one of %v", key, strconv.Quote(clip(n.Text)),
			choices)
	}
	return n.Text, nil
}

// list returns the scalars under the key.
func (s *section) list(key string) ([]string, error) {
	n := s.get(key)
	if n == nil {
		return nil, nil
	}
	return scalars(n, key)
}

// lists returns a map of names to one or more scalars.
func (s *section) lists(key string) (map[string][]string, error) {
	n := s.get(key)
	if n == nil {
		return nil, nil
	}
	if n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.Line, "%s is not a map", key)
	}
	out := map[string][]string{}
	for _, e := range n.Entries {
		list, err := scalars(e.Val, e.Key)
		if err != nil {
			return nil, err
		}
		out[e.Key] = list
	}
	return out, nil
}

// done refuses keys that nothing asked for.
func (s *section) done() error {
	for _, e := range s.n.Entries {
		if slices.Contains(s.keys, e.Key) {
			continue
		}
		hint := ""
		if near := textmatch.Nearest(e.Key, s.keys); near != "" {
			hint = "; did you mean " + near + "?"
		}
		return yamltree.Errorf(e.Line, "%s has no key %q%s", s.what, clip(e.Key), hint)
	}
	return nil
}

// scalars reads a scalar or a list of scalars.
func scalars(n *yamltree.Node, key string) ([]string, error) {
	list := []*yamltree.Node{n}
	if n.Kind == yamltree.List {
		list = n.Items
	}
	var out []string
	for _, v := range list {
		if !v.Scalar() || v.Kind == yamltree.Null {
			return nil, yamltree.Errorf(v.Line, "%s: want a text or a list of texts", clip(key))
		}
		out = append(out, v.Text)
	}
	return out, nil
}

// clip shortens text that goes into a message.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
