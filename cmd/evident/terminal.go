package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/evident-sec/evident/internal/printable"
)

// plain makes text from a log safe for a terminal.
func plain(s string) string { return printable.Text(s) }

// plainJSON escapes what JSON lets through and a terminal may obey.
func plainJSON(body []byte) []byte { return printable.JSON(body) }

// jsonLine prints one JSON object on one line.
func jsonLine(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	if _, err := w.Write(append(plainJSON(body), '\n')); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// bar shows how far long work is: a bar on a terminal, otherwise a line every
// ten seconds.
type bar struct {
	mu       sync.Mutex // several goroutines may work on what it shows
	out      io.Writer
	terminal bool
	label    string
	began    time.Time
	printed  time.Time
	drawn    bool
}

func newBar(out io.Writer, label string) *bar {
	f, ok := out.(*os.File)
	now := time.Now()
	return &bar{
		out: out, label: label, began: now, printed: now,
		terminal: ok && term.IsTerminal(int(f.Fd())),
	}
}

// set shows that done of total is reached; total 0 means unknown. note says
// what else is worth knowing, e.g. a rate.
func (b *bar) set(done, total int64, note string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	every := 10 * time.Second
	if b.terminal {
		every = 100 * time.Millisecond
	}
	if now := time.Now(); now.Sub(b.printed) >= every {
		b.printed = now
		b.draw(done, total, note)
	}
}

func (b *bar) draw(done, total int64, note string) {
	share := ""
	if total > 0 {
		share = fmt.Sprintf("%3d%% ", min(100, done*100/total))
	}
	if !b.terminal {
		fmt.Fprintf(b.out, "%s: %s%s\n", b.label, share, plain(note))
		return
	}
	graph := ""
	if total > 0 {
		full := int(min(24, done*24/total))
		graph = "[" + strings.Repeat("#", full) + strings.Repeat(".", 24-full) + "] "
	}
	fmt.Fprintf(b.out, "\r\x1b[K%s %s%s%s", b.label, graph, share, plain(note))
	b.drawn = true
}

// clear takes the bar away, so that lines can be printed where it was.
func (b *bar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		fmt.Fprint(b.out, "\r\x1b[K")
		b.drawn = false
	}
}

// end clears the bar and prints the closing line.
func (b *bar) end(format string, args ...any) {
	b.clear()
	fmt.Fprintf(b.out, "%s: %s\n", b.label, plain(fmt.Sprintf(format, args...)))
}
