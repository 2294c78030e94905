package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamName = "journal"
	subject    = "journal.entries"

	startTimeout   = 60 * time.Second // recovery reads the last block file
	requestTimeout = 60 * time.Second // where the caller's context has no deadline
	maxPayload     = MaxEntryBytes + 4096
	// noStoreLimit leaves the limit to the disk: the server's own default, 75%
	// of what was free at start, would refuse entries while there is room.
	noStoreLimit = 1 << 60
	// watchInterval bounds how long a full disk goes unnoticed.
	watchInterval = 200 * time.Millisecond
)

// engine is one run of the embedded server with a client to it.
type engine struct {
	srv    *server.Server
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream

	// down ends, with the reason as its cause, when the server takes no more
	// writes: after one failed it refuses all others, and does so by silence.
	down   context.Context
	fail   context.CancelCauseFunc
	flying atomic.Int64 // publishes that wait for their acknowledgement
}

func startEngine(ctx context.Context, dir string, log *slog.Logger) (*engine, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName:         "evident-journal",
		DontListen:         true,
		NoSigs:             true,
		JetStream:          true,
		StoreDir:           dir,
		SyncAlways:         true,
		MaxPayload:         maxPayload,
		JetStreamMaxStore:  noStoreLimit,
		JetStreamMaxMemory: 1 << 20, // no memory streams
	})
	if err != nil {
		return nil, fmt.Errorf("configure journal server: %w", err)
	}
	logs := &serverLog{log: log}
	srv.SetLoggerV2(logs, false, false, false)
	go srv.Start()
	e := &engine{srv: srv}
	e.down, e.fail = context.WithCancelCause(context.Background())
	if err := e.connect(ctx, log); err != nil {
		e.stop()
		if fatal := logs.fatal.Load(); fatal != nil {
			err = fmt.Errorf("%w: %w", errors.New(*fatal), err)
		}
		return nil, fmt.Errorf("start journal server: %w", err)
	}
	go e.watch()
	return e, nil
}

func (e *engine) connect(ctx context.Context, log *slog.Logger) (err error) {
	deadline := startTimeout
	if d, ok := ctx.Deadline(); ok {
		deadline = min(deadline, time.Until(d))
	}
	if !e.srv.ReadyForConnections(deadline) {
		return errors.New("not ready in time")
	}
	if config := e.srv.JetStreamConfig(); config == nil || !config.SyncAlways {
		return errors.New("the server does not sync every write")
	}
	e.nc, err = nats.Connect("", nats.InProcessServer(e.srv), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("journal client", "error", err)
		}))
	if err != nil {
		return fmt.Errorf("connect in process: %w", err)
	}
	e.js, err = jetstream.New(e.nc, jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		return fmt.Errorf("open client: %w", err)
	}
	return nil
}

func (e *engine) openStream(ctx context.Context) (err error) {
	if e.stream, err = e.js.Stream(ctx, streamName); err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	return nil
}

func (e *engine) createStream(ctx context.Context, firstSeq uint64) (err error) {
	e.stream, err = e.js.CreateStream(ctx, jetstream.StreamConfig{
		Name:        streamName,
		Description: "Evident journal entries",
		Subjects:    []string{subject},
		Retention:   jetstream.LimitsPolicy, // no limit is set: only Purge removes
		Storage:     jetstream.FileStorage,
		Replicas:    1,
		FirstSeq:    firstSeq,
		AllowDirect: true, // reads without a JSON and base64 envelope
		DenyDelete:  true, // so that a gap can only be damage
	})
	if err != nil {
		return fmt.Errorf("create stream: %w", err)
	}
	return nil
}

func (e *engine) state(ctx context.Context) (jetstream.StreamState, error) {
	info, err := e.stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return jetstream.StreamState{}, fmt.Errorf("read stream state: %w", err)
	}
	return info.State, nil
}

// publish sends the message and waits until the server has synced it.
func (e *engine) publish(ctx context.Context, msg *nats.Msg) (uint64, error) {
	e.flying.Add(1)
	defer e.flying.Add(-1)
	waiting, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	defer context.AfterFunc(e.down, cancel)()
	ack, err := e.js.PublishMsg(waiting, msg, jetstream.WithExpectStream(streamName))
	switch {
	case err == nil:
		return ack.Sequence, nil
	case ctx.Err() == nil && e.down.Err() == nil:
		e.fail(diskError(err))
		return 0, err
	case ctx.Err() == nil:
		return 0, context.Cause(e.down)
	}
	return 0, err
}

// watch asks the server for write errors while somebody waits for an
// acknowledgement: the server logs them and does not answer the publisher.
func (e *engine) watch() {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-e.down.Done():
			return
		case <-tick.C:
		}
		if e.flying.Load() == 0 {
			continue
		}
		if err := e.writeError(); err != nil {
			e.fail(diskError(err))
		}
	}
}

// writeError returns the error that made the server give up writing.
func (e *engine) writeError() error {
	health := e.srv.Healthz(&server.HealthzOptions{
		Account: server.DEFAULT_GLOBAL_ACCOUNT, Stream: streamName, Details: true,
	})
	for _, h := range health.Errors {
		// Other kinds, such as a server too busy to answer within a
		// millisecond, say nothing about the disk.
		if h.Type == server.HealthzErrorStream || h.Type == server.HealthzErrorJetStream {
			return errors.New(h.Error)
		}
	}
	return nil
}

func (e *engine) stop() {
	e.fail(ErrClosed)
	if e.nc != nil {
		e.nc.Close()
	}
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
}
