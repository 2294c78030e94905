package witness

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/internal/durable"
	"github.com/evident-sec/evident/proof"
)

// maxHistory bounds one file of the history, in bytes; the one before it is
// kept as well. It is read at the start.
const maxHistory = 2 << 20

// memory is what the witness knows of one log.
type memory struct {
	dir      string
	origin   string
	verifier note.Verifier

	mu     sync.Mutex // held while a request is judged, remembered and signed
	latest proof.Checkpoint
	at     time.Time
	roots  roots
}

// roots are those of the checkpoints in history.old and history, so that memory
// stays as bounded as the files are.
type roots struct{ older, newer map[int64]proof.Hash }

func (r *roots) empty() bool { return len(r.older)+len(r.newer) == 0 }

func (r *roots) at(size int64) (root proof.Hash, known bool) {
	if root, known = r.newer[size]; !known {
		root, known = r.older[size]
	}
	return root, known
}

// turn forgets the older half, as history.old is replaced.
func (r *roots) turn() { r.older, r.newer = r.newer, make(map[int64]proof.Hash) }

func openMemory(dir, origin string, verifier note.Verifier) (*memory, error) {
	id := sha256.Sum256([]byte(origin))
	m := &memory{
		dir: filepath.Join(dir, "logs", hex.EncodeToString(id[:8])), origin: origin, verifier: verifier,
		latest: proof.Checkpoint{Origin: origin, Root: proof.Root(nil)},
	}
	m.roots.turn()
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create witness memory: %w", err)
	}
	if err := errors.Join(durable.SyncDir(dir), durable.SyncDir(filepath.Dir(m.dir))); err != nil {
		return nil, fmt.Errorf("create witness memory: %w", err)
	}
	for _, name := range []string{"history.old", "history"} {
		m.roots.turn()
		if err := m.readHistory(name); err != nil {
			return nil, err
		}
	}
	signed, err := os.ReadFile(m.path("latest"))
	if errors.Is(err, fs.ErrNotExist) && m.roots.empty() {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read memory of %s: %w", origin, err)
	}
	if m.latest, err = proof.ParseCheckpoint(signed, note.VerifierList(verifier)); err != nil {
		return nil, fmt.Errorf("read memory of %s: %w", origin, err)
	}
	m.roots.newer[m.latest.Size] = m.latest.Root
	return m, nil
}

func (m *memory) path(name string) string { return filepath.Join(m.dir, name) }

// readHistory reads lines of time, size and root. A torn last line is skipped:
// history is not synced.
func (m *memory) readHistory(name string) error {
	f, err := os.Open(m.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read history of %s: %w", m.origin, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var stamp, root string
		var size int64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d %s", &stamp, &size, &root); err != nil {
			continue
		}
		if h, err := tlog.ParseHash(root); err == nil {
			m.roots.newer[size] = h
		}
		if at, err := time.Parse(time.RFC3339, stamp); err == nil {
			m.at = at
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read history of %s: %w", m.origin, err)
	}
	return nil
}

// read opens the request's checkpoint.
func (m *memory) read(request proof.AddCheckpoint) (proof.Checkpoint, *Refusal) {
	c, err := proof.ParseCheckpoint(request.Signed, note.VerifierList(m.verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return c, refuse(statusUnsigned, "the checkpoint is not signed by the log")
	case err != nil:
		return c, refuse(statusMalformed, "%v", err)
	case request.Old > c.Size:
		return c, refuse(statusMalformed, "the old size %d is above the checkpoint's %d",
			request.Old, c.Size)
	}
	return c, nil
}

// judge compares a signed checkpoint with what was cosigned before. kind names
// the alarm where the log's history does not hold; the caller holds m.mu.
func (m *memory) judge(request proof.AddCheckpoint, c proof.Checkpoint) (_ *Refusal, kind string) {
	root, known := m.roots.at(c.Size)
	switch {
	case known && root != c.Root:
		kind = alarmFork
	case !known && c.Size < m.latest.Size:
		kind = alarmRollback
	}
	if request.Old != m.latest.Size {
		r := refuse(statusConflict, "the old size is %d, cosigned last was %d",
			request.Old, m.latest.Size)
		r.Size = m.latest.Size
		return r, kind
	}
	if c.Size == m.latest.Size && c.Root != m.latest.Root {
		return refuse(statusConflict, "another root was cosigned at size %d", c.Size), alarmFork
	}
	err := proof.VerifyConsistency(m.latest.Size, m.latest.Root, c.Size, c.Root, request.Path)
	if err != nil {
		return refuse(statusInconsistent, "%v", err), alarmInconsistent
	}
	return nil, ""
}

// remember puts the checkpoint on disk; the caller holds m.mu and has judged it.
func (m *memory) remember(c proof.Checkpoint, signed []byte, now time.Time) error {
	if c == m.latest && !m.roots.empty() {
		return nil
	}
	if err := durable.Write(m.path("latest"), signed, 0o600); err != nil {
		return fmt.Errorf("remember checkpoint: %w", err)
	}
	m.latest, m.at = c, now.UTC().Truncate(time.Second)
	// What history lacks after a crash makes an alarm more likely, never less.
	if err := m.addHistory(c); err != nil {
		return fmt.Errorf("remember checkpoint: %w", err)
	}
	return nil
}

func (m *memory) addHistory(c proof.Checkpoint) error {
	if info, err := os.Stat(m.path("history")); err == nil && info.Size() > maxHistory {
		if err := os.Rename(m.path("history"), m.path("history.old")); err != nil {
			return fmt.Errorf("turn history over: %w", err)
		}
		m.roots.turn()
	}
	m.roots.newer[c.Size] = c.Root
	f, err := os.OpenFile(m.path("history"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open history: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s %d %s\n", m.at.Format(time.RFC3339), c.Size, c.Root)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func (m *memory) status() Seen {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Seen{Origin: m.origin, Size: m.latest.Size, Root: m.latest.Root.String(), Time: m.at}
}
