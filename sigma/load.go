package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Loader reads rules. The zero Loader is ready to use.
type Loader struct {
	// Placeholders are the values of %name% under the modifier expand, by
	// name. See Rule.Unresolved for a placeholder that has none.
	Placeholders map[string][]string

	// Transforms rewrite every rule once all files are read, in order. They see
	// what filters added to a rule as well.
	Transforms []Transform

	// Refuse, if set, sees every document before it is accepted, possibly from
	// several goroutines at once; an error of it rejects the document.
	Refuse func(doc *yamltree.Node, m *Meta) error

	// Base, if set, holds rule files that Load reads before those at its paths,
	// such as those that ship with a product: references reach from the one to
	// the other.
	Base fs.FS
}

// Transform rewrites a rule by its methods, or rejects it with an error.
type Transform interface {
	Apply(r *Rule) error
}

// Load reads every .yml and .yaml file at the paths, folders with all below
// them, with a zero Loader. It fails only where a path cannot be read; a
// document that is not a usable rule is in RuleSet.Rejected, with the reason.
func Load(paths ...string) (*RuleSet, error) {
	var l Loader
	return l.Load(paths...)
}

// LoadFS reads every .yml and .yaml file under root in fsys.
func LoadFS(fsys fs.FS, root string) (*RuleSet, error) {
	var l Loader
	return l.LoadFS(fsys, root)
}

// source is a rule file that is to be read.
type source struct {
	name    string // as reported
	license string
	open    func() (fs.File, error)
}

// Load is the package function Load with this Loader's settings.
func (l *Loader) Load(paths ...string) (*RuleSet, error) {
	files, err := l.base()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		if !info.IsDir() {
			files = append(files, source{
				p, folderLicense(os.DirFS(filepath.Dir(p)), "."),
				func() (fs.File, error) { return os.Open(p) },
			})
			continue
		}
		above := folderLicense(os.DirFS(filepath.Dir(filepath.Clean(p))), ".")
		found, err := walk(os.DirFS(p), ".", above, func(name string) string {
			return filepath.Join(p, filepath.FromSlash(name))
		})
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		files = append(files, found...)
	}
	return l.loadAll(files)
}

// base lists the files of Base.
func (l *Loader) base() ([]source, error) {
	if l.Base == nil {
		return nil, nil
	}
	files, err := walk(l.Base, ".", "", func(name string) string { return name })
	if err != nil {
		return nil, fmt.Errorf("read base rules: %w", err)
	}
	return files, nil
}

// LoadFS is the package function LoadFS with this Loader's settings.
func (l *Loader) LoadFS(fsys fs.FS, root string) (*RuleSet, error) {
	files, err := walk(fsys, root, "", func(name string) string { return name })
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return l.loadAll(files)
}

// walk lists the rule files below root. The licence of a folder holds for the
// folders in it.
func walk(fsys fs.FS, root, above string, name func(string) string) ([]source, error) {
	var out []source
	licenses := map[string]string{path.Dir(root): above}
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			license := folderLicense(fsys, p)
			if license == "" && p != root {
				license = licenses[path.Dir(p)]
			} else if license == "" {
				license = above
			}
			licenses[p] = license
			return nil
		}
		if isRuleFile(p) {
			out = append(out, source{
				name(p), licenses[path.Dir(p)],
				func() (fs.File, error) { return fsys.Open(p) },
			})
		}
		return nil
	})
	return out, err
}

// isRuleFile tells rule files by name. What a folder holds beside its rules to
// test them, NAME.test.yml, is no rule.
func isRuleFile(name string) bool {
	name = strings.ToLower(name)
	for _, ext := range []string{".yml", ".yaml"} {
		if rest, ok := strings.CutSuffix(name, ext); ok {
			return !strings.HasSuffix(rest, ".test")
		}
	}
	return false
}

// folderLicense recognises the Detection Rule License in a folder's LICENSE
// file: attribution must then travel with every alert.
func folderLicense(fsys fs.FS, dir string) string {
	for _, name := range []string{"LICENSE", "LICENSE.md", "LICENSE.txt"} {
		f, err := fsys.Open(path.Join(dir, name))
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(f, 64<<10))
		f.Close()
		if strings.Contains(string(text), "Detection Rule License") {
			return "DRL-1.1"
		}
	}
	return ""
}

// part is what one file gave.
type part struct {
	rules        []*Rule
	correlations []*Correlation
	filters      []*Filter
	rejected     []rejected
	spent        int // see ruleParser.spend
}

// rejected is a document that was refused, under the names that others may
// refer to it by.
type rejected struct {
	Rejection
	name string
}

// refuse notes that a document is refused.
func (p *part) refuse(m *Meta, err error) {
	p.rejected = append(p.rejected, rejected{Rejection{
		File: m.File, Line: yamltree.LineOf(err, m.Line), UID: m.ID, Title: m.Title, Reason: err.Error(),
	}, m.Name})
}

// loadAll reads the files on all processors, keeping their order.
func (l *Loader) loadAll(files []source) (*RuleSet, error) {
	parts := make([]part, len(files))
	errs := make([]error, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				parts[i], errs[i] = l.loadFile(files[i])
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return l.assemble(parts), nil
}

func (l *Loader) loadFile(s source) (part, error) {
	f, err := s.open()
	if err != nil {
		return part{}, fmt.Errorf("read rule: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, yamltree.MaxFileBytes+1))
	if err != nil {
		return part{}, fmt.Errorf("read rule %s: %w", s.name, err)
	}
	return l.parse(s.name, s.license, src), nil
}

// Parse reads the documents of one rule file. File is the name for reports.
func (l *Loader) Parse(file string, src []byte) *RuleSet {
	return l.assemble([]part{l.parse(file, "", src)})
}

func (l *Loader) parse(file, license string, src []byte) part {
	var out part
	docs, err := yamltree.Parse(src)
	if err == nil && len(docs) == 0 {
		err = yamltree.Errorf(1, "file holds no document")
	}
	if err != nil {
		out.refuse(&Meta{File: file, Line: 1}, err)
		return out
	}
	sum := sha256.Sum256(src)
	for _, d := range expandActions(docs) {
		m := Meta{
			File: file, Line: firstLine(d.doc), License: license, SHA256: hex.EncodeToString(sum[:]),
		}
		if d.err == nil {
			d.err = l.document(&out, &m, d.doc)
		}
		if d.err != nil {
			out.refuse(&m, d.err)
		}
	}
	return out
}

// firstLine returns the line of a document's first key.
func firstLine(n *yamltree.Node) int {
	if len(n.Entries) > 0 {
		return n.Entries[0].Line
	}
	return n.Line
}
