package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/evident-sec/evident/cmd/evident/detectcmd"
	"github.com/evident-sec/evident/cmd/evident/exposurecmd"
	"github.com/evident-sec/evident/cmd/evident/searchcmd"
	"github.com/evident-sec/evident/internal/console"
)

// version is set by the linker from the Git description.
var version = "dev" //nolint:gochecknoglobals // the linker needs a variable

// Exit codes of every command.
const (
	exitDone  = 0
	exitWrong = 1 // done, and something was found wrong
	exitUsage = 2 // could not run
)

// gcPercent was measured: 300 takes a fifth less CPU per event than 100, for
// about 200 MB more memory (docs/benchmarks.md).
const gcPercent = 300

// An ingest makes garbage faster than anything else and lives on little: it is
// collected less often still, but before the process takes more than this.
const (
	ingestGCPercent = 400
	ingestMemory    = 1000 << 20
)

// silent is the default log level of a command that ends by itself: what went
// wrong is its last line and exit code, not a library's complaint on the way.
const silent = slog.LevelError + 4

// cli is the command line; kong fills it.
type cli struct {
	Demo        demoCmd          `cmd:"" help:"Simulate Harbor Agency, a fictional organisation, load it and serve it."`
	Serve       serveCmd         `cmd:"" help:"Receive, detect and seal; serve the page and the API."`
	Ingest      ingestCmd        `cmd:"" help:"Read log files, folders and archives into the data folder."`
	Detect      detectcmd.Detect `cmd:"" help:"Scan files against rules and keep nothing."`
	Rules       detectcmd.Rules  `cmd:"" help:"Check and list detection rules."`
	Findings    findingsCmd      `cmd:"" help:"List what was detected."`
	Search      searchcmd.Search `cmd:"" help:"Search events: query language, tables, saved searches, SQL."`
	Export      searchcmd.Export `cmd:"" help:"Write events to a file: Parquet, NDJSON, CSV, Timesketch."`
	Reconstruct reconstructCmd   `cmd:"" help:"Tell the story around a finding or an event, step by step."`
	Exposure    exposurecmd.Cmd  `cmd:"" help:"Ask what an adversary would gain: check, paths, review before you sign."`
	Receipt     receiptCmd       `cmd:"" help:"Seal what a search covered and found, and check that nothing was left out."`
	Prove       proveCmd         `cmd:"" help:"Print the inclusion proof of one event."`
	Verify      verifyCmd        `cmd:"" help:"Check the whole data folder against the ledger."`
	Witness     witnessCmd       `cmd:"" help:"Run a witness: cosign ledgers whose history only grows."`
	Recover     recoverCmd       `cmd:"" help:"Say what was lost to damage, and go on without it."`
	Lake        lakeCmd          `cmd:"" help:"Look after the lake's files: status, compact."`
	Retention   retentionCmd     `cmd:"" help:"Schedules, legal holds, lawful destruction by two approvers."`
	Simulate    simulateCmd      `cmd:"" help:"Write the logs of a fictional organisation, with an answer key."`
	Bench       benchCmd         `cmd:"" help:"Score the product against labelled data."`
	Version     versionCmd       `cmd:"" help:"Print the version."`

	CPUProfile string `hidden:"" placeholder:"FILE" type:"path" help:"Write a CPU profile there."`

	LogLevel slog.Level `default:"warn" help:"What to log to standard error: debug, info, warn, error."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it, for the tests.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("evident"),
		kong.Description("Evident keeps logs as evidence: it receives, detects, retraces, proves, hands over."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintf(stderr, "evident: %v\n", err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "evident: %s; see evident --help\n", console.Plain(err.Error()))
		return exitUsage
	}
	level := c.LogLevel
	name, _, _ := strings.Cut(command.Command(), " ")
	if level == slog.LevelWarn && name != "serve" && name != "demo" {
		level = silent
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log) // for libraries that take no logger
	stop, err := profile(c.CPUProfile)
	if err != nil {
		fmt.Fprintf(stderr, "evident: %v\n", err)
		return exitUsage
	}
	defer stop()
	// Half of the work is making short-lived values: collecting them less often
	// is worth some memory, but not for a scan or a register: most of what lives
	// there is the rules, or the register. GOGC in the environment overrides it.
	if os.Getenv("GOGC") == "" && name != "detect" && name != "exposure" {
		debug.SetGCPercent(gcPercent)
		if name == "ingest" && os.Getenv("GOMEMLIMIT") == "" {
			debug.SetGCPercent(ingestGCPercent)
			debug.SetMemoryLimit(ingestMemory)
		}
	}
	err = command.Run(&console.Env{Context: ctx, Stdin: stdin, Stdout: stdout, Stderr: stderr, Log: log, Version: version})
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, console.ErrWrong):
		return exitWrong
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintf(stderr, "evident: %s\n", console.Plain(err.Error()))
	return exitUsage
}

// profile starts a CPU profile when a file is named; the function ends it.
func profile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("start profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *console.Env) error {
	fmt.Fprintln(e.Stdout, "evident", version)
	return nil
}
