package story

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ocsfSchema is the part of the OCSF schema that an event is checked against.
type ocsfSchema struct {
	dictionary map[string]ocsfAttribute
	types      map[string]string // type to the type it is made of
	objects    map[string]ocsfClass
	files      map[string][]byte
}

type ocsfAttribute struct {
	Type        string
	IsArray     bool `json:"is_array"`
	Enum        map[string]struct{ Caption string }
	Requirement string
	Sibling     string
}

type ocsfClass struct {
	Name, Extends string
	Attributes    map[string]json.RawMessage
	Constraints   map[string][]string
}

func readOCSF(t *testing.T) *ocsfSchema {
	t.Helper()
	const place = "../../../shared/data/ocsf/ocsf-schema.tar.gz"
	f, err := os.Open(place)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is absent", place)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := &ocsfSchema{
		objects: map[string]ocsfClass{}, files: map[string][]byte{}, types: map[string]string{},
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err == nil && path.Ext(h.Name) == ".json" {
			_, name, _ := strings.Cut(h.Name, "/")
			s.files[name] = body
		}
	}
	s.load(t)
	return s
}

func (s *ocsfSchema) load(t *testing.T) {
	t.Helper()
	var dict struct {
		Attributes map[string]ocsfAttribute
		Types      struct {
			Attributes map[string]struct{ Type string }
		}
	}
	if err := json.Unmarshal(s.files["dictionary.json"], &dict); err != nil {
		t.Fatal(err)
	}
	s.dictionary = dict.Attributes
	for name, of := range dict.Types.Attributes {
		s.types[name] = of.Type
	}
	for name, body := range s.files {
		if !strings.HasPrefix(name, "objects/") && !strings.HasPrefix(name, "events/") {
			continue
		}
		var c ocsfClass
		if err := json.Unmarshal(body, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.objects[c.Name] = c
	}
}

// attributes returns what a class or object may have, with what it inherits
// and includes.
func (s *ocsfSchema) attributes(name string) map[string]ocsfAttribute {
	c, known := s.objects[name]
	if !known {
		return nil
	}
	out := map[string]ocsfAttribute{}
	if c.Extends != "" {
		out = s.attributes(c.Extends)
	}
	s.merge(out, c.Attributes)
	return out
}

func (s *ocsfSchema) merge(out map[string]ocsfAttribute, in map[string]json.RawMessage) {
	var includes []string
	if json.Unmarshal(in["$include"], &includes) == nil {
		for _, file := range includes {
			var c ocsfClass
			if json.Unmarshal(s.files[file], &c) == nil {
				s.merge(out, c.Attributes)
			}
			for name := range c.Attributes { // asked for only by who applies the profile
				a := out[name]
				a.Requirement = ""
				out[name] = a
			}
		}
	}
	for name, body := range in {
		var own ocsfAttribute
		if name == "$include" || json.Unmarshal(body, &own) != nil {
			continue
		}
		a := s.dictionary[name]
		if had, inherited := out[name]; inherited {
			a = had
		}
		if own.Requirement != "" {
			a.Requirement = own.Requirement
		}
		if len(own.Enum) > 0 {
			enum := maps.Clone(a.Enum)
			if enum == nil {
				enum = own.Enum
			}
			maps.Copy(enum, own.Enum)
			a.Enum = enum
		}
		out[name] = a
	}
}

// check holds a value against an object or class.
func (s *ocsfSchema) check(name string, v map[string]any) error {
	known := s.attributes(name)
	if known == nil {
		return fmt.Errorf("no object %s in the schema", name)
	}
	for key, value := range v {
		a, ok := known[key]
		if in(words("class_uid category_uid type_uid"), key) {
			a.Enum = nil // numbered by the schema's compiler, see numbers
		}
		if !ok {
			return fmt.Errorf("%s has no attribute %s", name, key)
		}
		if err := s.value(a, value); err != nil {
			return fmt.Errorf("%s.%s: %w", name, key, err)
		}
		if a.Sibling != "" && len(a.Enum) > 0 && v[a.Sibling] != nil {
			if want := a.Enum[fmt.Sprint(value)].Caption; value != 99.0 && v[a.Sibling] != want {
				return fmt.Errorf("%s.%s is %v, want %s", name, a.Sibling, v[a.Sibling], want)
			}
		}
	}
	for key, a := range known {
		if a.Requirement == "required" && v[key] == nil {
			return fmt.Errorf("%s lacks %s", name, key)
		}
	}
	if any := s.objects[name].Constraints["at_least_one"]; len(any) > 0 {
		for _, key := range any {
			if v[key] != nil {
				return nil
			}
		}
		return fmt.Errorf("%s has none of %v", name, any)
	}
	return nil
}

func (s *ocsfSchema) value(a ocsfAttribute, v any) error {
	if a.IsArray {
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%v is no list", v)
		}
		a.IsArray = false
		for _, x := range list {
			if err := s.value(a, x); err != nil {
				return err
			}
		}
		return nil
	}
	if !strings.HasSuffix(a.Type, "_t") {
		object, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no %s", v, a.Type)
		}
		return s.check(a.Type, object)
	}
	kind := a.Type
	if of := s.types[kind]; of != "" {
		kind = of
	}
	good := false
	switch kind {
	case "string_t":
		_, good = v.(string)
	case "integer_t", "long_t":
		n, number := v.(float64)
		good = number && n == float64(int64(n))
	case "boolean_t":
		_, good = v.(bool)
	case "json_t":
		good = true
	}
	if !good {
		return fmt.Errorf("%v is no %s", v, a.Type)
	}
	if _, listed := a.Enum[fmt.Sprint(v)]; len(a.Enum) > 0 && !listed {
		return fmt.Errorf("%v is not one of the values", v)
	}
	return nil
}

// numbers checks what follows from the numbers of class, category and activity:
// class is category * 1000 + class, type is class * 100 + activity.
func (s *ocsfSchema) numbers(v map[string]any) error {
	var class struct {
		UID      int
		Category string
	}
	var categories struct{ Attributes map[string]struct{ UID int } }
	err := json.Unmarshal(s.files["events/findings/incident_finding.json"], &class)
	if err == nil {
		err = json.Unmarshal(s.files["categories.json"], &categories)
	}
	if err != nil {
		return err
	}
	category := categories.Attributes[class.Category].UID
	want := fmt.Sprint(category, category*1000+class.UID, (category*1000+class.UID)*100+1)
	if got := fmt.Sprint(v["category_uid"], v["class_uid"], v["type_uid"]); got != want {
		return fmt.Errorf("category, class and type are %s, want %s", got, want)
	}
	return nil
}

func TestOCSFFollowsTheSchema(t *testing.T) {
	s := readOCSF(t)
	check := func(told *Told) error {
		var v map[string]any
		if err := json.Unmarshal([]byte(written(t, "ocsf", told)), &v); err != nil {
			return err
		}
		if err := s.numbers(v); err != nil {
			return err
		}
		return s.check("incident_finding", v)
	}
	if err := check(readTold(t, "harbor.json", "harbor.notes.json")); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		if err := check(New(drawResult(r), nil)); err != nil {
			r.Fatal(err)
		}
	})
	// The check itself must be able to fail.
	bad := map[string]any{"class_uid": 2005.0, "colour": "red"}
	if err := s.check("incident_finding", bad); err == nil {
		t.Error("an unknown attribute is taken")
	}
}
