package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/node"
)

// watchEvery is how often the rule files are looked at: a change judges after
// two looks.
const watchEvery = 3 * time.Second

// ruleFlags say what becomes of rules while a server runs.
type ruleFlags struct {
	WatchRules  bool     `default:"true" negatable:"" help:"Reload rules when their files change; SIGHUP always does."`
	ShadowRules []string `placeholder:"DIR" type:"path" help:"Compare these rules with those that judge, from the start; repeatable."`
	ShadowHours int      `default:"24" help:"How far back to compare, from the newest event."`
	Attack      string   `placeholder:"FILE" type:"path" help:"ATT&CK as STIX, plain or .gz, for the names of techniques."`
}

// catalog reads ATT&CK, nil where no file is given.
func (f ruleFlags) catalog() (*attack.Catalog, error) {
	if f.Attack == "" {
		return nil, nil
	}
	in, err := os.Open(f.Attack)
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	defer in.Close()
	c, err := attack.ReadCatalog(in)
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK %s: %w", f.Attack, err)
	}
	return c, nil
}

// keep starts what goes on with the rules until ctx ends.
func (f ruleFlags) keep(ctx context.Context, e *env, n *node.Node, group *errgroup.Group) error {
	if len(f.ShadowRules) > 0 {
		err := n.StartShadow(ctx, node.ShadowOrder{
			Caller: systemCaller(), Paths: f.ShadowRules, Hours: f.ShadowHours, Live: true,
		})
		if err != nil {
			return fmt.Errorf("compare rules: %w", err)
		}
	}
	if f.WatchRules {
		group.Go(func() error { return n.WatchRules(ctx, systemCaller(), watchEvery) })
	}
	group.Go(func() error { return n.KeepFeeds(ctx) })
	group.Go(func() error { return reloadOnHangup(ctx, e, n) })
	return nil
}

// reloadOnHangup reloads the rules at every SIGHUP, as operators expect.
func reloadOnHangup(ctx context.Context, e *env, n *node.Node) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_, err := n.ReloadRules(ctx, node.Order{Caller: systemCaller()})
			if err != nil && !errors.Is(err, context.Canceled) {
				e.log.Error("the rules could not be reloaded", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}
