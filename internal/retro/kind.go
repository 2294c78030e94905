package retro

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/sigma"
)

// kindColumns tell kinds of events apart.
var kindColumns = [...]string{
	lake.ColProduct, lake.ColService, lake.ColCategory, lake.ColProblem,
	event.AttrLogName.String(), event.AttrEventCode.String(), event.AttrLogProvider.String(),
	event.AttrProductName.String(),
}

// columnProblem is the place of lake.ColProblem.
const columnProblem = 3

// kindKey is the texts of kindColumns.
type kindKey [len(kindColumns)]string

// maxKinds bounds the kinds that are told apart: their texts come from records.
const maxKinds = 1 << 12

// kind is what is done with events of one kind.
type kind struct {
	all     bool           // they are candidates
	sieves  []*sigma.Sieve // one for each set of rules that may apply
	columns []string       // by field of the sieves; "" where no rule asks
}

// kinds finds out about kinds of events. It belongs to one goroutine.
type kinds struct {
	norm   *normalize.Normalizer
	sieves *sigma.Sieves
	known  map[kindKey]*kind
}

func newKinds(norm *normalize.Normalizer, plan *sigma.Plan) *kinds {
	return &kinds{norm: norm, sieves: plan.Sieves(), known: map[kindKey]*kind{}}
}

// of returns the kind of the events with these texts.
func (x *kinds) of(key *kindKey) *kind {
	k := x.known[*key]
	if k == nil {
		k = x.study(key)
		if len(x.known) < maxKinds {
			x.known[*key] = k
		}
	}
	return k
}

// study works out which columns hold what rules ask for.
func (x *kinds) study(key *kindKey) *kind {
	if len(x.known) >= maxKinds || key[columnProblem] != "" {
		return &kind{all: true}
	}
	for _, text := range key[:columnProblem] {
		if read(text) != textWhole && text != "" {
			return &kind{all: true}
		}
	}
	about := normalize.Kind{
		Product: key[0], Service: key[1], Category: key[2],
		Fields: map[string]string{}, Attrs: map[event.Attr]string{},
	}
	for i := columnProblem + 1; i < len(key); i++ {
		attr, _ := event.Lookup(kindColumns[i])
		about.Attrs[attr] = key[i]
	}
	// What the log is called tells more of the mappings that may have been used,
	// those tell more of the fields.
	fields := x.norm.Verbatim(&about)
	for i := columnProblem + 1; i < len(key); i++ {
		attr, _ := event.Lookup(kindColumns[i])
		if field := fields[attr]; field != "" && read(key[i]) == textWhole {
			about.Fields[field] = key[i]
		}
	}
	fields = x.norm.Verbatim(&about)
	return x.sift(&about, fields)
}

func (x *kinds) sift(about *normalize.Kind, fields map[event.Attr]string) *kind {
	attrs := make([]event.Attr, 0, len(fields))
	for attr := range fields {
		attrs = append(attrs, attr)
	}
	slices.Sort(attrs)
	names, k := make([]string, len(attrs)), &kind{columns: make([]string, len(attrs))}
	for i, attr := range attrs {
		names[i] = fields[attr]
	}
	k.sieves = x.sieves.Of(&sigma.Known{
		Product: about.Product, Service: about.Service, Category: about.Category, Fields: about.Fields,
	}, names)
	k.all = len(k.sieves) == 0
	for _, sieve := range k.sieves {
		k.all = k.all || sieve.Blind()
		for i, attr := range attrs {
			if sieve.Uses(i) {
				k.columns[i] = attr.String()
			}
		}
	}
	return k
}

// reading is what a column's text says of the native field.
type reading uint8

const (
	textNothing reading = iota // nothing
	textWhole                  // it is the field's text
	textList                   // it may be the members of a list
)

// read says what a column's text is good for.
func read(text string) reading {
	switch {
	case text == "" || len(text) >= normalize.MaxVerbatim || strings.Contains(text, "\uFFFD"):
		return textNothing
	case !strings.Contains(text, ","):
		return textWhole
	case text[0] == ',' || text[len(text)-1] == ',' || strings.Contains(text, ",,"):
		// A member without text: perhaps a list in the list, whose texts are lost.
		return textNothing
	}
	return textList
}
