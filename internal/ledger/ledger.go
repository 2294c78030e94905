package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/proof"
)

const (
	defaultInterval = 500 * time.Millisecond
	minInterval     = 100 * time.Millisecond // Tessera's own lower limit
	closeTimeout    = 30 * time.Second
	stopTimeout     = 5 * time.Second // a full disk may let no checkpoint through
)

// Errors that callers branch on.
var (
	// ErrTampered is returned by Open when key, checkpoint, tree state and
	// tiles contradict each other.
	ErrTampered = errors.New("ledger files contradict each other")
	// ErrNotSealed is returned by Prove for an entry that no published
	// checkpoint covers yet, and by Manifest for one the log does not hold.
	ErrNotSealed = errors.New("entry is not sealed")
	// ErrOutOfOrder is returned by Append for a manifest that is not Next.
	ErrOutOfOrder = errors.New("entry is out of order")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("ledger is closed")
)

// Config says where the ledger lives and how often it seals.
type Config struct {
	Dir    string       // folder of its own, created when missing
	Origin string       // name of a new log; empty: a random one under evident.local
	Log    *slog.Logger // nil discards
	// CheckpointInterval is the time between signed checkpoints while entries
	// arrive; 0 means 500 ms, less than 100 ms is not possible.
	CheckpointInterval time.Duration
	// Witnesses are shown each checkpoint, and those that a quorum cosigned are
	// kept; nil asks nobody. Client is what reaches them; nil makes one.
	Witnesses *proof.Policy
	Client    *http.Client
}

// Log is an open ledger. Its methods may be called concurrently.
type Log struct {
	files    files
	key      *signingKey
	batcher  *batcher
	interval time.Duration
	shutdown func(context.Context) error
	cancel   context.CancelFunc
	cosigner *cosigner // nil without witnesses
}

// Open opens the ledger in cfg.Dir. The first Open creates the signing key and
// the log.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.CheckpointInterval == 0 {
		cfg.CheckpointInterval = defaultInterval
	}
	dir := files(filepath.Join(cfg.Dir, "log"))
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return nil, fmt.Errorf("create ledger folder: %w", err)
	}
	key, err := openKey(cfg.Dir, cfg.Origin, dir.empty())
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if err := dir.checkState(key.verifier); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Log{files: dir, key: key, interval: max(cfg.CheckpointInterval, minInterval)}
	if cfg.Witnesses != nil {
		if l.cosigner, err = newCosigner(l, cfg); err != nil {
			return nil, fmt.Errorf("open ledger: %w", err)
		}
	}
	if err := l.start(context.WithoutCancel(ctx), cfg.Log); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return l, nil
}

// start starts Tessera. ctx must outlive Open: background work runs under it.
func (l *Log) start(ctx context.Context, log *slog.Logger) (err error) {
	// Tessera panics where it cannot make its lock files.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("start log: %v", r)
		}
	}()
	redirectKlog(log)
	if state, err := l.files.treeState(); err == nil {
		l.files.sweep(uint64(state.N))
	}
	driver, err := posix.New(ctx, posix.Config{Path: string(l.files)})
	if err != nil {
		return fmt.Errorf("open log storage: %w", err)
	}
	ctx, l.cancel = context.WithCancel(ctx)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(l.key.signer).
		WithCheckpointInterval(l.interval).
		WithCheckpointRepublishInterval(0).
		WithBatching(batchSize, batchAge))
	if err != nil {
		l.cancel()
		return fmt.Errorf("open log: %w", err)
	}
	size, err := reader.IntegratedSize(ctx)
	if err != nil {
		l.cancel()
		return fmt.Errorf("read log size: %w", err)
	}
	if err := l.awaitCheckpoint(ctx); err != nil {
		l.cancel()
		return err
	}
	go l.followClock(ctx)
	l.shutdown = shutdown
	l.batcher = &batcher{add: appender.Add, size: reader.IntegratedSize, log: log}
	l.batcher.tidy = l.files.sweep
	l.batcher.start(size)
	if l.cosigner != nil {
		go l.cosigner.run(ctx)
	}
	return nil
}

// awaitCheckpoint waits for a first checkpoint, so that a log with entries but
// without one can only mean that it was taken away.
func (l *Log) awaitCheckpoint(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	for {
		if _, _, err := l.files.checkpoint(l.key.verifier); err == nil {
			return nil
		} else if ctx.Err() != nil {
			return fmt.Errorf("publish first checkpoint: %w", err)
		}
		time.Sleep(l.interval / 10)
	}
}

// Append queues the manifest of the next entry and returns. It is integrated
// and sealed in the background; Flush waits for that. An entry that could not
// be written to a full disk is tried again until it can. The error wraps
// ErrOutOfOrder where m.Seq is not Next, and reports earlier entries that can
// never be sealed.
func (l *Log) Append(ctx context.Context, m proof.Manifest) error {
	if err := l.batcher.push(ctx, m); err != nil {
		return fmt.Errorf("append entry %d to ledger: %w", m.Seq, err)
	}
	return nil
}

// Next returns the sequence of the entry that Append expects.
func (l *Log) Next() uint64 { return l.batcher.nextSeq() }

// Sealed returns how many entries the latest published checkpoint covers; 0
// where there is none that can be read.
func (l *Log) Sealed() uint64 {
	c, _, err := l.files.checkpoint(l.key.verifier)
	if err != nil {
		return 0
	}
	return uint64(c.Size)
}

// Flush waits until everything appended before is under a published
// checkpoint.
func (l *Log) Flush(ctx context.Context) error {
	want := l.Next() - 1
	if err := l.batcher.drain(ctx, want); err != nil {
		return fmt.Errorf("flush ledger: %w", err)
	}
	tick := time.NewTicker(l.interval / 10)
	defer tick.Stop()
	for l.Sealed() < want {
		select {
		case <-ctx.Done():
			return fmt.Errorf("flush ledger: %w", ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// Checkpoint returns the latest signed checkpoint, verbatim.
func (l *Log) Checkpoint(_ context.Context) ([]byte, error) {
	_, signed, err := l.files.checkpoint(l.key.verifier)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return signed, nil
}

// Verifier returns the verifier of the log's checkpoints.
func (l *Log) Verifier() note.Verifier { return l.key.verifier }

// VerifierKey returns the verifier key in the text form of signed-note, as in
// DIR/verifier.pub.
func (l *Log) VerifierKey() string { return l.key.public }

// Close waits for what was appended, up to 30 seconds, and stops.
func (l *Log) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := l.batcher.close(ctx)
	if err == nil {
		err = l.shutdown(ctx)
	}
	if l.cosigner != nil {
		l.cosigner.settle(ctx, int64(l.Sealed()))
	}
	l.cancel()
	if l.cosigner != nil {
		<-l.cosigner.done
	}
	if err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}
