package main

import (
	"fmt"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type lakeEdgesCmd struct {
	console.DataFlag
	Check bool `help:"Compare what is stored with what the columns give."`
	JSON  bool `help:"Print the result as one JSON object."`
}

// Help shows an example.
func (lakeEdgesCmd) Help() string { return "Example:\n  evident lake edges --data /tmp/case1" }

// Run stores the edges of files that have none of this version, and checks
// those that are stored.
func (c *lakeEdgesCmd) Run(e *console.Env) error {
	n, err := openFrozen(e, c.Dir(), "evident lake edges")
	if err != nil {
		return err
	}
	defer n.Close()
	wrong := 0
	if c.Check {
		if wrong, err = checkEdges(e, n); err != nil {
			return err
		}
	}
	bar := console.NewBar(e.Stderr, "edges")
	err = n.Edges().Follow(e.Context, func(done, of int) { bar.Set(int64(done), int64(of), "") })
	bar.Clear()
	if err != nil {
		return err
	}
	s := n.Edges().Status()
	if c.JSON {
		err = console.JSONLine(e.Stdout, s)
	} else {
		_, err = fmt.Fprintf(e.Stdout, "edges of %d of %d files are stored, %d bytes; %d derived now\n",
			s.Stored, s.Files, s.Bytes, s.Derived)
	}
	if err == nil && wrong > 0 {
		return console.ErrWrong
	}
	return err
}

func checkEdges(e *console.Env, n *node.Node) (wrong int, err error) {
	err = n.Edges().VerifyAll(e.Context, func(err error) {
		wrong++
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(err.Error()))
	})
	return wrong, err
}
