package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/journald"
)

// Config wires a Reader. Append and Known are required.
type Config struct {
	// Append stores one entry durably; it returns after the sync.
	Append func(context.Context, *event.Entry) error
	// Known reports whether a batch was appended before.
	Known func(event.BatchID) bool
	// Format skips detection when it is set.
	Format event.Format
	// Again ingests content a second time even where it is known.
	Again bool
	// Scan is for entries that nobody keeps: batches get no identity and records
	// no salt, and Known is not asked.
	Scan bool
	// MaxDelay bounds how long a record of a live stream waits for company; 0
	// waits for a full batch or the end. Use 0 for files: batches then fall at
	// the same records every time.
	MaxDelay time.Duration
	// JournalKeys verify the forward-secure seals of systemd journals.
	JournalKeys []*journald.Key
	// Progress is called after every batch; nil for none.
	Progress func(Progress)
	// Sealed gets what the seals of a source say, e.g. the checksums of a Windows
	// event log, after it was read; nil for none.
	Sealed func(context.Context, Seal) error
	// Log receives diagnostics; nil for none.
	Log *slog.Logger
}

// Seal is what the seals that a source brings say about it.
type Seal struct {
	Source   string       // as in the entries
	Verdict  evtx.Verdict // of a Windows event log
	Journal  *Journal     // of a systemd journal; nil for others
	Problems []string     // in words, with their places; empty where every seal holds
}

// Progress says how far an Ingest is.
type Progress struct {
	Source      string // what is being read
	Bytes       int64  // read of the files named, compressed size
	Total       int64  // compressed size of all files named, 0 when unknown
	Records     int64  // appended so far
	AlreadyHere int64  // known before
}

// Report is the outcome of an Ingest.
type Report struct {
	Files    int64 // files and archive members that held records
	Records  int64 // records appended by this call
	Already  int64 // records that were here before
	Skipped  int64 // records that could not be taken, each with a Problem
	Bytes    int64 // raw bytes of the records appended
	First    uint64
	Last     uint64 // first and last journal entry written; 0 for none
	Problems []Problem
}

// Problem is one part of the input that was not taken, or was taken although it
// is not as its source sealed it.
type Problem struct {
	Path  string `json:"path"`  // file and archive member
	Where string `json:"where"` // line, record or byte; "" for the whole
	Text  string `json:"text"`  // what is wrong and what to do
}

// String returns the problem as one line.
func (p Problem) String() string {
	if p.Where == "" {
		return fmt.Sprintf("%s: %s", p.Path, p.Text)
	}
	return fmt.Sprintf("%s: %s: %s", p.Path, p.Where, p.Text)
}

// maxProblems bounds the report of an input that is broken all over.
const maxProblems = 1000

// Reader ingests. One Reader runs one Ingest or Stream at a time.
type Reader struct {
	cfg   Config
	meter meter
	plain bool // take the bytes as they are: never unpack
	now   func() time.Time

	journals map[string][]journald.Range // sequence numbers read, by their identifier
	numbers  int                         // of those ranges

	mu     sync.Mutex // framing and appending run side by side
	report Report
}

// New returns a Reader for one ingest.
func New(cfg Config) (*Reader, error) {
	if cfg.Append == nil || cfg.Known == nil {
		return nil, errors.New("create reader: Append and Known are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Reader{cfg: cfg, now: func() time.Time { return time.Now().UTC() }}, nil
}

// Ingest reads every path: a file, a folder (walked in name order), an
// archive, or "-" for stdin. It returns an error only where going on makes no
// sense (the store refuses, ctx ends); what is wrong with an input is in the
// report.
func (r *Reader) Ingest(ctx context.Context, paths []string, stdin io.Reader) (Report, error) {
	r.meter.total = totalSize(paths)
	for _, path := range paths {
		var err error
		if path == "-" {
			err = r.stdin(ctx, stdin)
		} else {
			err = r.path(ctx, path)
		}
		if err != nil {
			return r.report, err
		}
	}
	return r.report, r.journalGaps(ctx)
}

// stdin reads standard input. A read of a terminal or pipe cannot be woken, so
// it goes on beside the ingest and is left behind when ctx ends.
func (r *Reader) stdin(ctx context.Context, stdin io.Reader) error {
	in, out := io.Pipe()
	defer in.Close()
	go func() {
		_, err := io.Copy(out, stdin)
		out.CloseWithError(err)
	}()
	stop := context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	defer stop()
	return r.stream(ctx, "stdin", in, 0)
}

// Stream reads one stream of records under the given source name.
func (r *Reader) Stream(ctx context.Context, name string, in io.Reader) (Report, error) {
	err := r.stream(ctx, name, in, 0)
	if err == nil {
		err = r.journalGaps(ctx)
	}
	return r.report, err
}

// problem reports a part that was not taken.
func (r *Reader) problem(path, where, format string, args ...any) {
	r.mu.Lock()
	r.report.Skipped++
	r.mu.Unlock()
	r.damage(path, where, format, args...)
}

// damage reports a part that was taken and is not as it should be.
func (r *Reader) damage(path, where, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.report.Problems) < maxProblems {
		r.report.Problems = append(r.report.Problems,
			Problem{Path: path, Where: where, Text: fmt.Sprintf(format, args...)})
	}
}

func (r *Reader) already(records int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Already += int64(records)
	r.progress("")
}

// appended counts an entry and tells how far we are.
func (r *Reader) appended(e *event.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Records += int64(len(e.Records))
	r.report.Bytes += int64(e.Bytes())
	if r.report.First == 0 {
		r.report.First = e.Seq
	}
	r.report.Last = e.Seq
	r.progress(e.Source)
}

func (r *Reader) progress(source string) {
	if r.cfg.Progress == nil {
		return
	}
	r.cfg.Progress(Progress{
		Source: source, Bytes: r.meter.read.Load(), Total: r.meter.total,
		Records: r.report.Records, AlreadyHere: r.report.Already,
	})
}

// stop reports whether err must end the whole ingest: the store refused or the
// caller gave up. Everything else is a problem of one input.
func stop(err error) bool {
	var refused *appendError
	return errors.As(err, &refused) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// appendError marks an error of the store, as opposed to one of the input.
type appendError struct{ err error }

func (e *appendError) Error() string { return e.err.Error() }
func (e *appendError) Unwrap() error { return e.err }
