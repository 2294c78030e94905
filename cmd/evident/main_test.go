package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/evident-sec/evident/internal/faultfs"
)

// exitUnwatched ends a command whose calls were to be watched and cannot be.
const exitUnwatched = 9

func TestMain(m *testing.M) {
	if os.Getenv("EVIDENT_TEST_COMMAND") != "" {
		if err := errors.Join(faultfs.EnterClock(), faultfs.Enter()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitUnwatched)
		}
		command()
	}
	testscript.Main(m, map[string]func(){"evident": command})
}

// command is the program itself, run by this test binary.
func command() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// TestScripts runs every script of testdata/script with the real commands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			shared, err := filepath.Abs("../../../shared/data")
			if err != nil {
				return err
			}
			if _, err := os.Stat(shared); err != nil {
				shared = ""
			}
			e.Setenv("SHARED", shared)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "xdg"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "shared" {
				_, err := os.Stat("../../../shared/data")
				return err == nil, nil
			}
			return false, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"flipbyte": flipByte, "truncate": truncateFile, "eventof": eventOf,
			"mkevtx": makeEventLog, "mktrail": makeTrail, "mkjournal": makeJournal,
		},
	})
}
