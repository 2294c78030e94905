package normalize

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is a YAML value with its line: a scalar, a list or a map.
type node struct {
	text    string
	line    int
	items   []*node
	entries []pair
	scalar  bool
}

// pair is one key of a map.
type pair struct {
	key  string
	line int
	val  *node
}

// placedError says in which file and line of the mapping an error is.
type placedError struct {
	line int
	err  error
}

func (e *placedError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *placedError) Unwrap() error { return e.err }

// errorAt returns an error that carries the line it is about.
func errorAt(line int, format string, args ...any) error {
	return &placedError{line, fmt.Errorf(format, args...)}
}

// readYAML parses one document into nodes.
func readYAML(data []byte) (*node, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, syntaxError(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, errors.New("parse yaml: expected one document")
	}
	r := yamlReader{anchors: map[string]*node{}}
	return r.convert(file.Docs[0].Body)
}

// syntaxError puts the line that the YAML parser reports where others are.
func syntaxError(err error) error {
	type placed interface {
		error
		GetToken() *token.Token
		GetMessage() string
	}
	if at, ok := errors.AsType[placed](err); ok && at.GetToken() != nil {
		return errorAt(at.GetToken().Position.Line, "parse yaml: %s", at.GetMessage())
	}
	return fmt.Errorf("parse yaml: %w", err)
}

// yamlReader converts nodes; an alias stands for its anchor's value.
type yamlReader struct {
	anchors map[string]*node
}

func (r *yamlReader) convert(n ast.Node) (*node, error) {
	line := n.GetToken().Position.Line
	switch v := n.(type) {
	case *ast.MappingNode:
		out := &node{line: line}
		for _, kv := range v.Values {
			if err := r.addPair(out, kv); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *ast.MappingValueNode:
		out := &node{line: line}
		return out, r.addPair(out, v)
	case *ast.SequenceNode:
		out := &node{line: line}
		for _, item := range v.Values {
			child, err := r.convert(item)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, child)
		}
		return out, nil
	case *ast.AnchorNode:
		value, err := r.convert(v.Value)
		r.anchors[v.Name.String()] = value
		return value, err
	case *ast.AliasNode:
		if value, ok := r.anchors[v.Value.String()]; ok {
			return value, nil
		}
		return nil, errorAt(line, "unknown alias %q", v.Value.String())
	case *ast.StringNode:
		return &node{line: line, text: v.Value, scalar: true}, nil
	case *ast.LiteralNode:
		return &node{line: line, text: strings.TrimSpace(v.Value.Value), scalar: true}, nil
	case ast.ScalarNode:
		return &node{line: line, text: v.GetToken().Value, scalar: true}, nil
	}
	return nil, errorAt(line, "unsupported YAML %s", n.Type())
}

func (r *yamlReader) addPair(n *node, kv *ast.MappingValueNode) error {
	key, err := r.convert(kv.Key)
	if err != nil {
		return err
	}
	if !key.scalar {
		return errorAt(key.line, "key is not a scalar")
	}
	for i := range n.entries {
		if n.entries[i].key == key.text {
			return errorAt(key.line, "key %q is given twice", key.text)
		}
	}
	val, err := r.convert(kv.Value)
	if err != nil {
		return err
	}
	n.entries = append(n.entries, pair{key.text, key.line, val})
	return nil
}

// strings returns the scalar, or the scalars of the list.
func (n *node) strings() ([]string, error) {
	if n.scalar {
		return []string{n.text}, nil
	}
	if len(n.entries) > 0 {
		return nil, errorAt(n.line, "expected text or a list of texts")
	}
	out := make([]string, 0, len(n.items))
	for _, item := range n.items {
		if !item.scalar {
			return nil, errorAt(item.line, "expected text")
		}
		out = append(out, item.text)
	}
	return out, nil
}

// visit calls the handler of each key; an unknown key is an error.
func (n *node) visit(handlers map[string]func(*node) error) error {
	if n.scalar || len(n.items) > 0 {
		return errorAt(n.line, "expected a map")
	}
	for _, e := range n.entries {
		handle, ok := handlers[e.key]
		if !ok {
			return errorAt(e.line, "unknown key %q", e.key)
		}
		if err := handle(e.val); err != nil {
			return err
		}
	}
	return nil
}

// textInto returns a handler that stores the scalar.
func textInto(dst *string) func(*node) error {
	return func(n *node) error {
		if !n.scalar {
			return errorAt(n.line, "expected text")
		}
		*dst = n.text
		return nil
	}
}

// listInto returns a handler that stores the scalar or list of scalars.
func listInto(dst *[]string) func(*node) error {
	return func(n *node) (err error) {
		*dst, err = n.strings()
		return err
	}
}
