package state

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/evident-sec/evident/event"
)

// Forget removes what was derived from events that are gone: findings and dead
// letters of these events, counters of hosts that no event is left of, and all
// incidents, which are made anew. The freed pages
// are overwritten. Windows of correlations stay until they close.
func (s *Store) Forget(ctx context.Context, gone func(event.ID) bool, hosts map[string]bool) error {
	if err := s.forget(ctx, gone, hosts); err != nil {
		return fmt.Errorf("forget destroyed events: %w", err)
	}
	// VACUUM leaves nothing of deleted rows in the file, the checkpoint nothing
	// in the log beside it.
	for _, stmt := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.write.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("forget destroyed events: %w", err)
		}
	}
	return nil
}

func (s *Store) forget(ctx context.Context, gone func(event.ID) bool, hosts map[string]bool) error {
	if _, err := s.write.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect once committed
	for _, table := range []string{"findings", "dead_letters"} {
		ids, err := goneIn(ctx, tx, table, gone)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE entry = ? AND leaf = ?",
				int64(id.Entry), id.Leaf); err != nil {
				return err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM incidents"); err != nil {
		return err
	}
	if err := forgetHosts(ctx, tx, hosts); err != nil {
		return err
	}
	return tx.Commit()
}

func forgetHosts(ctx context.Context, tx *sql.Tx, left map[string]bool) error {
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT host FROM sources")
	if err != nil {
		return err
	}
	defer rows.Close()
	var gone []string
	for rows.Next() {
		var host string
		if err := rows.Scan(&host); err != nil {
			return err
		}
		if host != "" && !left[host] {
			gone = append(gone, host)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, host := range gone {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sources WHERE host = ?", host); err != nil {
			return err
		}
	}
	return nil
}

func goneIn(ctx context.Context, tx *sql.Tx, table string, gone func(event.ID) bool,
) (ids []event.ID, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT entry, leaf FROM "+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var entry int64
		var leaf uint32
		if err := rows.Scan(&entry, &leaf); err != nil {
			return nil, err
		}
		if id := (event.ID{Entry: uint64(entry), Leaf: leaf}); gone(id) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// ForgetBatch makes the batch of a journal entry count as never taken.
func (s *Store) ForgetBatch(ctx context.Context, entry uint64) error {
	if _, err := s.write.ExecContext(ctx, "DELETE FROM batches WHERE entry = ?", int64(entry)); err != nil {
		return fmt.Errorf("forget batch of entry %d: %w", entry, err)
	}
	return nil
}
