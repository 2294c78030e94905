package main

import (
	"fmt"
	"log/slog"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/witness"
)

type witnessCmd struct {
	Data    string   `required:"" placeholder:"DIR" type:"path" help:"The witness's own folder: key, memory, alarms."`
	Knows   []string `placeholder:"KEY" help:"Verifier key of a ledger, or a file with it; repeatable."`
	Name    string   `placeholder:"NAME" help:"Name of a new key, e.g. oversight.example/w1."`
	Listen  string   `default:"127.0.0.1:8480" placeholder:"ADDR" help:"Address for the ledgers."`
	TLSCert string   `placeholder:"FILE" type:"path" help:"Certificate, to serve over TLS."`
	TLSKey  string   `placeholder:"FILE" type:"path" help:"Its key."`
	Status  bool     `help:"Print key, memory and alarms, and end: exit 1 where there are alarms."`
}

// Help shows an example.
func (witnessCmd) Help() string {
	return "Example:\n  evident witness --data /tmp/witness --knows verifier.pub --name oversight.example/w1\n" +
		"A witness cosigns what a ledger shows it, as long as its history only grows. The small\n" +
		"program evident-witness does the same."
}

// Run serves until it is interrupted; exit 1 says that there are alarms.
func (c *witnessCmd) Run(e *console.Env) error {
	log := e.Log
	if !log.Enabled(e.Context, slog.LevelError) { // an alarm is said whatever the level
		log = slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	alarms, err := witness.Run(e.Context, witness.Settings{
		Dir: c.Data, Name: c.Name, Knows: c.Knows, Listen: c.Listen,
		TLSCert: c.TLSCert, TLSKey: c.TLSKey, Status: c.Status,
	}, e.Stdout, log)
	if err != nil {
		return err
	}
	if alarms > 0 {
		fmt.Fprintf(e.Stderr, "evident: %d alarms, see %s/alarms\n", alarms, console.Plain(c.Data))
		return console.ErrWrong
	}
	return nil
}
