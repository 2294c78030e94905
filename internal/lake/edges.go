package lake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/internal/durable"
)

// edgesDir holds, beside columns and originals and under the same names, what
// was derived from them for the causal graph. A file there can be made anew at
// any time; it goes with its pair.
const edgesDir = "edges"

const edgesTable = `CREATE TABLE IF NOT EXISTS evident_edges (
	name    TEXT    NOT NULL PRIMARY KEY,
	sha256  TEXT    NOT NULL,
	bytes   INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT`

// EdgeFacts is what was noted of a file of edges when it was complete.
type EdgeFacts struct {
	SHA256  string // hex
	Bytes   int64
	Version int // of the derivation
}

// EdgesOf returns where the edges of a file belong and where they are written
// until they are complete.
func (t *Table) EdgesOf(f File) (path, pending string) {
	name := filepath.Base(f.Path)
	return filepath.Join(t.cfg.Dir, edgesDir, name),
		filepath.Join(t.cfg.Dir, pendingDir, "edges-"+name)
}

// KnownEdges returns what was noted, by the name of the file of columns.
func (t *Table) KnownEdges(ctx context.Context) (map[string]EdgeFacts, error) {
	if _, err := t.db.ExecContext(ctx, edgesTable); err != nil {
		return nil, fmt.Errorf("read edge facts: %w", err)
	}
	rows, err := t.db.QueryContext(ctx, "SELECT name, sha256, bytes, version FROM evident_edges")
	if err != nil {
		return nil, fmt.Errorf("read edge facts: %w", err)
	}
	defer rows.Close()
	known := map[string]EdgeFacts{}
	for rows.Next() {
		var name string
		var e EdgeFacts
		if err := rows.Scan(&name, &e.SHA256, &e.Bytes, &e.Version); err != nil {
			return nil, fmt.Errorf("read edge facts: %w", err)
		}
		known[name] = e
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read edge facts: %w", err)
	}
	return known, nil
}

// PlaceEdges gives the edges of f, which were written and synced under their
// pending name, their final one and notes their facts. Where f was replaced
// meanwhile they are wiped instead, and placed is false.
func (t *Table) PlaceEdges(ctx context.Context, f File, e EdgeFacts) (placed bool, err error) {
	path, pending := t.EdgesOf(f)
	name := filepath.Base(path)
	t.mu.Lock() // a rewrite commits under it and wipes what it replaced later
	defer t.mu.Unlock()
	if t.closed {
		return false, fmt.Errorf("place edges: %w", errClosed)
	}
	if ok, err := hasFacts(ctx, t.db, name); err != nil || !ok {
		if werr := durable.Wipe(pending); err == nil {
			err = werr
		}
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("place edges: %w", err)
	}
	if err := rename(pending, path); err != nil {
		return false, err
	}
	_, err = t.db.ExecContext(ctx, "INSERT OR REPLACE INTO evident_edges VALUES (?, ?, ?, ?)",
		name, e.SHA256, e.Bytes, e.Version)
	if err != nil {
		return false, fmt.Errorf("note edge facts: %w", err)
	}
	return true, nil
}

// DropEdges wipes the edges of a file that is gone, or that are to be made anew.
func (t *Table) DropEdges(ctx context.Context, name string) error {
	name = filepath.Base(name)
	if err := durable.Wipe(filepath.Join(t.cfg.Dir, edgesDir, name)); err != nil {
		return err
	}
	if _, err := t.db.ExecContext(ctx, edgesTable); err != nil {
		return fmt.Errorf("forget edge facts: %w", err)
	}
	if _, err := t.db.ExecContext(ctx, "DELETE FROM evident_edges WHERE name = ?", name); err != nil {
		return fmt.Errorf("forget edge facts: %w", err)
	}
	return nil
}

// EdgeFiles lists the names of the files of edges on the disk, known or not.
func (t *Table) EdgeFiles() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(t.cfg.Dir, edgesDir))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list edges: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// CheckEdges compares the edges of f with what was noted of them. The error is
// a *DamageError.
func (t *Table) CheckEdges(ctx context.Context, f File, e EdgeFacts) error {
	path, _ := t.EdgesOf(f)
	if err := verifyHash(ctx, path, e.SHA256, e.Bytes); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("verify %s: %w", path, ctx.Err())
		}
		return damage(path, f.FirstEntry, f.LastEntry, err)
	}
	return nil
}
