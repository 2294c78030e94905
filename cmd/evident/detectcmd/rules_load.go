package detectcmd

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/processing"
)

// loadFlags say which rules a command loads, and how.
type loadFlags struct {
	Rules        []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	NoStarter    bool     `help:"Leave the starter pack out."`
	Pipeline     []string `placeholder:"FILE" type:"path" help:"Processing pipeline (pySigma format); repeatable."`
	Placeholders string   `placeholder:"FILE" type:"path" help:"Values of %name% under expand: YAML, name to a list."`
}

// load reads the rules. Those that cannot be loaded are in Rejected.
func (f *loadFlags) load() (*sigma.RuleSet, error) {
	l := node.Loader()
	if f.NoStarter {
		if l.Base = nil; len(f.Rules) == 0 {
			return nil, fmt.Errorf("load rules: --no-starter leaves none; name some with --rules")
		}
	}
	var err error
	if l.Placeholders, err = readPlaceholders(f.Placeholders); err != nil {
		return nil, err
	}
	if l.Transforms, err = readPipelines(f.Pipeline); err != nil {
		return nil, err
	}
	set, err := l.Load(f.Rules...)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return set, nil
}

// readPipelines reads pipelines and puts them in the order of their priority.
func readPipelines(paths []string) ([]sigma.Transform, error) {
	var list []*processing.Pipeline
	for _, path := range paths {
		src, err := readSmall(path)
		if err != nil {
			return nil, fmt.Errorf("read pipeline: %w", err)
		}
		p, err := processing.Parse(src)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		at := len(list)
		for at > 0 && list[at-1].Priority > p.Priority {
			at--
		}
		list = append(list[:at], append([]*processing.Pipeline{p}, list[at:]...)...)
	}
	var out []sigma.Transform
	for _, p := range list {
		out = append(out, p)
	}
	return out, nil
}

// readPlaceholders reads a map of names to a value or a list of values.
func readPlaceholders(path string) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	src, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("read placeholders: %w", err)
	}
	docs, err := yamltree.Parse(src)
	if err == nil && (len(docs) != 1 || docs[0].Kind != yamltree.Map) {
		err = yamltree.Errorf(1, "want a map of names to lists of values")
	}
	if err != nil {
		return nil, fmt.Errorf("read placeholders: %s:%d: %w", path, yamltree.LineOf(err, 1), err)
	}
	out := map[string][]string{}
	for _, e := range docs[0].Entries {
		values := docs[0].Strs(e.Key)
		if len(values) == 0 {
			return nil, fmt.Errorf("read placeholders: %s:%d: %q has no values", path, e.Line, e.Key)
		}
		out[strings.Trim(e.Key, "%")] = values
	}
	return out, nil
}

// readSmall reads a file that a person wrote.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, yamltree.MaxFileBytes+1))
	if err == nil && len(text) > yamltree.MaxFileBytes {
		err = fmt.Errorf("%s is longer than %d bytes", path, yamltree.MaxFileBytes)
	}
	return text, err
}
