package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

const (
	treeStatePath = ".state/treeState"
	// Upper bounds of what a file may hold, so that a planted one cannot fill
	// the memory: a bundle of 256 entries of 64 KiB, a tile of 256 hashes.
	maxBundleBytes = layout.EntryBundleWidth * (2 + 1<<16)
	maxTileBytes   = layout.TileWidth * tlog.HashSize
	maxSmallBytes  = 64 << 10
)

// files is the folder of the log in the layout of C2SP tlog-tiles. Its methods
// only read, and trust nothing they read.
type files string

func (d files) read(name string, limit int) ([]byte, error) {
	f, err := os.Open(filepath.Join(string(d), filepath.FromSlash(name)))
	if err != nil {
		return nil, err //nolint:wrapcheck // a *PathError names the file
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("read %s: longer than %d bytes", name, limit)
	}
	return data, nil
}

// readPartial reads a tile or bundle of the width, which may be found in the
// full one once the log has grown past it.
func (d files) readPartial(path func(p uint8) string, width uint8, limit int) ([]byte, error) {
	data, err := d.read(path(width), limit)
	if width > 0 && errors.Is(err, fs.ErrNotExist) {
		return d.read(path(0), limit)
	}
	return data, err
}

// empty reports whether no log was ever started here.
func (d files) empty() bool {
	for _, name := range []string{treeStatePath, layout.CheckpointPath, "tile"} {
		if _, err := os.Lstat(filepath.Join(string(d), name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// checkpoint reads and opens the published checkpoint.
func (d files) checkpoint(v note.Verifier) (proof.Checkpoint, []byte, error) {
	signed, err := d.read(layout.CheckpointPath, maxSmallBytes)
	if err != nil {
		return proof.Checkpoint{}, nil, fmt.Errorf("read checkpoint: %w", err)
	}
	c, err := proof.ParseCheckpoint(signed, note.VerifierList(v))
	return c, signed, err
}

// treeState reads what Tessera holds to be the integrated tree.
func (d files) treeState() (tlog.Tree, error) {
	text, err := d.read(treeStatePath, maxSmallBytes)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("read tree state: %w", err)
	}
	var state struct {
		Size int64  `json:"size"`
		Root []byte `json:"root"`
	}
	err = json.Unmarshal(text, &state)
	if err != nil || len(state.Root) != tlog.HashSize || state.Size < 0 || state.Size > proof.MaxTreeSize {
		return tlog.Tree{}, errors.New("parse tree state: not a size and a root")
	}
	return tlog.Tree{N: state.Size, Hash: tlog.Hash(state.Root)}, nil
}

// checkState checks that checkpoint, tree state and tiles are of one log, so
// that nothing is signed on top of changed files.
func (d files) checkState(v note.Verifier) error {
	if d.empty() {
		return nil
	}
	state, err := d.treeState()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
	c, _, err := d.checkpoint(v)
	if errors.Is(err, fs.ErrNotExist) && state.N == 0 {
		return nil // killed before the first checkpoint
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
	if c.Size > state.N {
		return fmt.Errorf("%w: checkpoint of %d entries, tree of %d", ErrTampered, c.Size, state.N)
	}
	wants := []tlog.Tree{state, {N: c.Size, Hash: c.Root}}
	w, _, err := d.witnessed(v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("%w: cosigned checkpoint: %w", ErrTampered, err)
	case w.Size > state.N:
		return fmt.Errorf("%w: witnesses cosigned %d entries, the log has %d", ErrTampered, w.Size, state.N)
	default:
		wants = append(wants, tlog.Tree{N: w.Size, Hash: w.Root})
	}
	for _, want := range wants {
		root, err := d.root(state, want.N)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTampered, err)
		}
		if root != want.Hash {
			return fmt.Errorf("%w: the first %d entries have another root", ErrTampered, want.N)
		}
	}
	return nil
}

// root returns the root of the first n entries, from tiles that are
// authenticated by tree.
func (d files) root(tree tlog.Tree, n int64) (proof.Hash, error) {
	if n == 0 {
		return proof.Root(nil), nil
	}
	root, err := tlog.TreeHash(n, d.hashes(tree))
	if err != nil {
		return root, fmt.Errorf("read hash tiles: %w", err)
	}
	return root, nil
}

// hashes reads stored hashes from tiles and checks them against the tree.
func (d files) hashes(tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, tiles{d})
}

// tiles implements tlog.TileReader over the folder.
type tiles struct{ files }

func (tiles) Height() int { return layout.TileHeight }

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(want))
	for i, tile := range want {
		path := func(p uint8) string { return layout.TilePath(uint64(tile.L), uint64(tile.N), p) }
		// uint8 makes a full tile's 256 into 0, as the path wants it.
		b, err := t.readPartial(path, uint8(tile.W), maxTileBytes)
		if err != nil {
			return nil, fmt.Errorf("read tile: %w", err)
		}
		if len(b) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("read tile: %s is truncated", path(uint8(tile.W)))
		}
		data[i] = b[:tile.W*tlog.HashSize]
	}
	return data, nil
}
