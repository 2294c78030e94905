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

	"github.com/evident-sec/evident/internal/console"
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

// keep starts what goes on with the rules until ctx ends.
func (f ruleFlags) keep(ctx context.Context, e *console.Env, n *node.Node, group *errgroup.Group) error {
	if len(f.ShadowRules) > 0 {
		err := n.StartShadow(ctx, node.ShadowOrder{
			Caller: console.SystemCaller(), Paths: f.ShadowRules, Hours: f.ShadowHours, Live: true,
		})
		if err != nil {
			return fmt.Errorf("compare rules: %w", err)
		}
	}
	if f.WatchRules {
		group.Go(func() error { return n.WatchRules(ctx, console.SystemCaller(), watchEvery) })
	}
	group.Go(func() error { return n.KeepFeeds(ctx) })
	group.Go(func() error { return reloadOnHangup(ctx, e, n) })
	return nil
}

// reloadOnHangup reloads the rules at every SIGHUP, as operators expect.
func reloadOnHangup(ctx context.Context, e *console.Env, n *node.Node) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_, err := n.ReloadRules(ctx, node.Order{Caller: console.SystemCaller()})
			if err != nil && !errors.Is(err, context.Canceled) {
				e.Log.Error("the rules could not be reloaded", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}
