package source

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
)

// batcher groups the records of one stream into entries and leaves out those
// that are known. One goroutine appends while the next batch is read; entries
// are appended in stream order, so a known batch implies that everything
// before it in the stream is known too.
type batcher struct {
	r        *Reader
	ctx      context.Context // of the ingest that owns the batcher
	name     string
	format   event.Format
	schema   string
	start    event.BatchID // of the chain
	chain    event.BatchID
	position int64

	pending []event.Record
	bytes   int
	chunk   []byte // where the bytes of records are copied to

	mu     sync.Mutex // guards all above against the timer
	timer  *time.Timer
	closed bool
	queue  chan *event.Entry
	done   chan error
}

func (r *Reader) batcher(ctx context.Context, name string, format event.Format) *batcher {
	b := &batcher{
		r: r, ctx: ctx, name: name, format: format,
		queue: make(chan *event.Entry, 4), done: make(chan error, 1),
	}
	var nonce []byte
	if r.cfg.Again {
		nonce = make([]byte, 16)
		rand.Read(nonce)
	}
	h := sha256.New()
	fmt.Fprintf(h, "evident.chain/v1\n%s\n", format)
	h.Write(nonce)
	h.Sum(b.start[:0])
	b.chain = b.start
	go b.append()
	return b
}

// setSchema changes the column header; records before it keep theirs.
func (b *batcher) setSchema(schema string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if schema == b.schema {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	// The chain goes on through a change of header, so that two parts with the
	// same header in one stream stay different batches.
	b.chain = b.chain.Next([]byte(schema))
	b.schema = schema
	return nil
}

// add takes one record; raw is copied.
func (b *batcher) add(raw []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending) > 0 && (len(b.pending) >= event.MaxEntryRecords ||
		b.bytes+len(raw) > event.MaxEntryBytes) {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if len(b.pending) == 0 && b.r.cfg.MaxDelay > 0 {
		b.timer = time.AfterFunc(b.r.cfg.MaxDelay, b.flushLate)
	}
	b.position++
	b.bytes += len(raw)
	b.pending = append(b.pending, event.Record{Raw: b.keep(raw), Position: b.position})
	if b.r.cfg.Scan {
		return nil
	}
	b.chain = b.chain.Next(raw)
	if b.r.cfg.Known(b.chain) {
		b.r.already(len(b.pending))
		b.drop()
	}
	return nil
}

// chunkBytes is how much memory is taken at once for the bytes of records.
const chunkBytes = 256 << 10

// keep copies a record's bytes. The copies of several records share memory.
func (b *batcher) keep(raw []byte) []byte {
	if cap(b.chunk)-len(b.chunk) < len(raw) {
		b.chunk = make([]byte, 0, max(chunkBytes, len(raw)))
	}
	at := len(b.chunk)
	b.chunk = append(b.chunk, raw...)
	return b.chunk[at:len(b.chunk):len(b.chunk)]
}

// cut begins a new batch, so that what comes next can turn out to have been
// incomplete without taking the records before it along when a stream is read
// again.
func (b *batcher) cut() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flush()
}

// restart begins the chain anew, for a stream of parts that stay the same while
// others come and go. earlier is how many parts with the same beginning the
// stream had before: they are different batches all the same.
func (b *batcher) restart(earlier int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.flush(); err != nil {
		return err
	}
	b.chain = b.start
	for range earlier {
		b.chain = b.chain.Next([]byte("evident.repeat"))
	}
	return nil
}

func (b *batcher) drop() {
	b.pending, b.bytes = nil, 0
	if b.timer != nil {
		b.timer.Stop()
	}
}

// flushLate sends off records that have waited MaxDelay for company. An error
// of the store shows at the next add or at close.
func (b *batcher) flushLate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.flush()
}

// skip reports a record that cannot be taken; its position is used up.
func (b *batcher) skip(number int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.position++
	b.r.problem(b.name, fmt.Sprintf("record %d", number), "%s", text)
}

func (b *batcher) flush() error {
	if len(b.pending) == 0 || b.closed {
		return nil
	}
	e := &event.Entry{
		Batch: b.chain, Source: b.name, Format: b.format, Schema: b.schema,
		Received: b.r.now(), Records: b.pending,
	}
	b.drop()
	if !b.r.cfg.Scan {
		for i := range e.Records {
			rand.Read(e.Records[i].Salt[:])
		}
	}
	select {
	case b.queue <- e:
		return nil
	case err := <-b.done:
		b.done <- err // close wants to see it as well
		return err
	}
}

// append runs beside the framing until the queue is closed or the store
// refuses.
func (b *batcher) append() {
	for e := range b.queue {
		if err := b.r.cfg.Append(b.ctx, e); err != nil {
			b.done <- &appendError{fmt.Errorf("append %s: %w", b.name, err)}
			return
		}
		b.r.appended(e)
	}
	b.done <- nil
}

// close flushes, waits for the appender and returns its error.
func (b *batcher) close() error {
	b.mu.Lock()
	flushErr := b.flush()
	b.closed = true
	close(b.queue)
	b.mu.Unlock()
	if err := <-b.done; err != nil {
		return err
	}
	return flushErr
}
