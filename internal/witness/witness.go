package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/proof"
)

// Config says where a witness lives and which logs it knows.
type Config struct {
	Dir  string
	Name string           // of a new key, by convention a URL without scheme; empty: a random one
	Logs []string         // verifier keys of the logs it cosigns
	Now  func() time.Time // nil: the system's clock
	Log  *slog.Logger     // nil discards
}

// Witness is an open witness. Its methods may be called concurrently.
type Witness struct {
	cfg  Config
	key  *proof.Cosigner
	lock *os.File
	logs map[string]*memory // by origin

	mu     sync.Mutex
	counts map[string]uint64 // requests by what came of them
	alarms int               // files in DIR/alarms
	raised map[string]bool   // files of alarms that were logged in this run
}

// Open opens or creates the witness in cfg.Dir.
func Open(cfg Config) (*Witness, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	w := &Witness{cfg: cfg, logs: make(map[string]*memory), counts: make(map[string]uint64)}
	w.raised = make(map[string]bool)
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create witness folder: %w", err)
	}
	if err := w.takeLock(); err != nil {
		return nil, err
	}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Witness) takeLock() (err error) {
	w.lock, err = os.OpenFile(filepath.Join(w.cfg.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open witness: %w", err)
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		w.lock.Close()
		return fmt.Errorf("open witness: another process uses %s: %w", w.cfg.Dir, err)
	}
	return nil
}

func (w *Witness) open() (err error) {
	verifiers := make(map[string]note.Verifier)
	for _, key := range w.cfg.Logs { // before anything is created
		if _, err := proof.KeyPolicy(key); err != nil {
			return fmt.Errorf("read log key: %w", err)
		}
		v, err := note.NewVerifier(key)
		if err != nil {
			return fmt.Errorf("read log key: %w", err)
		}
		if verifiers[v.Name()] != nil {
			return fmt.Errorf("open witness: there are two keys for the log %s", v.Name())
		}
		verifiers[v.Name()] = v
	}
	if w.key, err = openKey(w.cfg.Dir, w.cfg.Name); err != nil {
		return err
	}
	for origin, v := range verifiers {
		if w.logs[origin], err = openMemory(w.cfg.Dir, origin, v); err != nil {
			return err
		}
	}
	w.alarms, err = countAlarms(w.cfg.Dir)
	return err
}

// Close gives the folder back.
func (w *Witness) Close() error {
	if err := w.lock.Close(); err != nil {
		return fmt.Errorf("close witness: %w", err)
	}
	return nil
}

// Key returns the witness's verifier key, to be put in a policy.
func (w *Witness) Key() string { return w.key.Key() }

// Seen is what a witness remembers of one log.
type Seen struct {
	Origin string
	Size   int64     // entries under the checkpoint cosigned last; 0 for none
	Root   string    // base64
	Time   time.Time // when it was first cosigned; zero where that is not known
}

// Logs returns what is remembered, by origin.
func (w *Witness) Logs() []Seen {
	out := make([]Seen, 0, len(w.logs))
	for _, m := range w.logs {
		out = append(out, m.status())
	}
	slices.SortFunc(out, func(a, b Seen) int {
		if a.Origin < b.Origin {
			return -1
		}
		return 1
	})
	return out
}

// Refusal is why a checkpoint is not cosigned: the error of Cosign.
type Refusal struct {
	Status int   // of HTTP, as tlog-witness wants it
	Size   int64 // cosigned last, where the old size was wrong; else -1
	Reason string
}

// Error implements error.
func (r *Refusal) Error() string { return "cosign checkpoint: " + r.Reason }

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Size: -1, Reason: fmt.Sprintf(format, args...)}
}

// Statuses of refusals.
const (
	statusMalformed    = 400
	statusUnsigned     = 403
	statusUnknownLog   = 404
	statusConflict     = 409
	statusInconsistent = 422
)

// Cosign answers one add-checkpoint request: the signature line, or a *Refusal;
// any other error means that the witness cannot write its memory.
func (w *Witness) Cosign(ctx context.Context, body []byte) (line string, err error) {
	request, err := proof.ParseAddCheckpoint(body)
	if err != nil {
		return "", refuse(statusMalformed, "%v", err)
	}
	m := w.logs[request.Origin()]
	if m == nil {
		return "", refuse(statusUnknownLog, "the log is not known here")
	}
	c, refusal := m.read(request)
	if refusal != nil {
		return "", refusal
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil { // the log has given up and asks anew
		return "", fmt.Errorf("cosign checkpoint: %w", err)
	}
	if refusal, kind := m.judge(request, c); refusal != nil {
		return "", errors.Join(refusal, w.alarm(kind, m, c, body))
	}
	now := w.cfg.Now()
	if err := m.remember(c, request.Signed, now); err != nil {
		return "", err
	}
	return w.key.Cosign(c.Text(), now), nil
}
