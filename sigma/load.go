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
	"sort"
	"strings"
	"sync"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Loader reads rules. The zero Loader is ready to use.
type Loader struct {
	// Placeholders are the values of %name% under the modifier expand, by
	// name. A rule with a placeholder that has none is rejected.
	Placeholders map[string][]string
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
	var files []source
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
		if ext := strings.ToLower(path.Ext(p)); ext == ".yml" || ext == ".yaml" {
			out = append(out, source{
				name(p), licenses[path.Dir(p)],
				func() (fs.File, error) { return fsys.Open(p) },
			})
		}
		return nil
	})
	return out, err
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

// loadAll reads the files on all processors, keeping their order.
func (l *Loader) loadAll(files []source) (*RuleSet, error) {
	parts := make([]RuleSet, len(files))
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
	out := &RuleSet{}
	for i := range parts {
		out.Rules = append(out.Rules, parts[i].Rules...)
		out.Rejected = append(out.Rejected, parts[i].Rejected...)
	}
	out.refuseTwins()
	return out, nil
}

func (l *Loader) loadFile(s source) (RuleSet, error) {
	f, err := s.open()
	if err != nil {
		return RuleSet{}, fmt.Errorf("read rule: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, yamltree.MaxFileBytes+1))
	if err != nil {
		return RuleSet{}, fmt.Errorf("read rule %s: %w", s.name, err)
	}
	return l.parse(s.name, s.license, src), nil
}

// Parse reads the documents of one rule file. File is the name for reports.
func (l *Loader) Parse(file string, src []byte) *RuleSet {
	out := l.parse(file, "", src)
	out.refuseTwins()
	return &out
}

func (l *Loader) parse(file, license string, src []byte) RuleSet {
	var out RuleSet
	docs, err := yamltree.Parse(src)
	if err == nil && len(docs) == 0 {
		err = yamltree.Errorf(1, "file holds no document")
	}
	if err != nil {
		out.Rejected = []Rejection{{File: file, Line: yamltree.LineOf(err, 1), Reason: err.Error()}}
		return out
	}
	sum := sha256.Sum256(src)
	for _, doc := range docs {
		r := &Rule{Meta: Meta{File: file, Line: firstLine(doc), SHA256: hex.EncodeToString(sum[:])}}
		if err := l.document(r, doc); err != nil {
			out.Rejected = append(out.Rejected, Rejection{
				File: file, Line: yamltree.LineOf(err, r.Line), UID: r.ID, Title: r.Title, Reason: err.Error(),
			})
			continue
		}
		if r.License == "" {
			r.License = license
		}
		out.Rules = append(out.Rules, r)
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

// refuseTwins rejects rules whose id an earlier rule has: findings could not
// be told apart. The same file read twice is not reported.
func (s *RuleSet) refuseTwins() {
	type place struct {
		file string
		line int
	}
	first := map[string]*Rule{}
	read := map[place]bool{}
	kept := s.Rules[:0]
	for _, r := range s.Rules {
		at := place{r.File, r.Line}
		twin := first[r.ID]
		switch {
		case read[at]:
		case r.ID == "" || twin == nil:
			first[r.ID] = r
			kept = append(kept, r)
		default:
			s.Rejected = append(s.Rejected, Rejection{
				File: r.File, Line: r.Line, UID: r.ID, Title: r.Title,
				Reason: fmt.Sprintf("id %s is already that of %s:%d", r.ID, twin.File, twin.Line),
			})
		}
		read[at] = true
	}
	s.Rules = kept
	sort.SliceStable(s.Rejected, func(i, j int) bool {
		a, b := s.Rejected[i], s.Rejected[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
}
