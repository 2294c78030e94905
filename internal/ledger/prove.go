package ledger

import (
	"context"
	"fmt"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

// Manifest returns the stored manifest of the entry; ErrNotSealed where the
// log does not hold it. It is not checked against the tree: Prove does that.
func (l *Log) Manifest(_ context.Context, seq uint64) (proof.Manifest, error) {
	state, err := l.files.treeState()
	if err != nil {
		return proof.Manifest{}, fmt.Errorf("read ledger: %w", err)
	}
	return l.files.manifest(seq, state.N)
}

// Prove returns the entry's manifest with its audit path in the log and the
// signed checkpoint that covers it: what a proof.RecordProof needs besides the
// record. It is the newest one that a quorum of witnesses cosigned where that
// covers the entry, else the newest. The path is checked before it is returned; ErrTampered where the
// stored entry or the tiles do not lead to the checkpoint.
func (l *Log) Prove(_ context.Context, seq uint64) (
	m proof.Manifest, index int64, path []proof.Hash, checkpoint []byte, err error,
) {
	c, checkpoint, err := l.files.witnessed(l.key.verifier)
	if err != nil || seq > uint64(c.Size) {
		c, checkpoint, err = l.files.checkpoint(l.key.verifier)
	}
	if err != nil {
		return m, 0, nil, nil, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	if m, err = l.files.manifest(seq, c.Size); err != nil {
		return m, 0, nil, nil, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	index = int64(seq - 1)
	path, err = tlog.ProveRecord(c.Size, index, l.files.hashes(tlog.Tree{N: c.Size, Hash: c.Root}))
	if err == nil {
		err = proof.VerifyPath(m.LogHash(), index, c.Size, path, c.Root)
	}
	if err != nil {
		return m, 0, nil, nil, fmt.Errorf("prove entry %d: %w: %w", seq, ErrTampered, err)
	}
	return m, index, path, checkpoint, nil
}

// manifest reads the manifest of one entry of a log of the given size.
func (d files) manifest(seq uint64, size int64) (proof.Manifest, error) {
	if seq == 0 || seq > uint64(size) {
		return proof.Manifest{}, fmt.Errorf("%w: %d, the log holds %d", ErrNotSealed, seq, size)
	}
	bundle := (seq - 1) / layout.EntryBundleWidth
	entries, err := d.bundle(bundle, size)
	at := (seq - 1) % layout.EntryBundleWidth
	if uint64(len(entries)) <= at {
		return proof.Manifest{}, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	return parseEntry(entries[at], seq)
}

// bundle reads the entries of a bundle of a log of the given size. With an
// error it returns those before the first that cannot be read.
func (d files) bundle(n uint64, size int64) ([][]byte, error) {
	width := layout.PartialTileSize(0, n, uint64(size))
	want := int(width)
	if width == 0 {
		want = layout.EntryBundleWidth
	}
	path := func(p uint8) string { return layout.EntriesPath(n, p) }
	data, err := d.readPartial(path, width, maxBundleBytes)
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	entries := make([][]byte, 0, want)
	for len(entries) < want {
		// Each entry follows its length: 2 bytes, big endian.
		if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
			return entries, fmt.Errorf("read entries: %s is truncated", path(width))
		}
		end := 2 + int(data[0])<<8 + int(data[1])
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries, nil
}

func parseEntry(data []byte, seq uint64) (proof.Manifest, error) {
	m, err := proof.ParseManifest(data)
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	if m.Seq != seq {
		return m, fmt.Errorf("%w: entry %d stands where %d belongs", ErrTampered, m.Seq, seq)
	}
	return m, nil
}
