package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/safeguard"
	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
)

// settings are what a data folder remembers between commands.
type settings struct {
	// Rules are the --rules of the last ingest or serve: records that were
	// acknowledged but not judged before a kill are judged by the same rules.
	Rules []string `json:"rules"`
}

func (n *Node) settingsPath() string { return filepath.Join(n.cfg.Dir, "settings.json") }

func (n *Node) openMapping(context.Context) (err error) {
	if n.norm, err = normalize.New(mappings.FS); err != nil {
		return fmt.Errorf("load mappings: %w", err)
	}
	return nil
}

func (n *Node) openRules(ctx context.Context) (err error) {
	if n.mapped, err = Logsources(); err != nil {
		return err
	}
	return n.openBook(ctx)
}

// goneError says what to do where the rules of an earlier command cannot be
// read.
func goneError(err error, remembered bool) error {
	if !remembered {
		return err
	}
	return fmt.Errorf("rules of the last ingest are gone; ingest with --rules anew: %w", err)
}

// rulePaths remembers the paths given, or returns those remembered. A command
// that only asks a question needs them only where records wait.
func (n *Node) rulePaths(ctx context.Context) ([]string, error) {
	if len(n.cfg.Rules) > 0 {
		return n.cfg.Rules, n.remember(n.cfg.Rules)
	}
	if n.cfg.Reader {
		through, err := n.state.Through(ctx)
		if err != nil {
			return nil, err
		}
		_, last, err := n.journal.Bounds(ctx)
		if err != nil {
			return nil, fmt.Errorf("read journal bounds: %w", err)
		}
		if through >= last {
			return nil, nil
		}
	}
	return n.remembered()
}

// remembered returns the paths that were kept.
func (n *Node) remembered() ([]string, error) {
	body, err := os.ReadFile(n.settingsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var s settings
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return s.Rules, nil
}

// remember keeps the paths for commands that are given none.
func (n *Node) remember(paths []string) error {
	body, err := json.Marshal(settings{Rules: paths})
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := replaceFile(n.settingsPath(), body); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// replaceFile writes a whole file or leaves the old one.
func replaceFile(path string, body []byte) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// Loader returns the loader of this program: it reads the starter pack first,
// so that a filter or correlation may refer to its rules, and refuses what the
// safeguard forbids. Callers add placeholders and transforms of their own.
func Loader() sigma.Loader {
	return sigma.Loader{
		Base:   rules.FS,
		Refuse: func(doc *yamltree.Node, _ *sigma.Meta) error { return safeguard.Check(doc) },
	}
}

// LoadPlan loads the starter pack and the rules at the paths and compiles
// them. Rules that cannot be loaded are in the rule set's Rejected; an error
// means that a path cannot be read at all.
func LoadPlan(paths []string) (*sigma.Plan, *sigma.RuleSet, error) {
	l := Loader()
	set, err := l.Load(paths...)
	if err != nil {
		return nil, nil, fmt.Errorf("load rules: %w", err)
	}
	plan, err := CompilePlan(set)
	return plan, set, err
}

// CompilePlan compiles a rule set with the log sources Evident knows.
func CompilePlan(set *sigma.RuleSet) (*sigma.Plan, error) {
	sources, err := Logsources()
	if err != nil {
		return nil, err
	}
	plan, err := sigma.Compile(set, sources)
	if err != nil {
		return nil, fmt.Errorf("compile rules: %w", err)
	}
	return plan, nil
}
