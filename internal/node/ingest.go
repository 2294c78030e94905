package node

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/source"
)

// maxLag is how many entries the journal may be ahead of the pipeline before
// appending waits, so that a fast sender fills neither disk nor memory.
const maxLag = 256

// IngestOptions are the choices of one ingest.
type IngestOptions struct {
	Format   event.Format
	Again    bool
	Live     bool // a stream whose records should not wait for a full batch
	Progress func(source.Progress)
	// JournalKeys verify the forward-secure seals of systemd journals.
	JournalKeys []*journald.Key
}

// Ingest reads the paths ("-" is stdin) into the journal.
func (n *Node) Ingest(ctx context.Context, paths []string, stdin io.Reader, o IngestOptions) (source.Report, error) {
	reader, err := n.reader(o)
	if err != nil {
		return source.Report{}, err
	}
	return reader.Ingest(ctx, paths, stdin)
}

// IngestStream reads one stream, e.g. a request body, into the journal.
func (n *Node) IngestStream(ctx context.Context, name string, in io.Reader, o IngestOptions) (source.Report, error) {
	reader, err := n.reader(o)
	if err != nil {
		return source.Report{}, err
	}
	return reader.Stream(ctx, name, in)
}

func (n *Node) reader(o IngestOptions) (*source.Reader, error) {
	cfg := source.Config{
		Append: n.appendForeign, Known: n.isKnown, Format: o.Format, Again: o.Again,
		Progress: o.Progress, Sealed: n.sealSource, JournalKeys: o.JournalKeys, Log: n.cfg.Log,
	}
	if o.Live {
		cfg.MaxDelay = 500 * time.Millisecond
	}
	return source.New(cfg)
}

// appendForeign appends what somebody sent. Its source is never Evident's own,
// whatever a file is called: what stands under that name counts as said here.
func (n *Node) appendForeign(ctx context.Context, e *event.Entry) error {
	if strings.HasPrefix(e.Source, pipeline.OwnPrefix) {
		e.Source = "foreign:" + e.Source
	}
	return n.Append(ctx, e)
}

// Append stores one entry durably and returns after the sync. It waits while
// the pipeline is far behind.
func (n *Node) Append(ctx context.Context, e *event.Entry) error {
	if err := n.Err(); err != nil {
		return fmt.Errorf("append entry: processing has stopped: %w", err)
	}
	seq, err := n.journal.Append(ctx, e)
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.known[e.Batch] = seq
	n.mu.Unlock()
	if seq > maxLag {
		return n.await(ctx, seq-maxLag)
	}
	return nil
}
