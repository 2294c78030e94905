package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/witness"
)

type witnessCmd struct {
	Data    string   `required:"" placeholder:"DIR" type:"path" help:"The witness's own folder: key, memory, alarms."`
	Knows   []string `name:"knows" placeholder:"KEY" help:"Verifier key of a ledger, or a file with it; repeatable."`
	Name    string   `placeholder:"NAME" help:"Name of a new key, e.g. oversight.example/w1."`
	Listen  string   `default:"127.0.0.1:8480" placeholder:"ADDR" help:"Address for the ledgers."`
	TLSCert string   `placeholder:"FILE" type:"path" help:"Certificate, to serve over TLS."`
	TLSKey  string   `placeholder:"FILE" type:"path" help:"Its key."`
	Status  bool     `help:"Print key, memory and alarms, and end: exit 1 where there are alarms."`
}

// Help shows an example.
func (witnessCmd) Help() string {
	return "Example:\n  evident witness --data /tmp/witness --knows verifier.pub --name oversight.example/w1\n" +
		"A witness cosigns what a ledger shows it, as long as its history only grows."
}

// Run serves until it is interrupted; exit 1 says that there are alarms.
func (c *witnessCmd) Run(e *console.Env) error {
	logs, err := c.keys()
	if err != nil {
		return err
	}
	log := e.Log
	if !log.Enabled(e.Context, slog.LevelError) { // an alarm is said whatever the level
		log = slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	w, err := witness.Open(witness.Config{Dir: c.Data, Name: c.Name, Logs: logs, Log: log})
	if err != nil {
		return err
	}
	defer w.Close()
	if !c.Status {
		if len(logs) == 0 {
			return errors.New("no ledger to witness: give its verifier key with --knows")
		}
		if err := c.serve(e, w); err != nil {
			return err
		}
	} else {
		c.print(e, w)
	}
	if n := w.Alarms(); n > 0 {
		fmt.Fprintf(e.Stderr, "evident: %d alarms, see %s/alarms\n", n, console.Plain(c.Data))
		return console.ErrWrong
	}
	return nil
}

// keys reads the ledgers' keys; a file holds one a line.
func (c *witnessCmd) keys() ([]string, error) {
	var out []string
	for _, key := range c.Knows {
		text, err := os.ReadFile(key)
		switch {
		case err == nil:
			out = append(out, strings.Fields(string(text))...)
		case strings.Count(key, "+") >= 2:
			out = append(out, key)
		default:
			return nil, fmt.Errorf("read --knows: %w", err)
		}
	}
	return out, nil
}

func (c *witnessCmd) print(e *console.Env, w *witness.Witness) {
	fmt.Fprintf(e.Stdout, "key %s\n", w.Key())
	for _, l := range w.Logs() {
		at := "never"
		if !l.Time.IsZero() {
			at = l.Time.Format(time.RFC3339)
		}
		fmt.Fprintf(e.Stdout, "ledger %s: %d entries, root %s, %s\n", console.Plain(l.Origin), l.Size, l.Root, at)
	}
	fmt.Fprintf(e.Stdout, "alarms %d\n", w.Alarms())
}

func (c *witnessCmd) serve(e *console.Env, w *witness.Witness) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(e.Log.Handler(), slog.LevelWarn),
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	fmt.Fprintf(e.Stdout, "Witness %s\nAsk it at %s://%s\n", w.Key(), scheme, listener.Addr())
	stopped := context.AfterFunc(e.Context, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	defer stopped()
	if c.TLSCert != "" {
		err = server.ServeTLS(listener, c.TLSCert, c.TLSKey)
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve witness: %w", err)
	}
	return nil
}
