package register

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Bounds on a register.
const (
	maxFileBytes = 64 << 20
	maxFileNodes = 4_000_000
	maxFiles     = 20_000
)

// Load reads every .yml and .yaml file below the folder. Problems are what is
// wrong in the files, in their order; a register with problems must not be
// analysed. The error is for files that cannot be read at all.
func Load(folder fs.FS) (*Register, []Problem, error) {
	r, problems, err := read(folder)
	if err != nil {
		return nil, nil, err
	}
	problems = append(problems, r.link()...)
	sortProblems(problems)
	return r, problems, nil
}

// Parse reads one file, for tests and editors. References are checked.
func Parse(name string, src []byte) (*Register, []Problem) {
	r := &Register{}
	problems := r.file(name, src)
	problems = append(problems, r.link()...)
	sortProblems(problems)
	return r, problems
}

// read decodes the files without looking at references.
func read(folder fs.FS) (*Register, []Problem, error) {
	r := &Register{}
	var problems []Problem
	files := 0
	err := fs.WalkDir(folder, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if ext := path.Ext(p); ext != ".yml" && ext != ".yaml" {
			return nil
		}
		if files++; files > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		src, err := readFile(folder, p)
		if err != nil {
			return err
		}
		problems = append(problems, r.file(p, src)...)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read register: %w", err)
	}
	if files == 0 {
		return nil, nil, fmt.Errorf("read register: the folder holds no .yml or .yaml file")
	}
	return r, problems, nil
}

func readFile(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileBytes+1))
}

// file decodes one file into the register.
func (r *Register) file(name string, src []byte) []Problem {
	d := decoder{file: name}
	docs, err := yamltree.ParseWithin(src, yamltree.Limits{Bytes: maxFileBytes, Nodes: maxFileNodes})
	if err != nil {
		d.problem(yamltree.LineOf(err, 1), "", "%v", err)
		return d.problems
	}
	for _, doc := range docs {
		d.document(doc, r)
	}
	return d.problems
}

func sortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
}

// each visits the entities kind by kind.
func (r *Register) each(visit func(k kind, v reflect.Value)) {
	all := reflect.ValueOf(r).Elem()
	for _, k := range kinds {
		list := all.Field(k.field)
		for i := range list.Len() {
			visit(k, list.Index(i))
		}
	}
}

// sort puts every kind in the order of identifiers.
func (r *Register) sort() {
	all := reflect.ValueOf(r).Elem()
	for _, k := range kinds {
		list := all.Field(k.field)
		order := make([]reflect.Value, list.Len())
		for i := range order {
			order[i] = reflect.ValueOf(list.Index(i).Interface())
		}
		slices.SortStableFunc(order, func(a, b reflect.Value) int {
			return strings.Compare(a.Interface().(entity).base().ID, b.Interface().(entity).base().ID)
		})
		for i, v := range order {
			list.Index(i).Set(v)
		}
	}
}
