package exposure

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/register"
)

// BulkRule is a dated pack of thresholds for bulk personal data.
type BulkRule struct {
	ID, Title, Source string
	AsOf              string // day
	Thresholds        []Threshold
	CoveredShare      float64  // per cent
	Countries         []string // of concern, ISO 3166-1 alpha-2
}

// Threshold is a number that has to be exceeded.
type Threshold struct {
	Category string
	MoreThan int64
	Devices  bool // counts devices, not persons
}

// LoadBulkRule reads bulk-data.yaml from a folder of packs.
func LoadBulkRule(packs fs.FS) (*BulkRule, error) {
	const name = "bulk-data.yaml"
	src, err := fs.ReadFile(packs, name)
	if err != nil {
		return nil, fmt.Errorf("read pack: %w", err)
	}
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("read pack %s: line %d: %w", name, yamltree.LineOf(err, 1), err)
	}
	if len(docs) != 1 || docs[0].Str("version") != "1" {
		return nil, fmt.Errorf("read pack %s: want one document with version: 1", name)
	}
	doc := docs[0]
	rule := &BulkRule{
		ID: doc.Str("id"), Title: doc.Str("title"), Source: doc.Str("source"),
		AsOf: doc.Str("as_of"), Countries: doc.Strs("countries_of_concern"),
	}
	if rule.CoveredShare, err = strconv.ParseFloat(doc.Str("covered_share"), 64); err != nil {
		return nil, fmt.Errorf("read pack %s: covered_share: %w", name, err)
	}
	if list := doc.Get("thresholds"); list != nil {
		for _, n := range list.Items {
			most, err := strconv.ParseInt(n.Str("more_than"), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("read pack %s: line %d: more_than: %w", name, n.Line, err)
			}
			rule.Thresholds = append(rule.Thresholds, Threshold{
				n.Str("category"), most, n.Str("of") == "devices",
			})
		}
	}
	return rule, nil
}

// Body is a body of data that is judged against the thresholds: one holding, or
// several that are linked.
type Body struct {
	Parts      []Part
	Government bool
}

// Part is one category in a body, with the most U.S. persons and devices on
// record at any point within twelve months.
type Part struct {
	Category         register.Category
	Persons, Devices int64
}

// BodyOf returns a holding as a body of data. Pseudonymised data count in full
// (28 CFR 202.206); what is not said to concern U.S. persons does.
func BodyOf(h *register.Holding) Body {
	persons, devices := h.Persons, h.Devices
	if persons == 0 {
		persons = h.Records
	}
	if devices == 0 && located(h) {
		devices = persons
	}
	persons, devices = max(persons, h.Peak), max(devices, peakDevices(h))
	b := Body{Government: h.Government}
	for _, c := range h.Categories {
		b.Parts = append(b.Parts, Part{c, persons, devices})
	}
	return b
}

// located reports whether a holding has precise positions.
func located(h *register.Holding) bool { return slices.Contains(h.Categories, "location") }

func peakDevices(h *register.Holding) int64 {
	if located(h) {
		return h.Peak
	}
	return 0
}

// join is the body that two linked bodies make.
func (b Body) join(o Body) Body {
	return Body{slices.Concat(b.Parts, o.Parts), b.Government || o.Government}
}

// Persons is how many people the body has on record at least: who is in two of
// its parts is not known.
func (b Body) Persons() int64 {
	n := int64(0)
	for _, p := range b.Parts {
		n = max(n, p.Persons)
	}
	return n
}

// Categories lists the categories of the body.
func (b Body) Categories() []register.Category {
	var out []register.Category
	for _, p := range b.Parts {
		out = append(out, p.Category)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Flag says that a body of data is bulk.
type Flag struct {
	Category  string // of the rule, or "combined data", "government-related data"
	Count     int64
	Threshold int64 // to be exceeded
	Devices   bool
	Text      string
}

// Names of the flags that are not one category.
const (
	CombinedData   = "combined data"
	GovernmentData = "government-related data"
)

// Judge returns the flags of a body, in the order of the pack. Combined data has
// the lowest threshold of the categories that are in it.
func (rule *BulkRule) Judge(b Body) []Flag {
	var out []Flag
	var lowest Threshold
	present, most := 0, int64(0)
	for _, t := range rule.Thresholds {
		n, ok := b.count(t)
		if !ok {
			continue
		}
		present, most = present+1, max(most, n)
		if lowest.Category == "" || t.MoreThan < lowest.MoreThan {
			lowest = t
		}
		if n > t.MoreThan {
			out = append(out, rule.flag(t.Category, n, t))
		}
	}
	if present > 1 && most > lowest.MoreThan {
		out = append(out, rule.flag(CombinedData, most, lowest))
	}
	if b.Government {
		out = append(out, Flag{
			Category: GovernmentData, Count: b.Persons(),
			Text: "regulated at any volume (" + rule.ID + ")",
		})
	}
	return out
}

// count returns how many persons or devices the body has under a threshold's
// category; ok is false where it has none of that category.
func (b Body) count(t Threshold) (n int64, ok bool) {
	for _, p := range b.Parts {
		trait, known := register.TraitOf(p.Category)
		if !known || trait.Bulk != t.Category {
			continue
		}
		ok = true
		if t.Devices {
			n = max(n, p.Devices)
		} else {
			n = max(n, p.Persons)
		}
	}
	return n, ok
}

func (rule *BulkRule) flag(category string, n int64, t Threshold) Flag {
	of := "persons"
	if t.Devices {
		of = "devices"
	}
	return Flag{
		Category: category, Count: n, Threshold: t.MoreThan, Devices: t.Devices,
		Text: fmt.Sprintf("%d %s, bulk above %d (%s, as of %s)", n, of, t.MoreThan, rule.ID, rule.AsOf),
	}
}
