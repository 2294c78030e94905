package processing

import (
	"strings"
	"unicode"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// renaming gives fields other names; nil is the old one.
type renaming struct {
	to      func(field string) []string
	mapping bool // counts as a mapping of the field even where the name stays
}

// apply renames the fields of detection items, of fields that values refer to,
// and of correlations over the rule.
func (t renaming) apply(x *run, it *item) error {
	if t.mapping {
		x.mappers = append(x.mappers, it.id)
	}
	err := x.rule.Edit(func(i sigma.Item) (sigma.Edit, error) {
		if !it.item.holds(subject{run: x, item: &i, field: i.Field}) {
			return sigma.Edit{}, nil
		}
		return sigma.Edit{Tag: it.id, Rename: func(field string) []string {
			if !it.field.holds(subject{run: x, item: &i, field: field}) {
				return nil
			}
			return t.to(field)
		}}, nil
	})
	x.rule.NoteRename(func(field string) []string {
		if !it.field.holds(subject{run: x, field: field}) {
			return nil
		}
		return t.to(field)
	})
	return err
}

// readMapping maps names to one or more names.
func readMapping(_ *reader, s *section) (transformation, error) {
	mapping, err := needMapping(s)
	if err != nil {
		return nil, err
	}
	return renaming{func(field string) []string { return mapping[field] }, true}, nil
}

// needMapping returns the map of field names under the key mapping.
func needMapping(s *section) (map[string][]string, error) {
	read, err := s.lists("mapping")
	if err != nil {
		return nil, err
	}
	if len(read) == 0 {
		return nil, yamltree.Errorf(s.n.Line, "%s needs a map under mapping", s.what)
	}
	out := make(map[string][]string, len(read))
	for from, to := range read {
		for _, name := range to {
			if name = plainName(name); name == "" {
				return nil, yamltree.Errorf(s.n.Line, "%s gives %q an empty name", s.what, clip(from))
			}
			out[plainName(from)] = append(out[plainName(from)], name)
		}
	}
	return out, nil
}

// plainName returns a field name as rules have it: without spaces.
func plainName(name string) string { return strings.ReplaceAll(name, " ", "") }

// readPrefixMapping maps the beginnings of names; the longest that fits counts.
func readPrefixMapping(_ *reader, s *section) (transformation, error) {
	mapping, err := needMapping(s)
	if err != nil {
		return nil, err
	}
	return renaming{func(field string) []string {
		best, found := "", false
		for prefix := range mapping {
			if strings.HasPrefix(field, prefix) && (!found || len(prefix) > len(best)) {
				best, found = prefix, true
			}
		}
		var out []string
		for _, to := range mapping[best] {
			out = append(out, to+field[len(best):])
		}
		return out
	}, true}, nil
}

func readPrefix(_ *reader, s *section) (transformation, error) {
	prefix, err := s.need("prefix")
	return renaming{func(field string) []string { return []string{prefix + field} }, false}, err
}

func readSuffix(_ *reader, s *section) (transformation, error) {
	suffix, err := s.need("suffix")
	return renaming{func(field string) []string { return []string{field + suffix} }, false}, err
}

// readFieldFunction changes how names are spelled, but for those in mapping.
func readFieldFunction(_ *reader, s *section) (transformation, error) {
	name, err := s.oneOf("transform_func", "lower", "upper", "snake_case")
	if err != nil {
		return nil, err
	}
	mapping, err := s.lists("mapping")
	return renaming{func(field string) []string {
		if to := mapping[field]; to != nil {
			return to
		}
		return []string{spelled(name, field)}
	}, false}, err
}

// spelled changes the case of a text.
func spelled(how, text string) string {
	switch how {
	case "lower":
		return strings.ToLower(text)
	case "upper":
		return strings.ToUpper(text)
	}
	return snakeCase(text)
}

// snakeCase turns CommandLine into command_line.
func snakeCase(text string) string {
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLetter(runes[i-1]) || unicode.IsDigit(runes[i-1])) &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
