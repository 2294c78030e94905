// Command evident-witness is a witness of ledgers as a program of its own, small enough
// to be read whole by the office that runs it: it links nothing of Evident but
// package proof and internal/witness. "evident witness" does the same. See
// docs/witness.md. Exit codes: 0 ended without alarms, 1 there are alarms, 2
// could not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/witness"
)

// Exit codes.
const (
	exitQuiet  = 0
	exitAlarms = 1
	exitUsage  = 2
)

const usage = `evident-witness cosigns what a ledger shows it, as long as its history only grows.

  evident-witness --data DIR --knows verifier.pub --name oversight.example/w1

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s witness.Settings
	flags := flag.NewFlagSet("evident-witness", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.Dir, "data", "", "the witness's own `DIR`: key, memory, alarms")
	flags.Func("knows", "verifier `KEY` of a ledger, or a file with it; repeatable", func(key string) error {
		s.Knows = append(s.Knows, key)
		return nil
	})
	flags.StringVar(&s.Name, "name", "", "`NAME` of a new key, e.g. oversight.example/w1")
	flags.StringVar(&s.Listen, "listen", "127.0.0.1:8480", "`ADDR` for the ledgers")
	flags.StringVar(&s.TLSCert, "tls-cert", "", "certificate `FILE`, to serve over TLS")
	flags.StringVar(&s.TLSKey, "tls-key", "", "its key `FILE`")
	flags.BoolVar(&s.Status, "status", false, "print key, memory and alarms, and end")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitQuiet
	} else if err != nil {
		return exitUsage
	}
	err := errors.New("--data DIR is needed, see --help")
	alarms := 0
	if s.Dir != "" && flags.NArg() == 0 {
		alarms, err = witness.Run(ctx, s, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		fmt.Fprintf(stderr, "evident-witness: %s\n", printable.Text(err.Error()))
		return exitUsage
	}
	if alarms > 0 {
		fmt.Fprintf(stderr, "evident-witness: %d alarms, see %s/alarms\n", alarms, printable.Text(s.Dir))
		return exitAlarms
	}
	return exitQuiet
}
