package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// Verification is the outcome of checking the whole store.
type Verification struct {
	Time       time.Time `json:"time"`
	OK         bool      `json:"ok"`
	Entries    uint64    `json:"entries"`
	Events     uint64    `json:"events"`
	Checkpoint string    `json:"checkpoint"`
	Failures   []Failure `json:"failures"`
	TookMS     int64     `json:"took_ms"`
	Witnessed  *Quorum   `json:"witnessed,omitempty"` // with a policy
	Seals      *Seals    `json:"source_seals,omitempty"`

	// What is gone by right, and rows that were compared by their file's hash
	// only, because an earlier mapping made them.
	Destroyed []Destruction `json:"destroyed,omitempty"`
	Underived int64         `json:"underived,omitempty"`

	// What is no alteration but ought to be looked at: clocks that disagree, sources that fell silent.
	Notices []Failure `json:"notices,omitempty"`
}

// Failure is one thing that is not as it was sealed.
type Failure struct {
	Class  string `json:"class"`  // what kind of alteration
	Where  string `json:"where"`  // record, entry or file
	Detail string `json:"detail"` // which check failed
}

// maxFailures bounds the report of a store that is broken all over.
const maxFailures = 1000

// verifier walks the store once: ledger, lake files, journal rest.
type verifier struct {
	n         *Node
	out       *Verification
	manifests map[uint64]proof.Manifest // sealed entries not seen in the stores yet
	progress  func(entries, total uint64)
	sealed    uint64 // last entry of the ledger when the check began
	through   uint64 // last entry of the lake files that were read
	total     uint64
	lawful    lawful
	foreign   []foreign // files that another mapping made
	clocks    clocks
	losses    map[string]Failure // by batch, or by entry where that is not known
}

// Verify recomputes every hash from the stored bytes: records to entry roots,
// entry roots to the ledger, the ledger to its signed checkpoint, and the
// files' own hashes. What does not fit is in Failures; an error means that the
// check could not be made.
func (n *Node) Verify(ctx context.Context, progress func(entries, total uint64)) (*Verification, error) {
	return n.VerifyAgainst(ctx, Outside{}, progress)
}

// VerifyAgainst is Verify that also holds the ledger against what somebody
// keeps outside the data folder.
func (n *Node) VerifyAgainst(
	ctx context.Context, outside Outside, progress func(entries, total uint64),
) (*Verification, error) {
	began := time.Now().UTC()
	v := &verifier{
		n: n, out: &Verification{Time: began, Failures: []Failure{}},
		manifests: make(map[uint64]proof.Manifest), progress: progress,
	}
	if v.progress == nil {
		v.progress = func(uint64, uint64) {}
	}
	defer n.lake.Pin()()
	for _, check := range []func(context.Context) error{
		v.ledger, outside.check(v), v.lake, v.journal, v.missing, v.gone,
		v.destroyed, v.mappings, v.skewed, v.silent, v.catalog, v.derived, v.edges,
	} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	v.out.OK = len(v.out.Failures) == 0
	v.out.TookMS = time.Since(began).Milliseconds()
	body, err := json.Marshal(v.out)
	if err != nil {
		return nil, fmt.Errorf("encode verification: %w", err)
	}
	err = n.state.PutVerification(ctx, began, v.out.OK, body)
	if err != nil && v.out.OK {
		return nil, err
	}
	return v.out, nil // what was found is told, also where it cannot be kept
}

func (v *verifier) fail(class, where, format string, args ...any) {
	if len(v.out.Failures) < maxFailures {
		v.out.Failures = append(v.out.Failures, Failure{class, where, fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) ledger(ctx context.Context) error {
	checkpoint, err := v.n.ledger.Checkpoint(ctx)
	if err != nil {
		v.fail("ledger", "checkpoint", "%v", err)
	}
	v.out.Checkpoint = string(checkpoint)
	err = v.n.ledger.Verify(ctx, func(seq uint64, m proof.Manifest) error {
		v.manifests[seq] = m
		v.sealed = max(v.sealed, seq)
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.fail("ledger", "log", "%v", err)
	}
	v.total = uint64(len(v.manifests))
	return nil
}

func (v *verifier) lake(ctx context.Context) error {
	snapshot, err := v.n.lake.Snapshot(ctx, time.Time{}, time.Time{})
	if err != nil {
		v.fail("lake", "table", "%v", err)
		return nil
	}
	v.through = snapshot.Through
	for _, file := range snapshot.Files {
		if err := v.file(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) file(ctx context.Context, file lake.File) error {
	hashes := v.n.lake.Verify(ctx, file)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v.changed(file, hashes)
	d := v.derivation(file)
	derive := v.derives(file, hashes)
	known := true
	for e, err := range v.n.lake.Entries(ctx, file) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.damaged(file.Originals, err)
			known = false
			continue
		}
		v.entry(e, file)
		d.tally.Entry(&file, e)
		if derive {
			d.expect(e)
		}
	}
	if !derive {
		return nil
	}
	return d.compare(ctx, known)
}

// damaged reports a part of a file that cannot be read at all, and the
// records in it.
func (v *verifier) damaged(path string, err error) {
	var damage *lake.DamageError
	if !errors.As(err, &damage) {
		v.fail("record", path, "%v", err)
		return
	}
	for seq := damage.First; seq <= damage.Last; seq++ {
		m, ok := v.manifests[seq]
		if !ok {
			continue
		}
		delete(v.manifests, seq)
		v.out.Entries++
		v.fail("record", fmt.Sprintf("records %d-0 to %d-%d", seq, seq, m.Count-1),
			"cannot be read back: %v", damage.Err)
	}
}

// entry compares one stored entry with what the ledger sealed.
func (v *verifier) entry(e *event.Entry, file lake.File) {
	v.out.Entries++
	v.out.Events += uint64(len(e.Records))
	v.progress(v.out.Entries, v.total)
	where := fmt.Sprintf("entry %d", e.Seq)
	sealed, ok := v.manifests[e.Seq]
	delete(v.manifests, e.Seq)
	v.brought(e)
	if l, lost := journal.LossOf(e); lost {
		other := ok && ledger.ManifestOf(e) != sealed
		if v.lost(e, l, other); other {
			return
		}
	}
	if !ok {
		if e.Seq <= v.sealed {
			v.fail("entry", where, "is stored, but the ledger has no such entry, or has it twice")
		}
		return // journaled, not under a checkpoint yet
	}
	v.lawful.note(e)
	v.clocks.arrived(v, e)
	v.noteSeals(e)
	got := ledger.ManifestOf(e)
	if erasedIn(e) {
		got.Bytes = sealed.Bytes // of records that are gone
	}
	if got == sealed {
		return
	}
	if got.Header != sealed.Header {
		v.fail("entry", where, "source, times or positions are not those that were sealed")
	}
	if got.Count != sealed.Count {
		v.fail("entry", where, "has %d records, %d were sealed", got.Count, sealed.Count)
	}
	if got.Root != sealed.Root {
		v.altered(e, file)
	}
}

// altered names the records whose bytes do not give the check value that is
// stored beside them. The values only locate; the proof is the root.
func (v *verifier) altered(e *event.Entry, file lake.File) {
	checks, err := v.n.lake.Checks(file, e.Seq)
	found := false
	for i := range e.Records {
		r := &e.Records[i]
		if err != nil || i >= len(checks) || checks[i] == lake.CheckOf(r.Salt, r.Raw) {
			continue
		}
		found = true
		v.fail("record", "record "+event.ID{Entry: e.Seq, Leaf: uint32(i)}.String(),
			"bytes are not those that were sealed (source %s, record %d)", e.Source, r.Position)
	}
	if !found {
		v.fail("record", fmt.Sprintf("records %d-0 to %d-%d", e.Seq, e.Seq, len(e.Records)-1),
			"do not give the Merkle root that was sealed")
	}
}

// journal checks the entries that the lake files read did not have. Some may
// have moved to the lake meanwhile; Entry finds them there.
func (v *verifier) journal(ctx context.Context) error {
	_, last, err := v.n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	for seq := v.through + 1; seq <= last; seq++ {
		e, err := v.n.Entry(ctx, seq)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			delete(v.manifests, seq)
			v.fail("record", fmt.Sprintf("entry %d", seq), "%v", err)
			continue
		}
		v.entry(e, lake.File{})
	}
	return nil
}

// missing reports the sealed entries that no store has.
func (v *verifier) missing(context.Context) error {
	for seq := uint64(1); len(v.manifests) > 0 && seq <= v.sealed; seq++ {
		m, ok := v.manifests[seq]
		if !ok {
			continue
		}
		delete(v.manifests, seq)
		v.fail("missing", fmt.Sprintf("entry %d, records %d-0 to %d-%d", seq, seq, seq, m.Count-1),
			"was sealed but is not stored any more")
	}
	return nil
}
