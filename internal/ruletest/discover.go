package ruletest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Sources are the places to look for expectations.
type Sources struct {
	Paths  []string // files and folders
	Corpus []string // files and folders that expectations.yml are about; nil: beside each
}

// Discover reads every file of expectations at the paths, in order of name. The
// errors are about files that cannot be read, each with its place.
func Discover(src Sources) (suites []*Suite, problems []error) {
	seen := map[string]bool{}
	for _, root := range src.Paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() || seen[filepath.Clean(path)]:
				return nil
			}
			seen[filepath.Clean(path)] = true
			s, err := src.open(path)
			if err != nil {
				problems = append(problems, err)
			}
			if s != nil {
				suites = append(suites, s)
			}
			return nil
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("look for tests: %w", err))
		}
	}
	return suites, problems
}

// open reads a file that by its name holds expectations; nil for all others.
func (src *Sources) open(path string) (*Suite, error) {
	base := strings.ToLower(filepath.Base(path))
	own := slices.ContainsFunc(testSuffixes, func(s string) bool { return strings.HasSuffix(base, s) })
	foreign := base == "expectations.yml" || base == "expectations.yaml"
	if !own && !foreign && base != "info.yml" {
		return nil, nil
	}
	text, err := readBounded(path)
	switch {
	case err != nil:
		return nil, err
	case own:
		return ParseTests(path, text)
	case foreign:
		corpus, err := src.corpus(path)
		if err != nil {
			return nil, fmt.Errorf("%s:1: %w", path, err)
		}
		return ParseExpectations(path, text, corpus)
	case bytes.Contains(text, []byte("regression_tests_info")):
		return ParseRegression(path, text)
	}
	return nil, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read expectations: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, yamltree.MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read expectations: %w", err)
	}
	return text, nil
}

// corpus lists the files of the corpus with their names in expectations: the
// path below the root that was given, or below the folder of the file.
func (src *Sources) corpus(file string) ([]Corpus, error) {
	roots := src.Corpus
	if roots == nil {
		roots = []string{filepath.Dir(file)}
	}
	var out []Corpus
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if ext := strings.ToLower(filepath.Ext(path)); ext == ".yml" || ext == ".yaml" {
				return nil
			}
			name, err := filepath.Rel(root, path)
			if err != nil || name == "." {
				name = filepath.Base(path)
			}
			out = append(out, Corpus{filepath.ToSlash(name), path})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
	}
	return out, nil
}
