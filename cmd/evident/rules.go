package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/sigma"
)

type rulesCmd struct {
	Check rulesCheckCmd `cmd:"" help:"Load rules and say which are rejected, and why."`
	List  rulesListCmd  `cmd:"" help:"List the rules that would judge."`
}

type rulesFlag struct {
	Rules []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	JSON  bool     `help:"One JSON object a line."`
}

type rulesCheckCmd struct{ rulesFlag }

// Help shows an example.
func (rulesCheckCmd) Help() string {
	return "Example:\n  evident rules check --rules sigma/rules"
}

// verdict is one line of rules check --json.
type verdict struct {
	File   string `json:"file"`
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Status string `json:"status"` // loaded or rejected
	Reason string `json:"reason,omitempty"`
}

// Run exits 1 when a rule is rejected.
func (c *rulesCheckCmd) Run(e *env) error {
	_, set, err := node.LoadPlan(c.Rules)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := c.printJSON(e, set); err != nil {
			return err
		}
	} else {
		for _, r := range set.Rejected {
			fmt.Fprintf(e.stdout, "rejected %s:%d: %s\n", plain(r.File), r.Line, plain(r.Reason))
		}
		fmt.Fprintf(e.stdout, "%d rules loaded, %d rejected\n", len(set.Rules), len(set.Rejected))
	}
	if len(set.Rejected) > 0 {
		return errWrong
	}
	return nil
}

func (c *rulesCheckCmd) printJSON(e *env, set *sigma.RuleSet) error {
	for _, r := range set.Rules {
		v := verdict{File: r.File, UID: r.ID, Title: r.Title, Status: "loaded"}
		if err := jsonLine(e.stdout, v); err != nil {
			return err
		}
	}
	for _, r := range set.Rejected {
		v := verdict{
			File: fmt.Sprintf("%s:%d", r.File, r.Line), UID: r.UID, Title: r.Title,
			Status: "rejected", Reason: r.Reason,
		}
		if err := jsonLine(e.stdout, v); err != nil {
			return err
		}
	}
	return jsonLine(e.stdout, map[string]any{"summary": map[string]int{
		"loaded": len(set.Rules), "rejected": len(set.Rejected),
	}})
}

type rulesListCmd struct{ rulesFlag }

// Help shows an example.
func (rulesListCmd) Help() string { return "Example:\n  evident rules list" }

// Run lists rules with level, title and techniques.
func (c *rulesListCmd) Run(e *env) error {
	_, set, err := node.LoadPlan(c.Rules)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	for _, r := range set.Rules {
		if c.JSON {
			if err := jsonLine(e.stdout, map[string]any{
				"uid": r.ID, "title": r.Title, "level": r.Level, "status": r.Status,
				"techniques": r.Techniques(), "file": r.File, "author": r.Author, "license": r.License,
			}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Level, plain(r.Title), strings.Join(r.Techniques(), " "))
	}
	return w.Flush()
}
