package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/printable"
)

// Settings are the flags of a command that runs a witness.
type Settings struct {
	Dir, Name       string
	Knows           []string // verifier keys, or files that hold one a line
	Listen          string
	TLSCert, TLSKey string
	Status          bool // print key, memory and alarms instead of serving
}

// Run serves a witness until ctx ends, or prints its status, and returns how
// many alarms there are: a command that ran with alarms has found something
// wrong.
func Run(ctx context.Context, s Settings, out io.Writer, log *slog.Logger) (alarms int, err error) {
	keys, err := ReadKeys(s.Knows)
	if err != nil {
		return 0, err
	}
	if len(keys) == 0 && !s.Status {
		return 0, errors.New("no ledger to witness: give its verifier key with --knows")
	}
	w, err := Open(Config{Dir: s.Dir, Name: s.Name, Logs: keys, Log: log})
	if err != nil {
		return 0, err
	}
	defer w.Close()
	if s.Status {
		w.print(out)
	} else if err := w.serve(ctx, s, out); err != nil {
		return 0, err
	}
	return w.Alarms(), nil
}

// ReadKeys reads verifier keys; an argument that is a file holds one a line.
func ReadKeys(args []string) ([]string, error) {
	var out []string
	for _, key := range args {
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

func (w *Witness) print(out io.Writer) {
	fmt.Fprintf(out, "key %s\n", w.Key())
	for _, l := range w.Logs() {
		at := "never"
		if !l.Time.IsZero() {
			at = l.Time.Format(time.RFC3339)
		}
		fmt.Fprintf(out, "ledger %s: %d entries, root %s, %s\n", printable.Text(l.Origin), l.Size, l.Root, at)
	}
	fmt.Fprintf(out, "alarms %d\n", w.Alarms())
}

func (w *Witness) serve(ctx context.Context, s Settings, out io.Writer) error {
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(w.cfg.Log.Handler(), slog.LevelDebug),
	}
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	fmt.Fprintf(out, "Witness %s\nAsk it at %s://%s\n", w.Key(), scheme, listener.Addr())
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	if s.TLSCert != "" {
		err = server.ServeTLS(listener, s.TLSCert, s.TLSKey)
	} else {
		err = server.Serve(listener)
	}
	if !stop() {
		<-ended // requests under way are answered first
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve witness: %w", err)
	}
	return nil
}
