package ledger

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"time"

	"github.com/transparency-dev/tessera/api/layout"
)

// checkpointAge is how old a temporary checkpoint has to be: checkpoints are
// published beside the batches, one may be written just now.
const checkpointAge = 10 * time.Second

// sweep removes temporary files that Tessera left: after a kill, and, since
// v1.0.4 forgets their names, after each write that a full disk refused. Left
// alone they would keep the disk full. It looks where the next writes happen:
// at the right edge of a log of the given size. No batch may be on its way.
func (d files) sweep(size uint64) {
	d.sweepDir(path.Dir(layout.CheckpointPath), checkpointAge)
	last := max(size, 1) - 1
	targets := []string{treeStatePath}
	for _, n := range []uint64{last / layout.EntryBundleWidth, last/layout.EntryBundleWidth + 1} {
		targets = append(targets, layout.EntriesPath(n, 0), layout.EntriesPath(n, 1))
	}
	for level, n := uint64(0), last/layout.TileWidth; level < 8; level, n = level+1, n/layout.TileWidth {
		for _, i := range []uint64{n, n + 1} {
			targets = append(targets, layout.TilePath(level, i, 0), layout.TilePath(level, i, 1))
		}
	}
	seen := map[string]bool{}
	for _, target := range targets {
		if dir := path.Dir(target); !seen[dir] {
			seen[dir] = true
			d.sweepDir(dir, 0)
		}
	}
}

// temporary matches what Tessera adds a random number to: the names of full
// tiles (three digits), of partial ones (up to three) and of its state.
var temporary = regexp.MustCompile(`^(\d{3}|checkpoint|treeState)\d{4,}$|^\d{7,}$`)

func (d files) sweepDir(name string, age time.Duration) {
	dir := filepath.Join(string(d), filepath.FromSlash(name))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // not there yet
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !temporary.MatchString(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) >= age {
			// What cannot be removed now is tried again next time.
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
