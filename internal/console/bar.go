package console

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Bar shows how far long work is: a bar on a terminal, otherwise a line every
// ten seconds.
type Bar struct {
	mu       sync.Mutex // several goroutines may work on what it shows
	out      io.Writer
	terminal bool
	label    string
	began    time.Time
	printed  time.Time
	drawn    bool
}

// NewBar starts a bar on out; label names the work.
func NewBar(out io.Writer, label string) *Bar {
	f, ok := out.(*os.File)
	now := time.Now()
	return &Bar{
		out: out, label: label, began: now, printed: now,
		terminal: ok && term.IsTerminal(int(f.Fd())),
	}
}

// Began is when the work began.
func (b *Bar) Began() time.Time { return b.began }

// Set shows that done of total is reached; total 0 means unknown. note says
// what else is worth knowing, e.g. a rate.
func (b *Bar) Set(done, total int64, note string) {
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

func (b *Bar) draw(done, total int64, note string) {
	share := ""
	if total > 0 {
		share = fmt.Sprintf("%3d%% ", min(100, done*100/total))
	}
	if !b.terminal {
		fmt.Fprintf(b.out, "%s: %s%s\n", b.label, share, Plain(note))
		return
	}
	graph := ""
	if total > 0 {
		full := int(min(24, done*24/total))
		graph = "[" + strings.Repeat("#", full) + strings.Repeat(".", 24-full) + "] "
	}
	fmt.Fprintf(b.out, "\r\x1b[K%s %s%s%s", b.label, graph, share, Plain(note))
	b.drawn = true
}

// Clear takes the bar away, so that lines can be printed where it was.
func (b *Bar) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		fmt.Fprint(b.out, "\r\x1b[K")
		b.drawn = false
	}
}

// End clears the bar and prints the closing line.
func (b *Bar) End(format string, args ...any) {
	b.Clear()
	fmt.Fprintf(b.out, "%s: %s\n", b.label, Plain(fmt.Sprintf(format, args...)))
}
