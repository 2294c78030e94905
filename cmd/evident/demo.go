package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/simulate"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/web/api"
)

type demoCmd struct {
	console.DataFlag
	serveFlags
	Seed     uint64   `default:"7" help:"Which Harbor Agency; same seed, same logs."`
	Rules    []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	LoadOnly bool     `help:"Load the data and stop; do not serve."`
}

// Help shows an example.
func (demoCmd) Help() string {
	return "Example:\n  evident demo --data /tmp/harbor --listen 127.0.0.1:8470"
}

func (c *demoCmd) Dir() string {
	if c.Data != "" {
		return c.Data
	}
	return filepath.Join(filepath.Dir(c.DataFlag.Dir()), fmt.Sprintf("evident-demo-%d", c.Seed))
}

// Run loads Harbor Agency, unless it is loaded, and serves it.
func (c *demoCmd) Run(e *console.Env) error {
	server, token, err := c.listen(e, api.Config{Organisation: "Harbor Agency", Demo: true})
	if err != nil {
		return err
	}
	defer server.close()
	fresh, err := c.load(e)
	if err != nil {
		return err
	}
	n, err := c.open(e, false)
	if err != nil {
		return err
	}
	defer n.Close()
	if fresh {
		b := console.NewBar(e.Stderr, "incidents")
		if err := n.UpdateIncidents(e.Context); err != nil {
			return err
		}
		list, err := n.Incidents(e.Context)
		if err != nil {
			return err
		}
		b.End("%d reconstructed from the findings", len(list))
	}
	if c.LoadOnly {
		return nil
	}
	return server.run(e, n, token)
}

func (c *demoCmd) open(e *console.Env, bulk bool) (*node.Node, error) {
	return node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident demo", Rules: c.Rules, Shadow: c.ShadowRules, NoSearch: bulk,
		Log: e.Log,
	})
}

// load writes the simulated logs to a folder of their own and ingests that
// folder like any other, so that the demo shows what real logs would do. It
// reports whether there was anything to load.
func (c *demoCmd) load(e *console.Env) (fresh bool, err error) {
	logs := filepath.Join(c.Dir(), "demo-logs")
	done := filepath.Join(logs, "loaded")
	if _, err := os.Stat(done); err == nil {
		fmt.Fprintln(e.Stderr, "demo: Harbor Agency is loaded already")
		return false, nil
	}
	// Nobody searches yet, so the load goes without a query engine.
	n, err := c.open(e, true)
	if err != nil {
		return false, err
	}
	err = c.simulate(e, logs)
	if err == nil {
		err = c.ingest(e, n, logs)
	}
	if closeErr := n.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return false, fmt.Errorf("mark demo as loaded: %w", err)
	}
	return true, nil
}

func (c *demoCmd) simulate(e *console.Env, logs string) error {
	sim, err := simulate.New(simulate.Config{Seed: c.Seed})
	if err != nil {
		return err
	}
	b := console.NewBar(e.Stderr, "simulate Harbor Agency (fictional)")
	key := filepath.Join(c.Dir(), "demo-"+simulate.KeyFile)
	_, err = sim.Write(e.Context, func(name string) (io.WriteCloser, error) {
		path := filepath.Join(logs, filepath.FromSlash(name))
		if name == simulate.KeyFile {
			path = key
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return os.Create(path)
	}, func(now, total int) { b.Set(int64(now), int64(total), "") })
	if err != nil {
		return err
	}
	b.End("written to %s, answers in %s", logs, key)
	return nil
}

func (c *demoCmd) ingest(e *console.Env, n *node.Node, logs string) error {
	began := time.Now()
	b := console.NewBar(e.Stderr, "ingest")
	report, err := n.Ingest(e.Context, []string{logs}, nil, node.IngestOptions{
		Progress: func(p source.Progress) {
			b.Set(p.Bytes, p.Total, fmt.Sprintf("%d records", p.Records))
		},
	})
	if err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		var lines []string
		for _, p := range report.Problems {
			lines = append(lines, p.String())
		}
		return errors.New("load demo: " + strings.Join(lines, "; "))
	}
	if err := n.Settle(e.Context); err != nil {
		return err
	}
	b.End("%d records ingested, detected and sealed in %.1f s", report.Records,
		time.Since(began).Seconds())
	return nil
}
