package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// engines returns those that are there: this product's first.
func (o *options) engines(work string) ([]engine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out := []engine{o.self(self, "evident"), o.self(self, "naive")}
	if path := found(o.rsigma, "rsigma"); path != "" {
		rules, err := o.sameRules(work)
		if err != nil {
			return nil, err
		}
		out = append(out, rsigma(path, rules))
	}
	if path := found(o.zircolite, "zircolite", "zircolite.py"); path != "" {
		out = append(out, zircolite(path, o.rules, work))
	}
	return out, nil
}

// found returns the program that is named, or the first in PATH.
func found(named string, names ...string) string {
	if named != "" {
		return named
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// self is an engine that this program itself is, in a process of its own.
func (o *options) self(self, name string) engine {
	return engine{
		name: name, child: true,
		command: func(l *lane, events string) *exec.Cmd {
			cmd := exec.Command(self, "-engine", name, "-rules", o.rules, "-events", events, "-format", l.format)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			return cmd
		},
	}
}

// sameRules is a folder with the rules that this product loads, and no other
// files.
func (o *options) sameRules(work string) (string, error) {
	dir := filepath.Join(work, "rules")
	for i, f := range ruleFolders {
		from := filepath.Join(o.rules, f)
		if err := os.CopyFS(filepath.Join(dir, fmt.Sprint(i)), os.DirFS(from)); err != nil {
			return "", fmt.Errorf("copy rules: %w", err)
		}
	}
	return dir, nil
}

// rsigma is github.com/timescale/rsigma with its log source routing on: the log
// source is that of the lane, or what the events say themselves.
func rsigma(path, rules string) engine {
	return engine{
		name: "rsigma",
		command: func(l *lane, events string) *exec.Cmd {
			args := []string{"engine", "eval", "-r", rules, "--quiet", "--logsource-routing", "--input-format", l.rsigmaFormat()}
			if l.source != "" {
				args = append(args, "--event-logsource", l.source)
			}
			cmd := exec.Command(path, args...)
			if events == "" {
				cmd.Stdin = strings.NewReader("")
			} else if f, err := os.Open(events); err == nil {
				cmd.Stdin = f
			}
			return cmd
		},
		matches: func(u *usage) int { return u.stdout.lines },
	}
}

// zircolite is github.com/wagga40/Zircolite 2.20 or later, which reads Sigma
// rules by pySigma; it knows Windows events as JSON lines.
func zircolite(path, rules, work string) engine {
	report := filepath.Join(work, "zircolite.json")
	return engine{
		name: "Zircolite",
		command: func(_ *lane, events string) *exec.Cmd {
			if events == "" {
				events = filepath.Join(work, "none")
				_ = os.WriteFile(events, []byte("{\"EventID\":0}\n"), 0o600) // the run fails without it
			}
			return exec.Command(path, "--events", events, "--jsononly", "--ruleset",
				filepath.Join(rules, "rules", "windows"), "--outfile", report)
		},
		matches: func(*usage) int {
			var found []struct {
				Count int `json:"count"`
			}
			text, err := os.ReadFile(report)
			if err != nil || json.Unmarshal(text, &found) != nil {
				return -1
			}
			n := 0
			for _, f := range found {
				n += f.Count
			}
			return n
		},
		only: func(l *lane) bool { return l.windows },
	}
}
