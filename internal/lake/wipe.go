package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/evident-sec/evident/internal/durable"
)

// condemn notes, before they exist, the names of files that go again unless a
// commit takes them in.
func condemn(ctx context.Context, db *sql.DB, name string) error {
	_, err := db.ExecContext(ctx, "INSERT OR REPLACE INTO evident_condemned VALUES (?, ?)",
		name, time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("note file to remove: %w", err)
	}
	return nil
}

// condemnedFiles returns the names of files that nothing refers to any more,
// those condemned before the time where it is not zero.
func condemnedFiles(ctx context.Context, db *sql.DB, before time.Time) (names []string, err error) {
	limit := int64(1) << 62
	if !before.IsZero() {
		limit = before.UnixMicro()
	}
	rows, err := db.QueryContext(ctx,
		"SELECT name FROM evident_condemned WHERE at <= ? ORDER BY name", limit)
	if err != nil {
		return nil, fmt.Errorf("read files to remove: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read files to remove: %w", err)
		}
		names = append(names, filepath.Base(name))
	}
	return names, rows.Err()
}

// Pin keeps replaced files from Dispose until the function it returns is
// called: for who reads a snapshot for long.
func (t *Table) Pin() (release func()) {
	t.pins.Add(1)
	return sync.OnceFunc(func() { t.pins.Add(-1) })
}

// Dispose wipes files that were replaced at least age ago, and forgets the
// snapshots that refer to them. It does nothing while somebody holds a Pin; who
// reads a snapshot for longer without one loses it.
func (t *Table) Dispose(ctx context.Context, age time.Duration) error {
	t.rewriting.Lock()
	defer t.rewriting.Unlock()
	if t.pins.Load() > 0 {
		return nil
	}
	return t.dispose(ctx, age)
}

// alive reports whether the catalog lists the file of that name. Nobody here condemns
// such a file: who edits the catalog may, to have it wiped.
func (t *Table) alive(name string) bool {
	return slices.ContainsFunc(t.state.Load().files, func(f File) bool { return filepath.Base(f.Path) == name })
}

func (t *Table) dispose(ctx context.Context, age time.Duration) error {
	names, err := condemnedFiles(ctx, t.db, time.Now().Add(-age))
	names = slices.DeleteFunc(names, t.alive)
	if err != nil || len(names) == 0 {
		return err
	}
	t.mu.Lock()
	err = errClosed
	if !t.closed {
		err = t.ice.forget(ctx, 1, age)
	}
	t.mu.Unlock()
	if err != nil {
		return fmt.Errorf("dispose of replaced files: %w", err)
	}
	for _, name := range names {
		err := errors.Join(t.DropEdges(ctx, name), durable.Wipe(filepath.Join(t.cfg.Dir, dataDir, name)),
			durable.Wipe(filepath.Join(t.cfg.Dir, originalsDir, name)))
		if err == nil {
			_, err = t.db.ExecContext(ctx, "DELETE FROM evident_condemned WHERE name = ?", name)
		}
		if err != nil {
			return fmt.Errorf("dispose of replaced files: %w", err)
		}
	}
	return errors.Join(durable.SyncDir(filepath.Join(t.cfg.Dir, dataDir)),
		durable.SyncDir(filepath.Join(t.cfg.Dir, originalsDir)))
}
