package exposurecmd

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type gapsCmd struct {
	Rules []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	Data  string   `placeholder:"DIR" type:"path" help:"Data folder: also ask which log sources arrive there."`
	Limit int      `default:"20" help:"How many gaps to list."`
	JSON  bool     `help:"One gap a line."`
	registerArg
}

// Help shows an example.
func (gapsCmd) Help() string {
	return "What to build, buy or configure next, from our own register, rules and logs.\n\n" +
		"Example:\n  evident exposure gaps examples/harbor/register"
}

// gapLine is one line of exposure gaps --json.
type gapLine struct {
	Kind     string   `json:"kind"`
	What     string   `json:"what"`
	About    string   `json:"about"`
	Evidence []string `json:"evidence"`
	Paths    int      `json:"paths"`
	Holdings []string `json:"holdings"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	// Candidates are identifiers of technologies on the watch list.
	Candidates []string `json:"candidates,omitempty"`
}

// Run ranks the gaps.
func (c *gapsCmd) Run(e *console.Env) error {
	r, day, err := c.load(e)
	if err != nil {
		return err
	}
	seen, err := c.seen(e)
	if err != nil {
		return err
	}
	gaps := exposure.Gaps(r, exposure.Derive(r, day), seen)
	for i, g := range gaps[:min(len(gaps), c.Limit)] {
		if c.JSON {
			line := gapLine{
				g.Kind, g.What, g.About, g.Evidence, g.Paths, g.Holdings, g.Place.File, g.Place.Line, nil,
			}
			for _, t := range g.Candidates {
				line.Candidates = append(line.Candidates, t.ID)
			}
			if err := console.JSONLine(e.Stdout, line); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(e.Stdout, "%2d. %-7s %s\n    %s; behind it: %s\n", i+1, g.Kind, console.Plain(g.What),
			console.Plain(strings.Join(g.Evidence, "; ")), console.Plain(strings.Join(g.Holdings, ", ")))
		for _, t := range g.Candidates {
			fmt.Fprintf(e.Stdout, "    on the watch list: %s\n", console.Plain(candidateText(t)))
		}
	}
	return nil
}

// candidateText says what a technology is, would see, and what its review said.
func candidateText(t exposure.Candidate) string {
	text := t.Name
	if t.Vendor != "" {
		text += " of " + t.Vendor
	}
	if len(t.WouldSee) > 0 {
		text += "; would see " + strings.Join(t.WouldSee, ", ")
	}
	if t.Pilot != "" {
		text += "; tried: " + t.Pilot
	}
	if t.Result != "" {
		text += "; review: " + t.Result
	}
	return text
}

// seen asks the rules, and the data folder where one is named.
func (c *gapsCmd) seen(e *console.Env) (exposure.Seen, error) {
	seen := exposure.Seen{Techniques: map[string]int{}}
	_, set, err := node.LoadPlan(c.Rules)
	if err != nil {
		return seen, err
	}
	for _, r := range set.Rules {
		for _, t := range r.Techniques() {
			seen.Techniques[t]++
		}
	}
	if c.Data == "" {
		return seen, nil
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Data, Command: "evident exposure gaps", NoSearch: true, NoDetect: true, Reader: true, Frozen: true, Log: e.Log,
	})
	if err != nil {
		return seen, err
	}
	defer n.Close()
	sources, err := n.State().Sources(e.Context)
	if err != nil {
		return seen, err
	}
	seen.Received = true
	for _, s := range sources {
		seen.Sources = append(seen.Sources, s.Name)
	}
	return seen, nil
}
