package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

// Fault is what Verify found wrong first.
type Fault struct {
	Seq  uint64 // the entry; 0 where no single one is at fault
	Part string // "checkpoint", "entry", "tile", "root", "pin" or "cosigned checkpoint"
	Err  error
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Seq == 0 || f.Part != "entry" {
		return fmt.Sprintf("verify ledger: %s: %v", f.Part, f.Err)
	}
	return fmt.Sprintf("verify ledger: entry %d: %v", f.Seq, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Verify checks the published log: the checkpoint's signature, every stored
// entry against the hash tiles, every tile against the checkpoint, and the
// root recomputed from the entries alone. visit, unless nil, gets each sound
// manifest in order, before the root is known; its error ends the run and is
// returned as it is. What is wrong with the log is a *Fault. Entries that no
// checkpoint covers yet are not looked at; Flush first to include them.
func (l *Log) Verify(ctx context.Context, visit func(seq uint64, m proof.Manifest) error) error {
	return l.files.verify(ctx, l.key.verifier, visit)
}

// VerifyOffline is Verify for a ledger that nobody has open, or that Open
// refuses. It reads the published verifier key and never the signing key.
func VerifyOffline(
	ctx context.Context, dir string, visit func(seq uint64, m proof.Manifest) error,
) error {
	v, err := readVerifier(dir)
	if err != nil {
		return &Fault{Part: "checkpoint", Err: err}
	}
	return files(filepath.Join(dir, "log")).verify(ctx, v, visit)
}

func (d files) verify(
	ctx context.Context, v note.Verifier, visit func(uint64, proof.Manifest) error,
) error {
	c, _, err := d.checkpoint(v)
	if err != nil {
		return &Fault{Part: "checkpoint", Err: err}
	}
	run := verifyRun{d: d, size: c.Size, visit: visit}
	run.hashes = d.hashes(tlog.Tree{N: c.Size, Hash: c.Root})
	for n := uint64(0); int64(n)*layout.EntryBundleWidth < c.Size; n++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("verify ledger: %w", err)
		}
		if err := run.bundle(n); err != nil {
			return err
		}
	}
	if root := run.tree.root(); root != c.Root {
		return &Fault{Part: "root", Err: errors.Join(
			fmt.Errorf("the entries give %v, the checkpoint says %v", root, c.Root), run.tile)}
	}
	if err := d.checkWitnessed(v, c); err != nil {
		return err
	}
	if run.tile != nil {
		return &Fault{Part: "tile", Err: fmt.Errorf("the entries are sound, but: %w", run.tile)}
	}
	return nil
}

// verifyRun is the state of one run of verify.
type verifyRun struct {
	d      files
	size   int64
	hashes tlog.HashReader // authenticated by the checkpoint
	visit  func(uint64, proof.Manifest) error
	tree   frontier
	tile   error // first tile that does not lead to the checkpoint
}

func (r *verifyRun) bundle(n uint64) error {
	first := n * layout.EntryBundleWidth
	entries, readErr := r.d.bundle(n, r.size)
	want := r.leaves(first)
	for i, data := range entries {
		seq := first + uint64(i) + 1
		m, err := parseEntry(data, seq)
		if err != nil {
			return &Fault{Seq: seq, Part: "entry", Err: err}
		}
		leaf := tlog.RecordHash(data)
		if want != nil && leaf != want[i] {
			return &Fault{Seq: seq, Part: "entry", Err: errors.New("not what was sealed")}
		}
		r.tree.add(leaf)
		if r.visit != nil {
			if err := r.visit(seq, m); err != nil {
				return err
			}
		}
	}
	if readErr != nil {
		seq := first + uint64(len(entries)) + 1
		return &Fault{Seq: seq, Part: "entry", Err: readErr}
	}
	return nil
}

// leaves returns the authenticated leaf hashes of the bundle that starts at
// first; nil, with the reason kept, where the tiles do not give them.
func (r *verifyRun) leaves(first uint64) []proof.Hash {
	last := min(int64(first)+layout.EntryBundleWidth, r.size)
	var indexes []int64
	for i := int64(first); i < last; i++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, i))
	}
	hashes, err := r.hashes.ReadHashes(indexes)
	if err != nil {
		if r.tile == nil {
			r.tile = fmt.Errorf("hashes of entries %d to %d: %w", first+1, last, err)
		}
		return nil
	}
	return hashes
}

// frontier computes an RFC 6962 root leaf by leaf: it holds the roots of the
// perfect subtrees that the leaves so far fall into, largest first.
type frontier struct {
	n     uint64
	roots []proof.Hash
}

func (f *frontier) add(leaf proof.Hash) {
	for n := f.n; n&1 == 1; n >>= 1 {
		last := len(f.roots) - 1
		leaf = tlog.NodeHash(f.roots[last], leaf)
		f.roots = f.roots[:last]
	}
	f.roots = append(f.roots, leaf)
	f.n++
}

func (f *frontier) root() proof.Hash {
	if f.n == 0 {
		return proof.Root(nil)
	}
	root := f.roots[len(f.roots)-1]
	for i := len(f.roots) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.roots[i], root)
	}
	return root
}
