package lake

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/evident-sec/evident/internal/durable"
)

// fileName names a pair of files. Rewriting counts the generation up, so that
// no name ever means two different files.
func fileName(first, last uint64, generation int) string {
	if generation == 0 {
		return fmt.Sprintf("%012d-%012d.parquet", first, last)
	}
	return fmt.Sprintf("%012d-%012d.%d.parquet", first, last, generation)
}

// Generation returns how many rewrites lie behind the file, 0 for one that a
// Seal wrote.
func (f *File) Generation() int {
	var first, last uint64
	var generation int
	if _, err := fmt.Sscanf(filepath.Base(f.Path), "%d-%d.%d.parquet", &first, &last,
		&generation); err != nil {
		return 0
	}
	return generation
}

// removeOrphans empties pending/ and removes files that a Seal finished but did
// not commit. Such files begin right after the watermark; those that rewriting
// left are condemned and go later; any other unknown file means that the
// catalog was lost or is older than the data, and then nothing is removed.
func (t *Table) removeOrphans(files []File, condemned []string, fresh bool) error {
	known := make(map[string]bool, len(files))
	for _, name := range condemned {
		known[name] = true
	}
	next := uint64(0) // 0: an empty lake may begin anywhere
	for i := range files {
		known[filepath.Base(files[i].Path)] = true
		next = files[i].LastEntry + 1
	}
	var orphans []string
	for _, sub := range []string{dataDir, originalsDir} {
		found, err := unknownFiles(filepath.Join(t.cfg.Dir, sub), known)
		if err != nil {
			return err
		}
		orphans = append(orphans, found...)
	}
	for _, p := range orphans {
		if fresh || !beginsAt(filepath.Base(p), next) {
			return fmt.Errorf("catalog does not know %s: %w", p, errCatalogLost)
		}
	}
	pending, err := unknownFiles(filepath.Join(t.cfg.Dir, pendingDir), nil)
	if err != nil {
		return err
	}
	for _, p := range append(orphans, pending...) {
		if err := durable.Wipe(p); err != nil {
			return fmt.Errorf("remove left-over: %w", err)
		}
		t.cfg.Log.Info("lake: removed what an interrupted seal left", "file", p)
	}
	return nil
}

var errCatalogLost = errors.New("catalog.db is missing or older than the files; restore it")

func beginsAt(name string, next uint64) bool {
	var first, last uint64
	if _, err := fmt.Sscanf(name, "%d-%d.parquet", &first, &last); err != nil {
		return false
	}
	return name == fileName(first, last, 0) && (next == 0 || first == next)
}

func unknownFiles(dir string, known map[string]bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list lake files: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !known[e.Name()] && !e.IsDir() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// sweep removes Iceberg metadata that neither the current state nor any kept
// snapshot refers to: interrupted commits leave some.
func (t *iceTable) sweep() error {
	used := map[string]bool{path.Base(t.tbl.MetadataLocation()): true}
	for old := range t.tbl.Metadata().PreviousFiles() {
		used[path.Base(old.MetadataFile)] = true
	}
	for _, snap := range t.tbl.Metadata().Snapshots() {
		used[path.Base(snap.ManifestList)] = true
		manifests, err := snap.Manifests(syncFS{})
		if err != nil {
			return fmt.Errorf("read manifest list: %w", err)
		}
		for _, m := range manifests {
			used[path.Base(m.FilePath())] = true
		}
	}
	left, err := unknownFiles(t.metadata, used)
	if err != nil {
		return err
	}
	for _, p := range left {
		if strings.HasSuffix(p, ".avro") || strings.HasSuffix(p, ".metadata.json") {
			if err := os.Remove(p); err != nil {
				return fmt.Errorf("remove left-over metadata: %w", err)
			}
		}
	}
	return nil
}
