package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/internal/durable"
	"github.com/evident-sec/evident/proof"
)

const (
	witnessedPath  = "checkpoint.witnessed"
	askTimeout     = 5 * time.Second        // for one witness's answer
	roundTimeout   = 2 * time.Second        // then a newer checkpoint is shown to those who answer
	roundGrace     = 200 * time.Millisecond // for the others once there is a quorum
	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 10 * time.Second
)

// cosigner shows each published checkpoint to the witnesses and keeps the
// newest one that a quorum cosigned beside the plain one. It runs behind the
// sealing: a witness that is slow or gone delays neither checkpoints nor
// entries.
type cosigner struct {
	files    files
	verifier note.Verifier
	policy   *proof.Policy
	client   *http.Client
	log      *slog.Logger
	interval time.Duration
	done     chan struct{}

	mu        sync.Mutex
	witnesses []*witness // as in the policy
	round     *round     // the newest
	head      proof.Head // newest with a quorum
	kept      time.Time  // since when, or when asking began
}

// witness is what the log knows of one of its witnesses; the cosigner's mutex
// guards it.
type witness struct {
	WitnessState
	endpoint string
	busy     bool
	backoff  time.Duration
	next     time.Time // not asked before
}

// WitnessState says how one witness fares.
type WitnessState struct {
	Name    string    `json:"name"`
	URL     string    `json:"url"`
	Size    int64     `json:"size"`              // entries under the checkpoint it cosigned last
	Time    time.Time `json:"time"`              // by its clock
	Trouble string    `json:"trouble,omitempty"` // why it gave no cosignature, empty once it does
	// Alarm says that the witness contradicts this ledger: it remembers another
	// history, or a longer one.
	Alarm bool `json:"alarm"`
}

// Witnessing says what the witnesses have cosigned.
type Witnessing struct {
	Size      int64          `json:"size"` // entries under the newest checkpoint with a quorum
	Time      time.Time      `json:"time"` // when the last of its cosignatures was made
	Kept      time.Time      `json:"kept"` // when it was kept, or asking began, by this machine's clock
	Witnesses []WitnessState `json:"witnesses"`
}

// round is one checkpoint on its way to the witnesses.
type round struct {
	signed []byte
	tree   proof.Checkpoint
	lines  map[string]string // signature lines by the witness's name in the policy
}

func newCosigner(l *Log, cfg Config) (*cosigner, error) {
	c := &cosigner{
		files: l.files, verifier: l.key.verifier, policy: cfg.Witnesses, client: cfg.Client,
		log: cfg.Log, interval: l.interval, done: make(chan struct{}), kept: time.Now().UTC(),
	}
	if c.client == nil {
		c.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	ours := func(log proof.PolicyLog) bool { return log.Key == l.key.public }
	if logs := c.policy.Logs; len(logs) > 0 && !slices.ContainsFunc(logs, ours) {
		return nil, fmt.Errorf("read witness policy: it does not name this ledger's key %s", l.key.public)
	}
	if len(c.policy.Logs) == 0 {
		policy := *c.policy
		if err := policy.AddLog(l.key.public); err != nil {
			return nil, fmt.Errorf("read witness policy: %w", err)
		}
		c.policy = &policy
	}
	for _, w := range c.policy.Witnesses {
		u, err := url.Parse(w.URL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("read witness policy: witness %s has no http or https URL", w.Name)
		}
		c.witnesses = append(c.witnesses, &witness{
			WitnessState: WitnessState{Name: w.Name, URL: w.URL},
			endpoint:     u.JoinPath("add-checkpoint").String(),
		})
	}
	c.recall()
	return c, nil
}

// recall takes up what an earlier process got.
func (c *cosigner) recall() {
	signed, err := c.files.read(witnessedPath, maxSmallBytes)
	if err != nil {
		return
	}
	head, err := c.policy.Open(signed)
	if err != nil {
		c.log.Warn("the stored cosignatures are no quorum under this policy", "error", err)
		return
	}
	c.head = head
	c.round = &round{
		signed: withoutCosignatures(signed, head), tree: head.Checkpoint, lines: map[string]string{},
	}
	for _, sig := range head.Cosigned {
		c.round.lines[sig.Witness] = sig.Line
		for _, w := range c.witnesses {
			if w.Name == sig.Witness {
				w.Size, w.Time = head.Size, sig.Time
			}
		}
	}
}

// withoutCosignatures takes the lines of the witnesses off a checkpoint.
func withoutCosignatures(signed []byte, head proof.Head) []byte {
	text := string(signed)
	for _, sig := range head.Cosigned {
		text = strings.Replace(text, sig.Line, "", 1)
	}
	return []byte(text)
}

// run shows checkpoints to the witnesses until ctx ends.
func (c *cosigner) run(ctx context.Context) {
	defer close(c.done)
	tick := time.NewTicker(c.interval)
	defer tick.Stop()
	for {
		c.show(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// show asks every witness that is free for its cosignature of the current
// checkpoint and waits for a quorum, all answers or roundTimeout.
func (c *cosigner) show(ctx context.Context) {
	tree, signed, err := c.files.checkpoint(c.verifier)
	if err != nil {
		return // none yet, or the disk is in trouble: the sealing says so
	}
	c.mu.Lock()
	if c.round == nil || string(c.round.signed) != string(signed) {
		c.round = &round{signed: signed, tree: tree, lines: map[string]string{}}
	}
	r := c.round
	var asked []*witness
	for _, w := range c.witnesses {
		if !w.busy && r.lines[w.Name] == "" && !time.Now().Before(w.next) {
			w.busy = true
			asked = append(asked, w)
		}
	}
	c.mu.Unlock()
	answers := make(chan bool, len(asked))
	for _, w := range asked {
		go func() { answers <- c.ask(ctx, w, r) }()
	}
	limit := time.NewTimer(roundTimeout)
	defer limit.Stop()
	for range asked {
		select {
		case quorum := <-answers:
			if quorum {
				limit.Reset(roundGrace)
			}
		case <-limit.C:
			return
		}
	}
}

// ask asks one witness and takes its answer; it reports whether the round has
// a quorum.
func (c *cosigner) ask(ctx context.Context, w *witness, r *round) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c.mu.Lock()
	old := w.Size
	c.mu.Unlock()
	sig, err := c.request(ctx, w, r, old)
	c.mu.Lock()
	defer c.mu.Unlock()
	w.busy = false
	if err != nil {
		c.troubled(w, err)
		return false
	}
	if w.Trouble != "" {
		c.log.Info("witness cosigns again", "witness", w.Name)
	}
	w.Size, w.Time, w.Trouble, w.Alarm, w.backoff = r.tree.Size, sig.Time, "", false, 0
	r.lines[w.Name] = sig.Line
	return c.publish(r)
}

// troubled notes why a witness gave nothing; the caller holds c.mu.
func (c *cosigner) troubled(w *witness, err error) {
	if errors.Is(err, context.Canceled) {
		return // the ledger closes
	}
	w.backoff = min(max(2*w.backoff, firstBackoff), longestBackoff)
	w.next = time.Now().Add(w.backoff)
	contradicts := isContradiction(err)
	if text := err.Error(); w.Trouble == "" || w.Alarm != contradicts {
		if contradicts {
			c.log.Error("ALARM: a witness contradicts this ledger", "witness", w.Name, "error", text)
		} else {
			c.log.Warn("no cosignature", "witness", w.Name, "error", text)
		}
	}
	w.Trouble, w.Alarm = err.Error(), contradicts
}

// publish writes the checkpoint with its cosignatures once they are a quorum;
// the caller holds c.mu.
func (c *cosigner) publish(r *round) bool {
	text := slices.Clone(r.signed)
	for _, w := range c.witnesses {
		text = append(text, r.lines[w.Name]...)
	}
	head, err := c.policy.Open(text)
	if err != nil {
		return false
	}
	if head.Size < c.head.Size {
		return true
	}
	if err := durable.Write(filepath.Join(string(c.files), witnessedPath), text, 0o644); err != nil {
		c.log.Error("cannot keep the cosigned checkpoint", "error", err)
		return false
	}
	c.head, c.kept = head, time.Now().UTC()
	return true
}

// settle waits a moment for the witnesses to cosign the last checkpoint, unless
// all of them are in trouble.
func (c *cosigner) settle(ctx context.Context, size int64) {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	for {
		status, waiting := c.status(), false
		for _, w := range status.Witnesses {
			waiting = waiting || w.Trouble == ""
		}
		if !waiting || status.Size >= size {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.interval / 10):
		}
	}
}

func (c *cosigner) status() Witnessing {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Witnessing{Size: c.head.Size, Kept: c.kept, Witnesses: []WitnessState{}}
	for _, sig := range c.head.Cosigned {
		if sig.Time.After(out.Time) {
			out.Time = sig.Time
		}
	}
	for _, w := range c.witnesses {
		out.Witnesses = append(out.Witnesses, w.WitnessState)
	}
	return out
}

// Witnessing says what the witnesses have cosigned; false where none are
// configured.
func (l *Log) Witnessing() (Witnessing, bool) {
	if l.cosigner == nil {
		return Witnessing{}, false
	}
	return l.cosigner.status(), true
}

// Cosigned returns who of the configured witnesses cosigned a checkpoint, and
// whether that is a quorum.
func (l *Log) Cosigned(signed []byte) (by []proof.Cosignature, quorum bool) {
	if l.cosigner == nil {
		return nil, false
	}
	head, err := l.cosigner.policy.OpenUnwitnessed(signed)
	if err != nil {
		return nil, false
	}
	return head.Cosigned, l.cosigner.policy.Quorum() && l.cosigner.policy.Satisfied(head)
}

// witnessed reads the checkpoint that a quorum cosigned last. Whose quorum is
// for the reader's policy to say; only the log's own signature is checked.
func (d files) witnessed(v note.Verifier) (proof.Checkpoint, []byte, error) {
	signed, err := d.read(witnessedPath, maxSmallBytes)
	if err != nil {
		return proof.Checkpoint{}, nil, err
	}
	c, err := proof.ParseCheckpoint(signed, note.VerifierList(v))
	return c, signed, err
}
