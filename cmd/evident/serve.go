package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/proof"
	"github.com/evident-sec/evident/web"
	"github.com/evident-sec/evident/web/api"
)

type serveCmd struct {
	console.DataFlag
	serveFlags
	Rules        []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	Witnesses    string   `name:"witness-policy" placeholder:"FILE" type:"path" help:"Policy with the witnesses that cosign checkpoints."`
	Organisation string   `default:"Evident" help:"Name shown on the page."`
}

// serveFlags are shared by serve and demo.
type serveFlags struct {
	Listen     string        `default:"127.0.0.1:8470" placeholder:"ADDR" help:"Address of page and API."`
	TLSCert    string        `placeholder:"FILE" type:"path" help:"Certificate; needed for any address but loopback."`
	TLSKey     string        `placeholder:"FILE" type:"path" help:"Its key."`
	TokenFile  string        `placeholder:"FILE" type:"path" help:"Read the token from here instead of making one."`
	SQL        bool          `name:"sql" help:"Give the holder of the link the role sql: SELECT over the masked view, docs/sql.md."`
	Syslog     string        `placeholder:"ADDR" help:"Also receive syslog over TCP on this loopback address, e.g. 127.0.0.1:5514."`
	Compact    bool          `default:"true" negatable:"" help:"Merge the lake's small files in the background."`
	Verify     time.Duration `name:"verify-every" default:"24h" placeholder:"TIME" help:"Verify the whole store when the last verification is older; 0 for never."`
	EdgeMemory int64         `name:"edge-memory" default:"1024" placeholder:"MIB" help:"Memory for causal edges; reconstruction reads the rest from files."`
	ruleFlags
	registerFlags
}

// Help shows an example.
func (serveCmd) Help() string {
	return "Example:\n  evident serve --data /tmp/case1 --listen 127.0.0.1:8470"
}

// Run serves until it is interrupted.
func (c *serveCmd) Run(e *console.Env) error {
	server, token, err := c.listen(e, api.Config{Organisation: c.Organisation})
	if err != nil {
		return err
	}
	defer server.close()
	var policy *proof.Policy
	if c.Witnesses != "" {
		if policy, err = readPolicy(c.Witnesses); err != nil {
			return err
		}
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident serve", Rules: c.Rules, Shadow: c.ShadowRules, Log: e.Log,
		Witnesses: policy, EdgeMemory: c.EdgeMemory << 20,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	return server.run(e, n, token)
}

// pending is a server that has its address but no node yet: a port in use is
// found before anything is opened.
type pending struct {
	flags serveFlags
	cfg   api.Config
	web   *web.Server
	api   *lateHandler
}

func (f serveFlags) listen(e *console.Env, cfg api.Config) (*pending, web.Token, error) {
	token := web.NewToken()
	if f.TokenFile != "" {
		text, err := os.ReadFile(f.TokenFile)
		if err != nil {
			return nil, token, fmt.Errorf("read token: %w", err)
		}
		if len(strings.TrimSpace(string(text))) < 16 {
			return nil, token, errors.New("read token: it has fewer than 16 characters")
		}
		token = web.ParseToken(strings.TrimSpace(string(text)))
	}
	catalog, err := attack.ReadCatalogFile(f.Attack)
	if err != nil {
		return nil, token, err
	}
	if cfg.Posture, err = f.open(cfg.Demo); err != nil {
		return nil, token, err
	}
	late := new(lateHandler)
	server, err := web.New(web.Config{
		Listen: f.Listen, CertFile: f.TLSCert, KeyFile: f.TLSKey, Token: token, API: late,
		Caller: api.Caller{ID: console.SystemCaller(), Role: "analyst", Grants: f.roles()}, Log: e.Log,
	})
	if err != nil {
		return nil, token, err
	}
	cfg.Version, cfg.Log, cfg.Attack = version, e.Log, catalog
	return &pending{flags: f, cfg: cfg, web: server, api: late}, token, nil
}

// roles are those of whoever holds the link, besides analyst.
func (f *serveFlags) roles() []string {
	if f.SQL {
		return append(f.grants(), api.SQLRole)
	}
	return f.grants()
}

func (p *pending) close() { p.web.Close() }

// run serves the node until the context ends or processing stops.
func (p *pending) run(e *console.Env, n *node.Node, _ web.Token) error {
	if err := n.Announce(p.web.URL()); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(e.Context)
	if p.flags.Syslog != "" {
		receiver, err := n.ListenSyslog(p.flags.Syslog)
		if err != nil {
			return err
		}
		group.Go(func() error { return receiver.Run(ctx) })
	}
	if err := p.flags.keep(ctx, e, n, group); err != nil {
		return err
	}
	p.cfg.Node = n
	p.api.set(api.New(p.cfg))
	fmt.Fprintf(e.Stdout, "Evident serves on %s\nOpen %s\n", p.web.URL(), p.web.Link())
	group.Go(func() error { return p.web.Run(ctx) })
	group.Go(func() error { return n.KeepEdges(ctx, 5*time.Second) })
	group.Go(func() error { return n.KeepIncidents(ctx, 5*time.Second) })
	if p.flags.Compact {
		group.Go(func() error { return n.KeepCompact(ctx, time.Minute) })
	}
	if p.flags.Verify > 0 {
		group.Go(func() error { return n.KeepVerified(ctx, p.flags.Verify) })
	}
	group.Go(func() error { return n.KeepHeartbeats(ctx, 15*time.Minute) })
	group.Go(func() error { return untilStopped(ctx, n) })
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// untilStopped ends the server when nothing is processed any more: a receiver
// must not go on as if all were well.
func untilStopped(ctx context.Context, n *node.Node) error {
	select {
	case <-n.Stopped():
		if err := n.Err(); err != nil {
			return fmt.Errorf("process records: %w", err)
		}
		return nil
	case <-ctx.Done():
		return nil
	}
}
