package main

import (
	"fmt"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/node"
)

type lakeCmd struct {
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

// openFrozen opens a folder whose records nobody processes meanwhile.
func openFrozen(e *console.Env, dir, command string) (*node.Node, error) {
	if err := isFolder(dir); err != nil {
		return nil, err
	}
	return node.Open(e.Context, node.Config{
		Dir: dir, Command: command, NoSearch: true, Frozen: true, Log: e.Log,
	})
}
