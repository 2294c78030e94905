package sqlguard

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ErrRefused is wrapped by errors about a statement that may not be run.
var ErrRefused = errors.New("not a statement that may be run")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// Check judges a statement by the tree that DuckDB's json_serialize_sql gives.
// It may read the relation view and what it makes itself; taken reports whether
// a table, view or file of the engine has a name. Errors wrap ErrRefused.
func Check(tree []byte, view string, taken func(name string) (bool, error)) error {
	var parsed struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal(tree, &parsed); err != nil {
		return fmt.Errorf("parse SQL: %w", err)
	}
	switch {
	case parsed.Error && strings.Contains(parsed.Message, "Only SELECT"):
		return refuse("only SELECT can be asked")
	case parsed.Error:
		return refuse("%s", parsed.Message)
	case len(parsed.Statements) != 1:
		return refuse("there are %d statements, one can be asked", len(parsed.Statements))
	}
	c := &check{view: view, tables: []string{view}}
	if err := c.names(parsed.Statements[0], taken); err != nil {
		return err
	}
	return c.walk(parsed.Statements[0])
}

// check knows which relations the statement may name.
type check struct {
	view   string
	tables []string
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// names collects the names that the statement gives to its own WITH parts. One
// may be used outside of where it holds, so none may be that of a table, a view
// or a file.
func (c *check) names(node any, taken func(name string) (bool, error)) error {
	for _, name := range withNames(node, nil) {
		if !plainName.MatchString(name) {
			return refuse("the name %.60q cannot be given: use small letters, digits and _", name)
		}
		held, err := taken(name)
		if err != nil {
			return fmt.Errorf("check names of SQL: %w", err)
		}
		if held || name == c.view {
			return refuse("the name %s is taken", name)
		}
		c.tables = append(c.tables, name)
	}
	return nil
}

// withNames returns the keys of all cte_map objects below.
func withNames(node any, names []string) []string {
	switch n := node.(type) {
	case []any:
		for _, kid := range n {
			names = withNames(kid, names)
		}
	case map[string]any:
		if m, ok := n["cte_map"].(map[string]any); ok {
			list, _ := m["map"].([]any)
			for _, entry := range list {
				e, _ := entry.(map[string]any)
				names = append(names, word(e, "key"))
			}
		}
		for _, kid := range n {
			names = withNames(kid, names)
		}
	}
	return names
}

func word(n map[string]any, key string) string {
	s, _ := n[key].(string)
	return s
}

// walk refuses whatever is not listed.
func (c *check) walk(node any) error {
	switch n := node.(type) {
	case []any:
		for _, kid := range n {
			if err := c.walk(kid); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := c.one(n); err != nil {
			return err
		}
		for _, kid := range n {
			if err := c.walk(kid); err != nil {
				return err
			}
		}
	}
	return nil
}

// one judges one object of the tree: an expression, which has a class, or a
// relation, node or modifier, which has a type only.
func (c *check) one(n map[string]any) error {
	for _, key := range []string{"schema_name", "catalog_name", "schema", "catalog"} {
		if name := word(n, key); name != "" && name != "INVALID_CATALOG" {
			return refuse("%.60s cannot be named: there is only %s", name, c.view)
		}
	}
	class, typ := word(n, "class"), word(n, "type")
	switch {
	case class != "" && !slices.Contains(expressions, class):
		return refuse("%s cannot be used", strings.ToLower(class))
	case class == "FUNCTION" || class == "WINDOW":
		return allowed(word(n, "function_name"))
	case class != "":
		return nil
	case typ == "BASE_TABLE":
		if name := word(n, "table_name"); !slices.Contains(c.tables, name) {
			return refuse("%.60q cannot be read: there is only %s", name, c.view)
		}
	case typ == "TABLE_FUNCTION":
		f, _ := n["function"].(map[string]any)
		if name := word(f, "function_name"); !slices.Contains(tableFunctions, name) {
			return refuse("the table function %.60s cannot be used", name)
		}
	case typ != "" && !slices.Contains(nodes, typ) && !strings.HasSuffix(typ, "_TYPE_INFO"):
		return refuse("%s cannot be used", strings.ToLower(typ))
	}
	return nil
}

func allowed(name string) error {
	if slices.Contains(functions, strings.ToLower(name)) || slices.Contains(tableFunctions, name) {
		return nil
	}
	return refuse("the function %.60s cannot be used; docs/sql.md lists those that can", name)
}
