package searchcmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// save keeps the query.
func (c *Search) save(e *console.Env, n *node.Node) error {
	err := n.SaveSearch(e.Context, console.SystemCaller(), state.SavedSearch{
		Name: c.Save, Query: c.Query, Note: c.Note,
	})
	if err != nil {
		return err
	}
	names, err := search.Parameters(c.Query)
	if err != nil {
		return err
	}
	run := "evident search --run " + c.Save
	for _, name := range names {
		run += " --set " + name + "=…"
	}
	fmt.Fprintf(e.Stdout, "saved; run it with: %s\n", run)
	return nil
}

// savedLine is a saved search as JSON.
type savedLine struct {
	Name       string   `json:"name"`
	Query      string   `json:"query"`
	Note       string   `json:"note"`
	Parameters []string `json:"parameters"`
	By         string   `json:"by"`
	Saved      string   `json:"saved"`
}

// list prints the saved searches.
func (c *Search) list(e *console.Env, n *node.Node) error {
	all, err := n.State().Searches(e.Context)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if c.Format != "json" {
		fmt.Fprintln(w, "NAME\tPARAMETERS\tQUERY\tNOTE")
	}
	for _, s := range all {
		names, err := search.Parameters(s.Query)
		if err != nil {
			return fmt.Errorf("read saved search %s: %w", s.Name, err)
		}
		if c.Format == "json" {
			if err := console.JSONLine(e.Stdout, savedLine{
				s.Name, s.Query, s.Note, append([]string{}, names...), s.By, s.Saved.Format("2006-01-02T15:04:05Z"),
			}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, strings.Join(names, ", "), cell(s.Query), cell(s.Note))
	}
	return w.Flush()
}
