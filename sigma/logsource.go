package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// Logsources maps Sigma's log sources to the events they mean and rule field
// names to the names that events have. It is read-only after parsing.
type Logsources struct {
	aliases  map[string][]string
	prefixes []string
	sources  []mappedSource
	byKey    map[Logsource]int
	hash     string
}

// mappedSource is one log source with the kinds of events it comes as.
type mappedSource struct {
	Logsource
	branches []branch
}

// branch is one kind of event of a log source: when all its clauses hold.
type branch struct {
	when   []clause
	rename map[string][]string // rule field to native fields, first present counts
}

// clause asks one field of the event for one of some values. The fields
// $product, $category and $service are the event's own log source.
type clause struct {
	field   string
	names   []string // of field in events
	values  []string // case-folded
	present bool     // any value will do
}

const (
	ownProduct  = "$product"
	ownCategory = "$category"
	ownService  = "$service"
)

// Sources returns the log sources of the mapping in file order.
func (l *Logsources) Sources() []Logsource {
	var out []Logsource
	for _, s := range l.sources {
		out = append(out, s.Logsource)
	}
	return out
}

// ParseLogsources reads a mapping file; its format is described at the head of
// mappings/sigma-logsources.yaml.
func ParseLogsources(src []byte) (*Logsources, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("read log sources: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	if len(docs) != 1 || docs[0].Kind != yamltree.Map || docs[0].Str("version") != "1" {
		return nil, fmt.Errorf("read log sources: want one document with version: 1")
	}
	sum := sha256.Sum256(src)
	l := &Logsources{byKey: map[Logsource]int{}, hash: hex.EncodeToString(sum[:])}
	if err := l.read(docs[0]); err != nil {
		return nil, fmt.Errorf("read log sources: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	for i := range l.sources {
		for _, b := range l.sources[i].branches {
			for c := range b.when {
				b.when[c].names = l.names(b.when[c].field, nil)
			}
		}
	}
	return l, nil
}

func (l *Logsources) read(doc *yamltree.Node) error {
	for _, e := range doc.Entries {
		var err error
		switch e.Key {
		case "version":
		case "aliases":
			l.aliases, err = nameLists(e.Val)
		case "prefixes":
			l.prefixes, err = scalars(e.Val)
		case "sources":
			err = l.readSources(e.Val)
		default:
			err = yamltree.Errorf(e.Line, "unknown key %q", e.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Logsources) readSources(list *yamltree.Node) error {
	for _, n := range list.Items {
		s, err := readSource(n)
		if err != nil {
			return err
		}
		if _, twice := l.byKey[s.Logsource]; twice {
			return yamltree.Errorf(n.Line, "log source %s stands twice", s.Logsource)
		}
		l.byKey[s.Logsource] = len(l.sources)
		l.sources = append(l.sources, s)
	}
	return nil
}

func readSource(n *yamltree.Node) (mappedSource, error) {
	var s mappedSource
	ls := n.Get("logsource")
	if ls == nil {
		return s, yamltree.Errorf(n.Line, "source has no logsource")
	}
	s.Logsource = Logsource{ls.Word("product"), ls.Word("category"), ls.Word("service")}
	if s.Logsource == (Logsource{}) {
		return s, yamltree.Errorf(ls.Line, "log source is empty")
	}
	if events := n.Get("events"); events != nil {
		for _, e := range events.Items {
			b, err := readBranch(e)
			if err != nil {
				return s, err
			}
			s.branches = append(s.branches, b)
		}
	}
	s.branches = append(s.branches, ownBranch(s.Logsource))
	return s, nil
}

// ownBranch is every source's last branch: the event says itself, by the
// mapping that decoded it, that it is of this log source.
func ownBranch(ls Logsource) branch {
	var b branch
	for _, p := range []struct{ field, value string }{
		{ownProduct, ls.Product}, {ownCategory, ls.Category}, {ownService, ls.Service},
	} {
		if p.value != "" {
			b.when = append(b.when, clause{field: p.field, values: []string{textmatch.Fold(p.value)}})
		}
	}
	return b
}

func readBranch(n *yamltree.Node) (branch, error) {
	var b branch
	when := n.Get("when")
	if when == nil || len(when.Entries) == 0 {
		return b, yamltree.Errorf(n.Line, "event kind has no when")
	}
	for _, e := range when.Entries {
		values, err := scalars(e.Val)
		if err != nil {
			return b, err
		}
		c := clause{field: e.Key}
		for _, v := range values {
			c.present = c.present || v == "*"
			c.values = append(c.values, textmatch.Fold(v))
		}
		b.when = append(b.when, c)
	}
	var err error
	if fields := n.Get("fields"); fields != nil {
		b.rename, err = nameLists(fields)
	}
	return b, err
}

// nameLists reads a map of names to a name or a list of names.
func nameLists(n *yamltree.Node) (map[string][]string, error) {
	if n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.Line, "want a map of names")
	}
	out := map[string][]string{}
	for _, e := range n.Entries {
		list, err := scalars(e.Val)
		if err != nil {
			return nil, err
		}
		for i := range list {
			list[i] = fieldName(list[i])
		}
		out[fieldName(e.Key)] = list
	}
	return out, nil
}

// scalars reads a scalar or a list of scalars.
func scalars(n *yamltree.Node) ([]string, error) {
	list := []*yamltree.Node{n}
	if n.Kind == yamltree.List {
		list = n.Items
	}
	var out []string
	for _, v := range list {
		if v.Kind >= yamltree.List || v.Kind == yamltree.Null {
			return nil, yamltree.Errorf(v.Line, "want a text or a list of texts")
		}
		out = append(out, v.Text)
	}
	return out, nil
}

// names returns the native names that a rule's field may have in an event, the
// first that is present counts: renamed, as written, aliases, with prefixes.
func (l *Logsources) names(field string, rename map[string][]string) []string {
	out := append(append([]string(nil), rename[field]...), field)
	if l == nil {
		return out
	}
	for _, n := range append([]string(nil), out...) {
		out = append(out, l.aliases[n]...)
	}
	for _, n := range append([]string(nil), out...) {
		for _, p := range l.prefixes {
			out = append(out, p+n)
		}
	}
	return unique(out)
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// of returns the sources a rule's log source is made of: itself, or those that
// together name all its parts. None means unknown.
func (l *Logsources) of(ls Logsource) []int {
	if l == nil || ls == (Logsource{}) {
		return nil
	}
	if i, ok := l.byKey[ls]; ok {
		return []int{i}
	}
	var out []int
	var covered Logsource
	for i := range l.sources {
		s := l.sources[i].Logsource
		if within(s.Product, ls.Product) && within(s.Category, ls.Category) &&
			within(s.Service, ls.Service) {
			out = append(out, i)
			covered = Logsource{
				covered.Product + s.Product, covered.Category + s.Category, covered.Service + s.Service,
			}
		}
	}
	if (ls.Product != "" && covered.Product == "") || (ls.Category != "" && covered.Category == "") ||
		(ls.Service != "" && covered.Service == "") {
		return nil
	}
	return out
}

func within(part, whole string) bool { return part == "" || part == whole }

// noBranch says that an event is not of a log source.
const noBranch = 0xFF

// route returns, for every source, the first branch the event fits.
func (l *Logsources) route(ev *event.Event) []byte {
	if l == nil {
		return nil
	}
	out := make([]byte, len(l.sources))
	for i := range l.sources {
		out[i] = noBranch
		for b := range l.sources[i].branches {
			if l.fits(ev, &l.sources[i].branches[b]) {
				out[i] = byte(b)
				break
			}
		}
	}
	return out
}

func (l *Logsources) fits(ev *event.Event, b *branch) bool {
	for i := range b.when {
		if !l.holds(ev, &b.when[i]) {
			return false
		}
	}
	return true
}

func (l *Logsources) holds(ev *event.Event, c *clause) bool {
	var values []string
	switch c.field {
	case ownProduct:
		values = []string{ev.Product}
	case ownCategory:
		values = []string{ev.Category}
	case ownService:
		values = []string{ev.Service}
	default:
		v, ok := lookup(ev.Native, c.names)
		if ok && c.present {
			return true
		}
		values = flatten(nil, v)
	}
	for _, v := range values {
		if slices.Contains(c.values, string(trimSpace(textmatch.AppendFold(nil, v)))) {
			return true
		}
	}
	return false
}

// lookup returns the value under the first of names that the fields have.
// Spaces in the event's names do not count, since rules are written without;
// an exact name goes first.
func lookup(f event.Fields, names []string) (event.Value, bool) {
	for _, n := range names {
		if at := placeOf(f, n); at >= 0 {
			return f[at].Value, true
		}
	}
	return event.Value{}, false
}

// placeOf returns where the fields have a name, -1 for nowhere.
func placeOf(f event.Fields, name string) int {
	for i := range f {
		if f[i].Name == name {
			return i
		}
	}
	for i := range f {
		if sameName(f[i].Name, name) {
			return i
		}
	}
	return -1
}

// sameName reports whether the event's name without its spaces is name.
func sameName(native, name string) bool {
	if len(native) <= len(name) || strings.IndexByte(native, ' ') < 0 {
		return false
	}
	at := 0
	for i := range len(native) {
		if native[i] == ' ' {
			continue
		}
		if at == len(name) || native[i] != name[at] {
			return false
		}
		at++
	}
	return at == len(name)
}

// maxListDepth bounds how deep lists in lists are searched.
const maxListDepth = 16

// flatten appends the texts of a value: none for null, all of a list's.
func flatten(dst []string, v event.Value) []string { return flattenAt(dst, v, 0) }

func flattenAt(dst []string, v event.Value, depth int) []string {
	switch {
	case v.Kind == event.Null:
	case v.Kind != event.List:
		dst = append(dst, v.Text)
	case depth < maxListDepth:
		for _, item := range v.Items {
			dst = flattenAt(dst, item, depth+1)
		}
	}
	return dst
}

// isNull reports whether the value is null or a list with a null in it.
func isNull(v event.Value) bool { return isNullAt(v, 0) }

func isNullAt(v event.Value, depth int) bool {
	if v.Kind != event.List {
		return v.Kind == event.Null
	}
	if depth >= maxListDepth {
		return false
	}
	for _, item := range v.Items {
		if isNullAt(item, depth+1) {
			return true
		}
	}
	return false
}
