package processing

import (
	"slices"

	"github.com/evident-sec/evident/sigma"
)

// placeholders gives values to the placeholders of a rule.
type placeholders struct {
	include, exclude []string
	values           func(name string) ([]string, bool)
}

func (t placeholders) apply(x *run, it *item) error {
	return x.edit(it, func(sigma.Item) (sigma.Edit, error) {
		return sigma.Edit{Expand: func(name string) ([]string, bool) {
			if len(t.include) > 0 && !slices.Contains(t.include, name) || slices.Contains(t.exclude, name) {
				return nil, false
			}
			return t.values(name)
		}}, nil
	})
}

func readPlaceholders(s *section) (t placeholders, err error) {
	if t.include, err = s.list("include"); err != nil {
		return t, err
	}
	t.exclude, err = s.list("exclude")
	return t, err
}

// readValuePlaceholders takes the values from the pipeline's vars.
func readValuePlaceholders(r *reader, s *section) (transformation, error) {
	t, err := readPlaceholders(s)
	t.values = func(name string) ([]string, bool) {
		list, ok := r.vars[name]
		return list, ok
	}
	return t, err
}

// readWildcardPlaceholders puts a wildcard in the place of placeholders.
func readWildcardPlaceholders(_ *reader, s *section) (transformation, error) {
	t, err := readPlaceholders(s)
	t.values = func(string) ([]string, bool) { return []string{"*"}, true }
	return t, err
}
