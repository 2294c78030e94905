package sigma

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds on one rule file. The largest rule of the public SigmaHQ set has
// 300 kB and 4,500 nodes; a file beyond these bounds is refused with a reason.
const (
	maxFileBytes = 4 << 20
	maxNodes     = 200_000
	maxDepth     = 64
	maxLineNest  = 16   // "- - - …" or "? ? …" openers on one line
	maxFlowNest  = 256  // brackets that are open at once, quoted ones included
	maxIndent    = 1000 // columns of leading space

	maxLineKeys   = 1000
	maxProperties = 10_000
)

// nodeKind is the YAML type of a node.
type nodeKind uint8

const (
	kindNull nodeKind = iota
	kindString
	kindInt
	kindFloat
	kindBool
	kindList
	kindMap
)

// node is a YAML value with its line, free of anchors, tags and styles.
type node struct {
	kind    nodeKind
	text    string // of scalars: decoded string, decimal number, true/false
	line    int
	items   []*node // of a list
	entries []entry // of a map, in source order
}

// entry is one key of a map.
type entry struct {
	key  string
	line int
	val  *node
}

// get returns the value under key, nil when the map has none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return n.entries[i].val
		}
	}
	return nil
}

// lineError is an error at a line of a rule file.
type lineError struct {
	line int
	text string
}

func (e *lineError) Error() string { return e.text }

// errAt returns an error that carries the line it is about.
func errAt(line int, format string, args ...any) error {
	return &lineError{line: line, text: fmt.Sprintf(format, args...)}
}

// errorLine returns the line an error is about, fallback when it has none.
func errorLine(err error, fallback int) int {
	var le *lineError
	if errors.As(err, &le) && le.line > 0 {
		return le.line
	}
	return fallback
}

// parseYAML reads all documents of a file. It refuses what would cost more
// than its size is worth: see the bounds above.
func parseYAML(src []byte) (docs []*node, err error) {
	if err := checkBounds(src); err != nil {
		return nil, err
	}
	// The YAML module is fuzzed but not ours: a panic in it must not take the
	// process down over one rule file.
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, errAt(1, "parse YAML: parser stopped: %v", r)
		}
	}()
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, yamlError(err)
	}
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		c := converter{anchors: map[string]ast.Node{}}
		n, err := c.convert(doc.Body, 0)
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
	return docs, nil
}

// yamlError turns the module's error into one line with a position.
func yamlError(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	line := 1
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if pos, msg, ok := strings.Cut(rest, "] "); ok {
			l, _, _ := strings.Cut(pos, ":")
			if v, err := strconv.Atoi(l); err == nil {
				line, text = v, msg
			}
		}
	}
	return errAt(line, "parse YAML: %s", text)
}

// checkBounds looks at the bytes before the YAML parser sees them: the parser
// recurses per level and takes quadratic time over runs of properties and keys.
func checkBounds(src []byte) error {
	if len(src) > maxFileBytes {
		return errAt(1, "file has %d bytes, more than the %d allowed", len(src), maxFileBytes)
	}
	open, marks, text := 0, 0, []byte(nil)
	for line := 1; len(src) > 0; line++ {
		text, src = cutLine(src)
		indent, nest := lineNesting(text)
		if indent > maxIndent || nest > maxLineNest {
			return errAt(line, "nested too deep")
		}
		if open = flowNesting(text, open); open > maxFlowNest {
			return errAt(line, "more than %d brackets open at once", maxFlowNest)
		}
		keys, properties := lineMarks(text)
		if marks += properties; keys > maxLineKeys || marks > maxProperties {
			return errAt(line, "too many keys, anchors or tags")
		}
	}
	return nil
}

// lineMarks counts what may be a key (": ") and what may be an anchor, alias
// or tag (&, *, ! at the start of a word).
func lineMarks(line []byte) (keys, properties int) {
	for i, c := range line {
		switch c {
		case ':':
			if i+1 == len(line) || line[i+1] == ' ' {
				keys++
			}
		case '&', '*', '!':
			if i == 0 || line[i-1] == ' ' {
				properties++
			}
		}
	}
	return keys, properties
}

// cutLine splits src after its first line end.
func cutLine(src []byte) (line, rest []byte) {
	for i, c := range src {
		if c == '\n' || c == '\r' {
			return src[:i], src[i+1:]
		}
	}
	return src, nil
}

// lineNesting returns the indentation of a line and how many block openers
// ("- ", "? ") it starts with.
func lineNesting(line []byte) (indent, nest int) {
	i := 0
	for i < len(line) && line[i] == ' ' {
		i++
	}
	indent = i
	for i < len(line) {
		switch line[i] {
		case '-', '?', ':':
			if i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' {
				return indent, nest
			}
			nest++
		case ' ', '\t':
		default:
			return indent, nest
		}
		i++
	}
	return indent, nest
}

// flowNesting counts the brackets open after the line. Quotes are not looked
// at: the count is a bound, not a parse.
func flowNesting(line []byte, open int) int {
	highest := open
	for _, c := range line {
		switch c {
		case '[', '{':
			open++
			highest = max(highest, open)
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	if highest > maxFlowNest {
		return highest
	}
	return open
}

// converter turns the module's syntax tree into nodes within the bounds.
type converter struct {
	anchors map[string]ast.Node
	nodes   int
}

func (c *converter) convert(n ast.Node, depth int) (*node, error) {
	line := nodeLine(n)
	if c.nodes++; c.nodes > maxNodes {
		return nil, errAt(line, "more than %d YAML nodes after alias expansion", maxNodes)
	}
	if depth > maxDepth {
		return nil, errAt(line, "nested deeper than %d levels", maxDepth)
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		return c.mapping(v.Values, line, depth)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{v}, line, depth)
	case *ast.SequenceNode:
		return c.sequence(v, line, depth)
	case *ast.AnchorNode:
		c.anchors[v.Name.GetToken().Value] = v.Value
		return c.convert(v.Value, depth+1)
	case *ast.AliasNode:
		target, ok := c.anchors[v.Value.GetToken().Value]
		if !ok {
			return nil, errAt(line, "alias *%s has no anchor before it", v.Value.GetToken().Value)
		}
		return c.convert(target, depth+1)
	case *ast.TagNode:
		if v.Value == nil {
			return &node{kind: kindNull, line: line}, nil
		}
		return c.tagged(v, line, depth)
	}
	return scalar(n, line)
}

// tagged converts a node with an explicit tag; only !!str changes anything.
func (c *converter) tagged(v *ast.TagNode, line, depth int) (*node, error) {
	n, err := c.convert(v.Value, depth+1)
	if err == nil && v.GetToken().Value == "!!str" && n.kind < kindList {
		n.kind = kindString
		if n.kind != kindNull {
			n.text = v.Value.GetToken().Value
		}
	}
	return n, err
}

func (c *converter) sequence(v *ast.SequenceNode, line, depth int) (*node, error) {
	out := &node{kind: kindList, line: line, items: make([]*node, 0, len(v.Values))}
	for _, item := range v.Values {
		n, err := c.convert(item, depth+1)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, n)
	}
	return out, nil
}

func (c *converter) mapping(values []*ast.MappingValueNode, line, depth int) (*node, error) {
	out := &node{kind: kindMap, line: line, entries: make([]entry, 0, len(values))}
	seen := make(map[string]bool, len(values))
	for _, mv := range values {
		keyLine := nodeLine(mv.Key)
		if _, ok := mv.Key.(*ast.MergeKeyNode); ok {
			return nil, errAt(keyLine, "YAML merge key << is not supported")
		}
		key, err := c.convert(mv.Key, depth+1)
		if err != nil {
			return nil, err
		}
		if key.kind >= kindList {
			return nil, errAt(keyLine, "a map key must be a plain name")
		}
		if seen[key.text] {
			return nil, errAt(keyLine, "key %q stands twice in one map", key.text)
		}
		seen[key.text] = true
		val, err := c.convert(mv.Value, depth+1)
		if err != nil {
			return nil, err
		}
		out.entries = append(out.entries, entry{key: key.text, line: keyLine, val: val})
	}
	return out, nil
}

// scalar converts a leaf. Numbers keep their text when it is decimal, since
// equality compares text; other notations become decimal.
func scalar(n ast.Node, line int) (*node, error) {
	switch v := n.(type) {
	case *ast.StringNode:
		return &node{kind: kindString, text: v.Value, line: line}, nil
	case *ast.LiteralNode:
		return &node{kind: kindString, text: v.Value.Value, line: line}, nil
	case *ast.IntegerNode:
		return &node{kind: kindInt, text: decimal(v), line: line}, nil
	case *ast.FloatNode:
		return &node{kind: kindFloat, text: v.GetToken().Value, line: line}, nil
	case *ast.InfinityNode, *ast.NanNode:
		return &node{kind: kindString, text: n.GetToken().Value, line: line}, nil
	case *ast.BoolNode:
		return &node{kind: kindBool, text: strconv.FormatBool(v.Value), line: line}, nil
	case *ast.NullNode, nil:
		return &node{kind: kindNull, line: line}, nil
	case *ast.MappingKeyNode:
		return nil, errAt(line, "complex map keys (?) are not supported")
	}
	return nil, errAt(line, "unsupported YAML construct %s", n.Type())
}

// decimal returns the integer's text, converted where it is not decimal.
func decimal(v *ast.IntegerNode) string {
	text := v.GetToken().Value
	digits := strings.TrimLeft(text, "+-")
	if strings.Trim(digits, "0123456789") == "" && !strings.HasPrefix(text, "+") {
		return text
	}
	return fmt.Sprint(v.Value)
}

func nodeLine(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}
