package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// documents lists the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(repository, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := e.Name(); e.IsDir() && (name == "node_modules" || name == "testdata" || name == ".git") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	foreign = regexp.MustCompile(`^[a-z]+:`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notWord = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// screenshots are made by hand from a running page; they may be missing.
const screenshots = "docs/images/overview-*.png"

// TestLinks wants every relative link and picture to lead somewhere.
func TestLinks(t *testing.T) {
	for _, path := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, path), ""), -1) {
			target := m[1] + m[2]
			if !foreign.MatchString(target) {
				checkLink(t, path, target)
			}
		}
	}
}

func checkLink(t *testing.T, path, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	to := path
	if file != "" {
		to = filepath.Join(filepath.Dir(path), file)
	}
	rel, err := filepath.Rel(repository, to)
	if err != nil {
		t.Fatal(err)
	}
	if shot, _ := filepath.Match(screenshots, filepath.ToSlash(rel)); shot {
		return
	}
	if _, err := os.Stat(to); err != nil {
		t.Errorf("%s links to %s, which is not there", path, target)
		return
	}
	if anchor == "" {
		return
	}
	var anchors []string
	for _, m := range heading.FindAllStringSubmatch(read(t, to), -1) {
		slug := notWord.ReplaceAllString(strings.ToLower(m[1]), "")
		anchors = append(anchors, strings.ReplaceAll(slug, " ", "-"))
	}
	if !slices.Contains(anchors, anchor) {
		t.Errorf("%s links to %s, which has no such heading", path, target)
	}
}

// TestDocumentsAreIndexed wants every page under docs in its index.
func TestDocumentsAreIndexed(t *testing.T) {
	docs := filepath.Join(repository, "docs")
	index := read(t, filepath.Join(docs, "README.md"))
	for _, path := range documents(t) {
		rel, err := filepath.Rel(docs, path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(rel, "..") || rel == "README.md" {
			continue
		}
		if !strings.Contains(index, "]("+filepath.ToSlash(rel)+")") {
			t.Errorf("docs/README.md does not list %s", rel)
		}
	}
}

// TestDecisions wants each record dated, with what was refused, and short.
func TestDecisions(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(repository, "docs/decisions/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	dated := regexp.MustCompile(`(?m)^Date: \d{4}-\d{2}-\d{2}\. Status: \w+`)
	for _, path := range paths {
		text := read(t, path)
		if !dated.MatchString(text) {
			t.Errorf("%s has no line Date: YYYY-MM-DD. Status: …", path)
		}
		for _, part := range []string{"## Decision", "## Refused"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s has no part %s", path, part)
			}
		}
		if n := strings.Count(text, "\n"); n > 60 {
			t.Errorf("%s has %d lines, at most 60", path, n)
		}
	}
}

var mentioned = regexp.MustCompile(`docs/[a-z0-9/-]+\.md`)

// TestCodeMentionsDocuments wants the documents that comments and messages name.
func TestCodeMentionsDocuments(t *testing.T) {
	err := filepath.WalkDir(repository, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "node_modules" || e.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		for _, name := range mentioned.FindAllString(read(t, path), -1) {
			if _, err := os.Stat(filepath.Join(repository, name)); err != nil {
				t.Errorf("%s names %s, which is not there", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var named = regexp.MustCompile("`([a-z]+)\\.(?:([A-Za-z]+)\\.)?([A-Za-z]+)`")

// TestArchitectureNamesWhatIsThere wants each function that docs/architecture.md
// names in the package that it names.
func TestArchitectureNamesWhatIsThere(t *testing.T) {
	text := read(t, filepath.Join(repository, "docs/architecture.md"))
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		pkg, typ, name := m[1], m[2], m[3]
		var files []string
		for _, dir := range []string{"internal", "."} {
			more, err := filepath.Glob(filepath.Join(repository, dir, pkg, "*.go"))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, more...)
		}
		if len(files) == 0 || typ == "" && strings.ToLower(name) == name {
			continue // a file such as state.db
		}
		want := `(?m)^(?:func|type) ` + name + `\b`
		if typ != "" {
			want = `(?m)^func \((?:\w+ )?\*?` + typ + `\) ` + name + `\(`
		}
		pattern := regexp.MustCompile(want)
		if !slices.ContainsFunc(files, func(f string) bool { return pattern.MatchString(read(t, f)) }) {
			t.Errorf("docs/architecture.md names %s, which is not there", m[0])
		}
	}
}

// withoutExample are commands that take nothing.
var withoutExample = []string{"version"}

// TestEveryCommandHasAnExample wants, in the help of each command, an example
// that the command line accepts, and the command in one of the pages whose
// commands are run.
func TestEveryCommandHasAnExample(t *testing.T) {
	parser, err := kong.New(new(cli), kong.Name("evident"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(repository, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var told string
	for _, name := range append(pages, filepath.Join(repository, "docs/formats/receipt.md")) {
		told += read(t, name)
	}
	for _, node := range parser.Model.Leaves(true) {
		name := strings.TrimPrefix(node.FullPath(), "evident ")
		// What a command does without a word of its own is told under its name.
		if !strings.Contains(told, "evident "+strings.TrimSuffix(name, " show")) {
			t.Errorf("no page of docs shows evident %s", name)
		}
		var out bytes.Buffer
		code := run(t.Context(), append(strings.Fields(name), "--help"), nil, &out, &out)
		_, example, found := strings.Cut(out.String(), "Example:\n")
		if slices.Contains(withoutExample, name) {
			continue
		}
		if code != exitDone || !found {
			t.Errorf("evident %s --help ends with %d and shows no example", name, code)
			continue
		}
		example, _, _ = strings.Cut(example, "\n\nArguments")
		example, _, _ = strings.Cut(example, "\n\nFlags")
		checkExample(t, name, example)
	}
}

var quoted = regexp.MustCompile(`'[^']*'|\S+`)

// checkExample parses each command of an example's lines up to a redirection; one
// of a line's commands is the one that the example is of.
func checkExample(t *testing.T, name, example string) {
	t.Helper()
	for line := range strings.Lines(example) {
		var called []string
		for _, words := range commandsOf(line) {
			parser, err := kong.New(new(cli), kong.Name("evident"))
			if err != nil {
				t.Fatal(err)
			}
			command, err := parser.Parse(words)
			if err != nil {
				t.Errorf("the example of evident %s is not accepted: %v: %s", name, err, line)
				continue
			}
			called = append(called, command.Command())
		}
		if called != nil && !slices.ContainsFunc(called, func(c string) bool { return strings.HasPrefix(c, name) }) {
			t.Errorf("the example of evident %s calls %s", name, called)
		}
	}
}

// commandsOf returns the words of each evident command in a shell line.
func commandsOf(line string) [][]string {
	var out [][]string
	var words []string
	end := func() {
		if len(words) > 0 && words[0] == "evident" {
			out = append(out, words[1:])
		}
		words = nil
	}
	redirected := false
	for _, w := range quoted.FindAllString(line, -1) {
		switch {
		case w == "|":
			end()
			redirected = false
		case w == ">":
			redirected = true
		case !redirected:
			words = append(words, strings.Trim(w, "'"))
		}
	}
	end()
	return out
}
