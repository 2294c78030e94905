package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
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

func (n *Node) openRules(ctx context.Context) (err error) {
	if n.norm, err = normalize.New(mappings.FS); err != nil {
		return fmt.Errorf("load mappings: %w", err)
	}
	n.rules = &sigma.RuleSet{}
	if n.cfg.NoDetect || n.cfg.Frozen {
		return nil
	}
	paths, err := n.rulePaths(ctx)
	if err != nil {
		return err
	}
	plan, rules, err := LoadPlan(paths)
	if err != nil && len(n.cfg.Rules) == 0 && len(paths) > 0 {
		return fmt.Errorf("rules of the last ingest are gone; ingest with --rules anew: %w", err)
	}
	if err != nil {
		return err
	}
	n.rules, n.detect = rules, detect.New(plan)
	return nil
}

// rulePaths remembers the paths given, or returns those remembered. A command
// that only asks a question needs them only where records wait.
func (n *Node) rulePaths(ctx context.Context) ([]string, error) {
	if len(n.cfg.Rules) > 0 {
		body, err := json.Marshal(settings{Rules: n.cfg.Rules})
		if err != nil {
			return nil, fmt.Errorf("write settings: %w", err)
		}
		if err := replaceFile(n.settingsPath(), body); err != nil {
			return nil, fmt.Errorf("write settings: %w", err)
		}
		return n.cfg.Rules, nil
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

// LoadPlan loads the starter pack and the rules at the paths and compiles
// them. Rules that cannot be loaded are in the rule set's Rejected; an error
// means that a path cannot be read at all.
func LoadPlan(paths []string) (*sigma.Plan, *sigma.RuleSet, error) {
	set, err := sigma.LoadFS(rules.FS, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("load starter rules: %w", err)
	}
	if len(paths) > 0 {
		more, err := sigma.Load(paths...)
		if err != nil {
			return nil, nil, fmt.Errorf("load rules: %w", err)
		}
		set.Rules = append(set.Rules, more.Rules...)
		set.Rejected = append(set.Rejected, more.Rejected...)
	}
	plan, err := CompilePlan(set)
	return plan, set, err
}

// CompilePlan compiles a rule set with the log sources Evident knows.
func CompilePlan(set *sigma.RuleSet) (*sigma.Plan, error) {
	data, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		return nil, fmt.Errorf("read log sources: %w", err)
	}
	sources, err := sigma.ParseLogsources(data)
	if err != nil {
		return nil, fmt.Errorf("read log sources: %w", err)
	}
	plan, err := sigma.Compile(set, sources)
	if err != nil {
		return nil, fmt.Errorf("compile rules: %w", err)
	}
	return plan, nil
}
