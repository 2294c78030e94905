package main

import (
	"fmt"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/node"
)

type lakeCmd struct {
	Keys    lakeKeysCmd    `cmd:"" help:"The keys that original records are encrypted under, by day of arrival."`
	Status  lakeStatusCmd  `cmd:"" help:"How many files there are, how large, and what compaction would do."`
	Compact lakeCompactCmd `cmd:"" help:"Merge small files, sorted by day, host and time; serve does it too."`
	Edges   lakeEdgesCmd   `cmd:"" help:"Store the causal edges of files that have none; serve does it too."`
}

type lakeStatusCmd struct {
	console.DataFlag
	JSON bool `help:"Print the result as one JSON object."`
}

// Help shows an example.
func (lakeStatusCmd) Help() string { return "Example:\n  evident lake status --data /tmp/case1" }

// Run prints how the lake lies on the disk.
func (c *lakeStatusCmd) Run(e *console.Env) error {
	n, err := openFrozen(e, c.Dir(), "evident lake status")
	if err != nil {
		return err
	}
	defer n.Close()
	s, err := n.LakeStatus(e.Context)
	if err != nil {
		return err
	}
	if c.JSON {
		return console.JSONLine(e.Stdout, s)
	}
	printLake(e, s)
	return nil
}

func printLake(e *console.Env, s lake.Status) {
	fmt.Fprintf(e.Stdout, "%d events in %d files, %d of them small\n", s.Events, s.Files, s.Small)
	fmt.Fprintf(e.Stdout, "columns %d bytes, originals %d bytes, metadata %d bytes\n",
		s.ColumnsBytes, s.OriginalsBytes, s.MetadataBytes)
	fmt.Fprintf(e.Stdout, "%d snapshots, %d manifests, %d replaced files to be wiped\n",
		s.Snapshots, s.Manifests, s.Replaced)
	fmt.Fprintf(e.Stdout, "compaction would make %d files now\n", s.Runs)
}

type lakeCompactCmd struct {
	console.DataFlag
	JSON bool `help:"Print the result as one JSON object."`
}

// Help shows an example.
func (lakeCompactCmd) Help() string { return "Example:\n  evident lake compact --data /tmp/case1" }

// Run compacts; files that are not as they were sealed stay, and are named.
func (c *lakeCompactCmd) Run(e *console.Env) error {
	n, err := openFrozen(e, c.Dir(), "evident lake compact")
	if err != nil {
		return err
	}
	defer n.Close()
	done, err := n.CompactAll(e.Context)
	if err != nil {
		return err
	}
	s, err := n.LakeStatus(e.Context)
	if err != nil {
		return err
	}
	for _, err := range done.Left {
		fmt.Fprintf(e.Stderr, "evident: not compacted: %s\n", console.Plain(err.Error()))
	}
	if c.JSON {
		err = console.JSONLine(e.Stdout, map[string]any{
			"merged": done.Merged, "made": done.Made, "left": len(done.Left), "status": s,
		})
	} else {
		fmt.Fprintf(e.Stdout, "%d files became %d\n", done.Merged, done.Made)
		printLake(e, s)
	}
	if err == nil && len(done.Left) > 0 {
		return console.ErrWrong
	}
	return err
}

type lakeKeysCmd struct {
	console.DataFlag
	JSON bool `help:"Print the result as one JSON object."`
}

// Help shows an example.
func (lakeKeysCmd) Help() string {
	return "The master key is keys/master.json in the data folder, or the file that " +
		"EVIDENT_MASTER_KEY names.\n\nExample:\n  evident lake keys --data /tmp/case1"
}

// Run lists the keys; one that cannot be used is a finding.
func (c *lakeKeysCmd) Run(e *console.Env) error {
	n, err := openFrozen(e, c.Dir(), "evident lake keys")
	if err != nil {
		return err
	}
	defer n.Close()
	keys, broken := n.Keys()
	wrong := broken != nil
	for _, k := range keys {
		wrong = wrong || k.Problem != ""
	}
	if c.JSON {
		out := map[string]any{"keys": keys}
		if broken != nil {
			out["problem"] = broken.Error()
		}
		if err := console.JSONLine(e.Stdout, out); err != nil {
			return err
		}
	} else {
		printKeys(e, keys, broken)
	}
	if wrong {
		return console.ErrWrong
	}
	return nil
}

func printKeys(e *console.Env, keys []daykey.Key, broken error) {
	if len(keys) == 0 {
		fmt.Fprintln(e.Stdout, "no keys: nothing was encrypted yet")
	}
	for _, k := range keys {
		state := "of use"
		if k.Destroyed != nil {
			state = "destroyed on " + k.Destroyed.Time.Format(time.RFC3339) + ": " + k.Destroyed.Reason
		} else if k.Problem != "" && broken == nil {
			state = k.Problem
		} else if k.Problem != "" {
			state = "of no use"
		}
		fmt.Fprintf(e.Stdout, "%-14s %s\n", k.ID, console.Plain(state))
	}
	if broken != nil {
		fmt.Fprintln(e.Stdout, console.Plain(broken.Error()))
	}
}

// openFrozen opens a folder whose records nobody processes meanwhile.
func openFrozen(e *console.Env, dir, command string) (*node.Node, error) {
	if err := isFolder(dir); err != nil {
		return nil, err
	}
	return node.Open(e.Context, node.Config{
		Dir: dir, Command: command, NoSearch: true, Frozen: true, Log: e.Log,
	})
}
