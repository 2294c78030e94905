package yamltree

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
	MaxFileBytes = 4 << 20 // of one file
	MaxNodes     = 200_000 // of one file, after alias expansion
	maxDepth     = 64
	maxLineNest  = 16   // "- - - …" or "? ? …" openers on one line
	maxFlowNest  = 256  // brackets that are open at once, quoted ones included
	maxIndent    = 1000 // columns of leading space

	maxLineKeys   = 1000
	maxProperties = 10_000
)

// Kind is the YAML type of a node.
type Kind uint8

// The types. All before List are scalars.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	List
	Map
)

// Node is a YAML value with its line, free of anchors, tags and styles.
type Node struct {
	Kind    Kind
	Text    string // of scalars: decoded string, decimal number, true/false
	Line    int
	Items   []*Node // of a list
	Entries []Entry // of a map, in source order
}

// Entry is one key of a map.
type Entry struct {
	Key  string
	Line int
	Val  *Node
}

// Get returns the value under key, nil when the map has none.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key == key {
			return n.Entries[i].Val
		}
	}
	return nil
}

// Str returns the scalar under key without surrounding space, "" where there
// is none.
func (n *Node) Str(key string) string {
	if v := n.Get(key); v != nil && v.Scalar() {
		return strings.TrimSpace(v.Text)
	}
	return ""
}

// Word returns the scalar under key in lower case.
func (n *Node) Word(key string) string { return strings.ToLower(n.Str(key)) }

// Strs returns the non-empty scalars of the list under key, or the single one.
func (n *Node) Strs(key string) []string {
	v := n.Get(key)
	if v == nil {
		return nil
	}
	items := v.Items
	if v.Scalar() {
		items = []*Node{v}
	}
	var out []string
	for _, item := range items {
		if item.Scalar() && item.Text != "" {
			out = append(out, item.Text)
		}
	}
	return out
}

// Scalar reports whether the node is neither a list nor a map.
func (n *Node) Scalar() bool { return n.Kind < List }

// At returns the node's line, 0 for no node.
func (n *Node) At() int {
	if n == nil {
		return 0
	}
	return n.Line
}

// Error is an error at a line of a file.
type Error struct {
	Line int
	Text string
}

func (e *Error) Error() string { return e.Text }

// Errorf returns an Error about a line, from 1.
func Errorf(line int, format string, args ...any) error {
	return &Error{Line: line, Text: fmt.Sprintf(format, args...)}
}

// LineOf returns the line an error is about, fallback when it has none.
func LineOf(err error, fallback int) int {
	var le *Error
	if errors.As(err, &le) && le.Line > 0 {
		return le.Line
	}
	return fallback
}

// Parse reads all documents of a file. It refuses what would cost more
// than its size is worth: see the bounds above.
func Parse(src []byte) (docs []*Node, err error) {
	return ParseWithin(src, Limits{Bytes: MaxFileBytes, Nodes: MaxNodes})
}

// Limits bound one file.
type Limits struct {
	Bytes int
	Nodes int // after alias expansion

	// Merge allows merge keys (<<): the other keys of a map win over what is
	// merged into it.
	Merge bool
}

// ParseWithin is Parse for files that may be larger than those of rules.
func ParseWithin(src []byte, limits Limits) (docs []*Node, err error) {
	if len(src) > limits.Bytes {
		return nil, Errorf(1, "file has %d bytes, more than the %d allowed", len(src), limits.Bytes)
	}
	if docs, ok := parsePlain(src, limits); ok {
		return docs, nil
	}
	return parseModule(src, limits)
}

// parseModule reads a file with the YAML module.
func parseModule(src []byte, limits Limits) (docs []*Node, err error) {
	if err := checkBounds(src); err != nil {
		return nil, err
	}
	// The YAML module is fuzzed but not ours: a panic in it must not take the
	// process down over one rule file.
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, Errorf(1, "parse YAML: parser stopped: %v", r)
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
		c := converter{anchors: map[string]ast.Node{}, most: limits.Nodes, merge: limits.Merge}
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
	return Errorf(line, "parse YAML: %s", text)
}

// checkBounds looks at the bytes before the YAML parser sees them: the parser
// recurses per level and takes quadratic time over runs of properties and keys.
func checkBounds(src []byte) error {
	open, marks, text, maps := 0, 0, []byte(nil), siblings{}
	for line := 1; len(src) > 0; line++ {
		text, src = cutLine(src)
		indent, nest := lineNesting(text)
		if indent > maxIndent || nest > maxLineNest {
			return Errorf(line, "nested too deep")
		}
		before := open
		if open = flowNesting(text, open); open > maxFlowNest {
			return Errorf(line, "more than %d brackets open at once", maxFlowNest)
		}
		keys, properties := lineMarks(text)
		if marks += properties; keys > maxLineKeys || marks > maxProperties {
			return Errorf(line, "too many keys, anchors or tags")
		}
		if indent < len(text) && text[indent] != '#' && !maps.line(indent, nest, keys, before) {
			return Errorf(line, "too many keys in one map")
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
	most    int
	merge   bool
}

func (c *converter) convert(n ast.Node, depth int) (*Node, error) {
	line := nodeLine(n)
	if c.nodes++; c.nodes > c.most {
		return nil, Errorf(line, "more than %d YAML nodes after alias expansion", c.most)
	}
	if depth > maxDepth {
		return nil, Errorf(line, "nested deeper than %d levels", maxDepth)
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
			return nil, Errorf(line, "alias *%s has no anchor before it", v.Value.GetToken().Value)
		}
		return c.convert(target, depth+1)
	case *ast.TagNode:
		if v.Value == nil {
			return &Node{Kind: Null, Line: line}, nil
		}
		return c.tagged(v, line, depth)
	}
	return scalar(n, line)
}

// tagged converts a node with an explicit tag; only !!str changes anything.
func (c *converter) tagged(v *ast.TagNode, line, depth int) (*Node, error) {
	n, err := c.convert(v.Value, depth+1)
	if err == nil && v.GetToken().Value == "!!str" && n.Kind < List {
		n.Kind = String
		if n.Kind != Null {
			n.Text = v.Value.GetToken().Value
		}
	}
	return n, err
}

func (c *converter) sequence(v *ast.SequenceNode, line, depth int) (*Node, error) {
	out := &Node{Kind: List, Line: line, Items: make([]*Node, 0, len(v.Values))}
	for _, item := range v.Values {
		n, err := c.convert(item, depth+1)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, n)
	}
	return out, nil
}

func (c *converter) mapping(values []*ast.MappingValueNode, line, depth int) (*Node, error) {
	out := &Node{Kind: Map, Line: line, Entries: make([]Entry, 0, len(values))}
	seen := make(map[string]bool, len(values))
	var merged []*ast.MappingValueNode
	for _, mv := range values {
		keyLine := nodeLine(mv.Key)
		if _, ok := mv.Key.(*ast.MergeKeyNode); ok {
			if !c.merge {
				return nil, Errorf(keyLine, "YAML merge key << is not supported")
			}
			merged = append(merged, mv)
			continue
		}
		key, err := c.convert(mv.Key, depth+1)
		if err != nil {
			return nil, err
		}
		if key.Kind >= List {
			return nil, Errorf(keyLine, "a map key must be a plain name")
		}
		if seen[key.Text] {
			return nil, Errorf(keyLine, "key %q stands twice in one map", key.Text)
		}
		seen[key.Text] = true
		val, err := c.convert(mv.Value, depth+1)
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, Entry{Key: key.Text, Line: keyLine, Val: val})
	}
	return out, c.mergeInto(out, merged, depth)
}

// mergeInto adds the entries of merged maps that the map does not have.
func (c *converter) mergeInto(out *Node, merged []*ast.MappingValueNode, depth int) error {
	for _, mv := range merged {
		n, err := c.convert(mv.Value, depth+1)
		if err != nil {
			return err
		}
		from := []*Node{n}
		if n.Kind == List {
			from = n.Items
		}
		for _, m := range from {
			if m.Kind != Map {
				return Errorf(m.Line, "only a map can be merged")
			}
			for _, e := range m.Entries {
				if out.Get(e.Key) == nil {
					out.Entries = append(out.Entries, e)
				}
			}
		}
	}
	return nil
}

// scalar converts a leaf. Numbers keep their text when it is decimal, since
// equality compares text; other notations become decimal.
func scalar(n ast.Node, line int) (*Node, error) {
	switch v := n.(type) {
	case *ast.StringNode:
		return &Node{Kind: String, Text: v.Value, Line: line}, nil
	case *ast.LiteralNode:
		return &Node{Kind: String, Text: v.Value.Value, Line: line}, nil
	case *ast.IntegerNode:
		return &Node{Kind: Int, Text: decimal(v), Line: line}, nil
	case *ast.FloatNode:
		return &Node{Kind: Float, Text: v.GetToken().Value, Line: line}, nil
	case *ast.InfinityNode, *ast.NanNode:
		return &Node{Kind: String, Text: n.GetToken().Value, Line: line}, nil
	case *ast.BoolNode:
		return &Node{Kind: Bool, Text: strconv.FormatBool(v.Value), Line: line}, nil
	case *ast.NullNode, nil:
		return &Node{Kind: Null, Line: line}, nil
	case *ast.MappingKeyNode:
		return nil, Errorf(line, "complex map keys (?) are not supported")
	}
	return nil, Errorf(line, "unsupported YAML construct %s", n.Type())
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
