package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/evident-sec/evident"

// root is the repository seen from this package.
const root = "../.."

// pkg is one folder of Go files.
type pkg struct {
	path  string // relative to the repository, "." for the root
	files []*file
}

type file struct {
	path  string // relative to the repository
	lines int    // that are not blank
	ast   *ast.File
	test  bool
}

// tree is every package of the repository, parsed once for all tests.
type tree struct {
	fset *token.FileSet
	pkgs []*pkg
}

func load(t *testing.T) *tree {
	t.Helper()
	tr := &tree{fset: token.NewFileSet()}
	byPath := make(map[string]*pkg)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" ||
			strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		return tr.add(path, byPath)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range byPath {
		tr.pkgs = append(tr.pkgs, p)
	}
	sort.Slice(tr.pkgs, func(i, j int) bool { return tr.pkgs[i].path < tr.pkgs[j].path })
	if len(tr.pkgs) < 20 {
		t.Fatalf("found only %d packages below %s", len(tr.pkgs), root)
	}
	return tr
}

func (tr *tree) add(path string, byPath map[string]*pkg) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(tr.fset, path, src, parser.ParseComments)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	f := &file{path: filepath.ToSlash(rel), ast: parsed, test: strings.HasSuffix(path, "_test.go")}
	for _, line := range bytes.Split(src, []byte("\n")) {
		if len(bytes.TrimSpace(line)) > 0 {
			f.lines++
		}
	}
	dir := filepath.ToSlash(filepath.Dir(rel))
	if byPath[dir] == nil {
		byPath[dir] = &pkg{path: dir}
	}
	byPath[dir].files = append(byPath[dir].files, f)
	return nil
}

// code returns the files of a package that are no tests.
func (p *pkg) code() []*file {
	var out []*file
	for _, f := range p.files {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

func (f *file) imports() []string {
	var out []string
	for _, spec := range f.ast.Imports {
		out = append(out, strings.Trim(spec.Path.Value, `"`))
	}
	return out
}

// bodyLines are the lines of a function that are not blank, without its
// signature and closing brace.
func (tr *tree) bodyLines(fn *ast.FuncDecl) int {
	if fn.Body == nil {
		return 0
	}
	n := tr.fset.Position(fn.Body.Rbrace).Line - tr.fset.Position(fn.Body.Lbrace).Line - 1
	return max(n, 1)
}

func (f *file) funcs() []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, decl := range f.ast.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			out = append(out, fn)
		}
	}
	return out
}
