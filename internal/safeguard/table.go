package safeguard

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/evident-sec/evident/internal/yamltree"
)

//go:embed terms.yaml
var termsFile []byte

// place is a set of the kinds of place where a term counts.
type place uint16

// The places, as terms.yaml names its lists.
const (
	inAnywhere place = 1 << iota
	inNames
	inPersonal
	inValues
	inHosts
	inCategories
	inText
	isGuard // a phrase in which terms mean something else
	isWord  // a class of words: person, technical, fields, …
)

// lists are the keys of an attribute in terms.yaml.
var lists = map[string]place{
	"anywhere": inAnywhere, "names": inNames, "personal": inPersonal, "values": inValues,
	"hosts": inHosts, "categories": inCategories, "text": inText,
}

// term is a run of words to look for.
type term struct {
	text  string // as the table has it
	about string // the attribute or the class
	in    place
	run   []shape
}

// shape is what one word of a term may look like.
type shape struct {
	text       string
	start, end bool            // the word begins, ends with text; both: contains
	class      map[string]bool // instead of text: one of these, with prefixes "x*"
}

// table is terms.yaml, ready to search.
type table struct {
	terms   []term
	classes map[string]map[string]bool
	whole   map[string][]int // terms by their first word
	prefix  map[string][]int // by its first letters, gram at most
	inside  map[string][]int // by letters that it contains, gram
	starts  letters
	grams   letters
	telling map[string]bool
	tellMin int
}

// standard is the table of this program. The file is part of it, so an error
// is one of the build, which the tests find.
var standard = sync.OnceValues(func() (*table, error) { return parseTable(termsFile) })

// gram is how many letters index a term.
const gram = 3

func parseTable(src []byte) (*table, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("read terms: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	if len(docs) != 1 || docs[0].Str("version") != "1" {
		return nil, errors.New("read terms: want one document with version: 1")
	}
	t := &table{
		classes: map[string]map[string]bool{}, whole: map[string][]int{},
		prefix: map[string][]int{}, inside: map[string][]int{}, telling: map[string]bool{},
	}
	if err := t.fill(docs[0]); err != nil {
		return nil, fmt.Errorf("read terms: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	return t, nil
}

func (t *table) fill(doc *yamltree.Node) error {
	if classes := doc.Get("classes"); classes != nil {
		for _, e := range classes.Entries {
			if err := t.readClass(e.Key, e.Val); err != nil {
				return err
			}
		}
	}
	if fields := doc.Get("fields"); fields != nil {
		for _, e := range fields.Entries {
			if err := t.readClass(fieldClass+e.Key, e.Val); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"personnel", "web"} {
		if err := t.readClass(name, doc.Get(name)); err != nil {
			return err
		}
	}
	if err := t.addAll(doc.Get("guards"), "guard", isGuard); err != nil {
		return err
	}
	if n := doc.Get("telling_names"); n != nil {
		for _, name := range n.Strs("names") {
			t.telling[name] = true
		}
		if _, err := fmt.Sscan(n.Str("at_least"), &t.tellMin); err != nil {
			return yamltree.Errorf(n.Line, "at_least: %v", err)
		}
	}
	return t.readAttributes(doc.Get("attributes"))
}

// fieldClass begins the names of the classes that say what a field holds.
const fieldClass = "field "

// readClass reads a class of words; terms can name it and text is searched
// for it.
func (t *table) readClass(name string, n *yamltree.Node) error {
	if n == nil || n.Kind != yamltree.List {
		return yamltree.Errorf(n.At(), "%s is not a list", name)
	}
	t.classes[name] = map[string]bool{}
	for _, item := range n.Items {
		t.classes[name][item.Text] = true
	}
	return t.addAll(n, name, isWord)
}

func (t *table) readAttributes(n *yamltree.Node) error {
	if n == nil || n.Kind != yamltree.List {
		return yamltree.Errorf(n.At(), "attributes is not a list")
	}
	for _, a := range n.Items {
		about := a.Str("attribute")
		if about == "" {
			return yamltree.Errorf(a.Line, "attribute has no name")
		}
		for _, e := range a.Entries {
			in, known := lists[e.Key]
			if !known && e.Key != "attribute" {
				return yamltree.Errorf(e.Line, "unknown list %q", e.Key)
			}
			if known {
				if err := t.addAll(e.Val, about, in); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *table) addAll(n *yamltree.Node, about string, in place) error {
	if n == nil {
		return nil
	}
	if n.Kind != yamltree.List {
		return yamltree.Errorf(n.Line, "%s is not a list", about)
	}
	for _, item := range n.Items {
		if err := t.add(item, about, in); err != nil {
			return err
		}
	}
	return nil
}

// add compiles one term and indexes it by its first word.
func (t *table) add(item *yamltree.Node, about string, in place) error {
	entry := term{text: item.Text, about: about, in: in}
	for word := range strings.FieldsSeq(item.Text) {
		s, err := t.shape(word, item.Line)
		if err != nil {
			return err
		}
		entry.run = append(entry.run, s)
	}
	if len(entry.run) == 0 {
		return yamltree.Errorf(item.Line, "empty term")
	}
	t.terms = append(t.terms, entry)
	id := len(t.terms) - 1
	first := entry.run[0]
	if first.class == nil {
		return t.index(first, id, item.Line)
	}
	for word := range first.class {
		s, err := t.shape(word, item.Line)
		if err != nil {
			return err
		}
		if err := t.index(s, id, item.Line); err != nil {
			return err
		}
	}
	return nil
}

// shape compiles one word of a term.
func (t *table) shape(word string, line int) (shape, error) {
	if name, ok := strings.CutPrefix(word, "<"); ok {
		class := t.classes[strings.TrimSuffix(name, ">")]
		if class == nil {
			return shape{}, yamltree.Errorf(line, "unknown class %s", word)
		}
		return shape{class: class}, nil
	}
	text := strings.Trim(word, "*")
	if got, _ := split(text, false); len(got) != 1 || got[0] != text {
		return shape{}, yamltree.Errorf(line, "write %q in lower case, without accents and signs", word)
	}
	return shape{
		text: text, start: strings.HasSuffix(word, "*"), end: strings.HasPrefix(word, "*"),
	}, nil
}

func (t *table) index(s shape, id, line int) error {
	switch {
	case s.end:
		if len(s.text) < gram {
			return yamltree.Errorf(line, "*%s is too short", s.text)
		}
		t.inside[s.text[:gram]] = append(t.inside[s.text[:gram]], id)
		*t.grams.at(s.text[:gram]) = true
	case s.start:
		key := s.text[:min(gram, len(s.text))]
		t.prefix[key] = append(t.prefix[key], id)
		*t.starts.at(key) = true
	default:
		t.whole[s.text] = append(t.whole[s.text], id)
		for _, word := range []string{s.text, s.text + "s"} {
			*t.starts.at(word[:min(gram, len(word))]) = true
		}
	}
	return nil
}

// fits reports whether the word looks so. Whole words may be plurals.
func (s shape) fits(word string) bool {
	switch {
	case s.class != nil:
		return inClass(s.class, word)
	case s.start && s.end:
		return strings.Contains(word, s.text)
	case s.start:
		return strings.HasPrefix(word, s.text)
	case s.end:
		return strings.HasSuffix(word, s.text)
	}
	return word == s.text || word == s.text+"s"
}

// inClass reports whether the class has the word or a beginning of it.
func inClass(class map[string]bool, word string) bool {
	if class[word] || class[strings.TrimSuffix(word, "s")] {
		return true
	}
	for i := 2; i <= len(word); i++ {
		if class[word[:i]+"*"] {
			return true
		}
	}
	return false
}
