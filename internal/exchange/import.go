package exchange

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// Imported is what came of a model.
type Imported struct {
	Format   string // name of the format it was taken for
	Register *register.Register
	Taken    map[string]int // entities of the model that were imported, by their kind there
	Skipped  []Skipped
}

// Skipped is an entity of the model that the register has no place for.
type Skipped struct {
	Kind, Name, Reason string
}

// Total counts the entities of the model by kind, taken and skipped.
func (i *Imported) Total() map[string]int {
	out := map[string]int{}
	for k, n := range i.Taken {
		out[k] += n
	}
	for _, s := range i.Skipped {
		out[s.Kind]++
	}
	return out
}

// importer collects the entities of one model.
type importer struct {
	out  *Imported
	used map[string]bool   // identifiers taken in the register
	ids  map[string]string // identifiers of the model to those of the register
}

func newImporter(format string) *importer {
	return &importer{
		out:  &Imported{Format: format, Register: &register.Register{}, Taken: map[string]int{}},
		used: map[string]bool{}, ids: map[string]string{},
	}
}

// formats are tried in turn: the first that recognises the model reads it.
var formats = []struct {
	name string
	is   func(v value) bool
	read func(i *importer, v value)
}{
	{"Threagile", func(v value) bool { return v.has("technical_assets") || v.has("threagile_version") }, readThreagile},
	{"Threat Dragon", func(v value) bool { return v.has("detail", "diagrams") }, readDragon},
	{"Open Threat Model", func(v value) bool { return v.has("otmVersion") }, readOTM},
	{"CycloneDX", func(v value) bool { return v.str("bomFormat") == "CycloneDX" }, readCycloneDX},
	{"OSCAL component definition", func(v value) bool { return v.has("component-definition") }, readComponents},
	{"OSCAL system security plan", func(v value) bool { return v.has("system-security-plan") }, readSSP},
	{"BloodHound OpenGraph", func(v value) bool { return v.has("graph", "nodes") }, readOpenGraph},
	{"SharpHound", func(v value) bool { return v.has("meta", "type") && v.has("data") }, readSharpHound},
	{"TM-BOM", func(v value) bool { return v.has("trust_zones") || v.has("data_sets") || v.has("data_flows") }, readTMBOM},
}

// Import reads a model. The name is for messages and for the formats that are
// told by it (.csv, .zip).
func Import(name string, body []byte) (*Imported, error) {
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".csv"):
		return importCSV(name, body)
	case len(body) > 3 && string(body[:2]) == "PK":
		return importZip(name, body)
	}
	v, err := parse(name, body)
	if err != nil {
		return nil, err
	}
	for _, f := range formats {
		if f.is(v) {
			i := newImporter(f.name)
			f.read(i, v)
			return i.done(name)
		}
	}
	return nil, fmt.Errorf("read %s: no known format; known are %s, CSV", name, formatNames())
}

func formatNames() string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return strings.Join(out, ", ")
}

// done checks the register that came out: what an importer wrote must load.
func (i *importer) done(name string) (*Imported, error) {
	loaded, problems := register.Parse(name, i.out.Register.Encode())
	if len(problems) > 0 {
		return nil, fmt.Errorf("read %s: the imported register does not hold together: %w", name,
			errors.New(problems[0].String()))
	}
	i.out.Register = loaded
	return i.out, nil
}

// take counts an entity as imported.
func (i *importer) take(kind string) { i.out.Taken[kind]++ }

func (i *importer) skip(kind, name, reason string) {
	i.out.Skipped = append(i.out.Skipped, Skipped{kind, name, reason})
}

// skipAll lists everything in a list of the model as skipped.
func (i *importer) skipAll(kind, reason string, list []value) {
	for n, v := range list {
		name := orText(v.str("title"), v.str("name"), v.str("id"), v.str("uuid"), v.str("bom-ref"), fmt.Sprintf("number %d", n+1))
		i.skip(kind, name, reason)
	}
}

// orText is the first text that is not empty.
func orText(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// id gives an entity of the model an identifier in the register; the same key
// gets the same one.
func (i *importer) id(key, name string) string {
	if id, known := i.ids[key]; known && key != "" {
		return id
	}
	base := slug(orText(name, key))
	id := base
	for n := 2; i.used[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	i.used[id] = true
	if key != "" {
		i.ids[key] = id
	}
	return id
}

// known returns the identifier of what was imported under a key, "" for nothing.
func (i *importer) known(key string) string { return i.ids[key] }

// slug turns a name into an identifier.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	s := strings.Trim(b.String(), "-._")
	if s == "" {
		return "entry"
	}
	return s
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// entity is the common part of an imported entry.
func entity(id, name, note string) register.Entity {
	return register.Entity{ID: id, Name: name, Note: note}
}
