package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/replay"
)

// openJournal opens the journal last: if it was lost, its numbers have to go on
// behind what the others have, and what the lake lacks has to be in it.
func (n *Node) openJournal(ctx context.Context) (err error) {
	n.journal, err = journal.Open(ctx, journal.Config{
		Dir: filepath.Join(n.cfg.Dir, "journal"), Log: n.cfg.Log, AcceptLoss: n.cfg.AcceptLoss,
		FirstSeq: max(n.ledger.Next(), n.lake.Watermark()+1), Need: n.lake.Watermark() + 1,
	})
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	n.onClose(n.journal.Close)
	return nil
}

// replay reads entries wherever they lie.
func (n *Node) replay() replay.Reader {
	return replay.Reader{Journal: n.journal, Lake: n.lake, Lost: n.forgetBatch}
}

// loadKnown collects the batches that need not be ingested again: those in the
// state and those that the state has not seen yet, but none that is lost.
func (n *Node) loadKnown(ctx context.Context) error {
	n.known = make(map[event.BatchID]uint64)
	if n.cfg.Frozen {
		return nil // nothing is taken, and damage is for Verify to name
	}
	for _, l := range n.journal.Losses() {
		if err := n.forgetBatch(ctx, l.Entry); err != nil {
			return err
		}
	}
	var err error
	if n.known, err = n.state.Batches(ctx); err != nil {
		return err
	}
	through, err := n.state.Through(ctx)
	if err != nil {
		return err
	}
	first, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	r := n.replay()
	for e, err := range r.Sealed(ctx, through+1, first) {
		if err != nil {
			return err
		}
		n.known[e.Batch] = e.Seq
	}
	for seq := max(through+1, first); seq <= last; seq++ {
		e, err := r.Entry(ctx, seq)
		var damaged *journal.DamageError
		if errors.As(err, &damaged) {
			continue // the pipeline sets it aside
		}
		if err != nil {
			return fmt.Errorf("read journal entry %d: %w", seq, err)
		}
		n.known[e.Batch] = e.Seq
	}
	return nil
}

func (n *Node) isKnown(id event.BatchID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, known := n.known[id]
	return known
}

// forgetBatch makes what a lost entry held count as never taken, so that its
// source, sent again, brings it.
func (n *Node) forgetBatch(ctx context.Context, seq uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, entry := range n.known {
		if entry == seq {
			delete(n.known, id)
		}
	}
	return n.state.ForgetBatch(ctx, seq)
}

// Losses returns what is lost of the entries that the journal still holds.
func (n *Node) Losses() []journal.Loss { return n.journal.Losses() }

// lost names an entry that stands for a lost one. One that was sealed before it
// was lost has another manifest in the ledger.
func (v *verifier) lost(e *event.Entry, l journal.Loss, sealed bool) {
	text := l.Sentence()
	if sealed {
		text += "; it was sealed before"
	}
	if v.losses == nil {
		v.losses = make(map[string]Failure)
	}
	key := l.Batch
	if key == "" {
		key = fmt.Sprint(e.Seq)
	}
	v.losses[key] = Failure{"lost", fmt.Sprintf("entry %d", e.Seq), text}
}

// brought notes a later entry that holds the records of a lost one.
func (v *verifier) brought(e *event.Entry) {
	if len(v.losses) == 0 {
		return
	}
	if f, ok := v.losses[e.Batch.String()]; ok {
		delete(v.losses, e.Batch.String())
		f.Detail = fmt.Sprintf("was lost in the journal; entry %d holds its records, sent again", e.Seq)
		v.out.Notices = append(v.out.Notices, f)
	}
}

// gone reports the losses that nobody made good.
func (v *verifier) gone(context.Context) error {
	for _, key := range slices.SortedFunc(maps.Keys(v.losses), func(a, b string) int {
		return strings.Compare(v.losses[a].Where, v.losses[b].Where)
	}) {
		f := v.losses[key]
		v.fail(f.Class, f.Where, "%s", f.Detail)
	}
	return nil
}
