package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
)

// Receiver takes syslog over TCP, one message a line (RFC 6587,
// non-transparent framing). What it accepted is in the journal at the latest
// half a second after it arrived.
type Receiver struct {
	listener net.Listener
	append   func(context.Context, *event.Entry) error
	log      *slog.Logger
	conns    sync.WaitGroup
}

// maxConns bounds the senders that are connected at a time.
const maxConns = 256

// Receive listens on a loopback address; Run serves.
func Receive(address string, appendEntry func(context.Context, *event.Entry) error, log *slog.Logger,
) (*Receiver, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read syslog address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("receive syslog on %s: plain syslog is taken on loopback only; "+
			"put a TLS relay in front", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("receive syslog: %w", err)
	}
	return &Receiver{listener: listener, append: appendEntry, log: log}, nil
}

// Addr returns the address it listens on.
func (r *Receiver) Addr() string { return r.listener.Addr().String() }

// Run accepts senders until ctx ends, then waits for them.
func (r *Receiver) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { r.listener.Close() })
	defer stop()
	defer r.conns.Wait()
	slots := make(chan struct{}, maxConns)
	for {
		conn, err := r.listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept syslog sender: %w", err)
		}
		slots <- struct{}{}
		r.conns.Add(1)
		go func() {
			defer func() { conn.Close(); r.conns.Done(); <-slots }()
			r.serve(ctx, conn)
		}()
	}
}

func (r *Receiver) serve(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	reader, err := New(Config{
		Append: r.append, Known: func(event.BatchID) bool { return false },
		Format: event.FormatSyslog, Again: true, MaxDelay: 500 * time.Millisecond, Log: r.log,
	})
	if err != nil {
		r.log.Error("receive syslog", "error", err)
		return
	}
	reader.plain = true // what looks like an archive is a message all the same
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	report, err := reader.Stream(ctx, "syslog:"+host, conn)
	for _, p := range report.Problems {
		r.log.Warn("syslog record skipped", "problem", p.String())
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		r.log.Error("receive syslog", "sender", conn.RemoteAddr().String(), "error", err)
	}
}
