package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/durable"
	"github.com/evident-sec/evident/proof"
)

// What an alarm is about.
const (
	alarmFork         = "fork"         // two roots at one size, both signed: proof by itself
	alarmInconsistent = "inconsistent" // no proof that the checkpoint continues the last one
	alarmRollback     = "rollback"     // a smaller checkpoint that was never cosigned here
)

// maxAlarms bounds the files that a log gone wrong can make.
const maxAlarms = 1000

// alarm raises one where kind is set: a line in the log and, once for each
// checkpoint, a file with both checkpoints and the request.
func (w *Witness) alarm(kind string, m *memory, c proof.Checkpoint, body []byte) error {
	if kind == "" {
		return nil
	}
	id := sha256.Sum256([]byte(kind + "\n" + c.Text()))
	dir := filepath.Join(w.cfg.Dir, "alarms")
	name := fmt.Sprintf("%s-%d-%s.txt", kind, c.Size, hex.EncodeToString(id[:4]))
	path := filepath.Join(dir, name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts["alarm_"+kind]++
	if w.raised[path] || len(w.raised) >= maxAlarms {
		return nil
	}
	w.raised[path] = true
	w.cfg.Log.Error("ALARM: the log contradicts what it showed before", "kind", kind, "origin", m.origin,
		"size", c.Size, "root", c.Root.String(), "cosigned_size", m.latest.Size,
		"cosigned_root", m.latest.Root.String(), "file", path)
	if _, err := os.Stat(path); err == nil {
		return nil // from before a restart
	}
	w.alarms++
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write alarm: %w", err)
	}
	if err := durable.Write(path, w.evidence(kind, m, c, body), 0o600); err != nil {
		return fmt.Errorf("write alarm: %w", err)
	}
	return nil
}

// evidence is the text of an alarm's file.
func (w *Witness) evidence(kind string, m *memory, c proof.Checkpoint, body []byte) []byte {
	latest, _ := os.ReadFile(m.path("latest"))
	var b strings.Builder
	fmt.Fprintf(&b, "kind %s\ntime %s\nwitness %s\n\n", kind,
		w.cfg.Now().UTC().Format(time.RFC3339), w.key.Name())
	if root, ok := m.roots.at(c.Size); ok && root != c.Root {
		fmt.Fprintf(&b, "== root cosigned at size %d\n%s\n\n", c.Size, root)
	}
	fmt.Fprintf(&b, "== cosigned last\n%s\n== request\n%s", latest, body)
	return []byte(b.String())
}

func countAlarms(dir string) (int, error) {
	files, err := os.ReadDir(filepath.Join(dir, "alarms"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read alarms: %w", err)
	}
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".txt") {
			n++
		}
	}
	return n, nil
}

// Alarms returns how many alarms there are. Each is a file in DIR/alarms; who
// has dealt with one moves it away before the next start.
func (w *Witness) Alarms() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alarms
}
