package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
)

// Env is what a command gets besides its flags.
type Env struct {
	Context        context.Context //nolint:containedctx // lives exactly as long as the command
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Log            *slog.Logger
	Version        string // of the program
}

// ErrWrong ends a command with exit code 1. What is wrong has been printed.
var ErrWrong = errors.New("something was found wrong")

// DataFlag is shared by the commands that open a data folder.
type DataFlag struct {
	Data string `placeholder:"DIR" help:"Data folder; default is evident in the user's data folder."`
}

// Dir is the data folder: the flag's, or evident in the user's data folder.
func (f DataFlag) Dir() string {
	if f.Data != "" {
		return f.Data
	}
	if base := os.Getenv("XDG_DATA_HOME"); base != "" {
		return filepath.Join(base, "evident")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "evident-data"
	}
	return filepath.Join(home, ".local", "share", "evident")
}

// SystemCaller names who uses the command line or holds the token: the account
// on this machine, as a number.
func SystemCaller() string { return "uid-" + strconv.Itoa(os.Getuid()) }
