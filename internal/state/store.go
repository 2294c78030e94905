package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite" // registers the driver

	"github.com/evident-sec/evident/event"
)

// Store is the state of one data folder. It is safe for concurrent use; writes
// are serialised by the database.
type Store struct {
	path  string
	write *sql.DB // one connection: SQLite has one writer
	read  *sql.DB
}

// Open opens or creates the state in folder dir.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create state folder: %w", err)
	}
	path := filepath.Join(dir, "state.db")
	write, err := connect(path, 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("prepare %s: %w", path, err)
	}
	read, err := connect(path, 4)
	if err != nil {
		write.Close()
		return nil, err
	}
	return &Store{path: path, write: write, read: read}, nil
}

func connect(path string, conns int) (*sql.DB, error) {
	// FULL: the lake's watermark may only pass an entry whose findings are on
	// disk, also when the power fails.
	q := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(schema) {
		return fmt.Errorf("state has schema %d, this program knows %d: use a newer evident",
			version, len(schema))
	}
	for i := version; i < len(schema); i++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, schema[i])
		if err == nil {
			_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", i+1))
		}
		if err != nil {
			tx.Rollback()
			return fmt.Errorf("apply schema %d: %w", i+1, err)
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("apply schema %d: %w", i+1, err)
		}
	}
	return nil
}

// DiskFull reports whether err comes from a full disk, as the system says it or
// as SQLite does, here or in the lake's catalog.
func DiskFull(err error) bool {
	const sqliteFull = 13 // SQLITE_FULL, https://sqlite.org/rescode.html
	var full *sqlite.Error
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &full) && full.Code()&0xff == sqliteFull
}

// Through returns the last journal entry that an Apply has taken in.
func (s *Store) Through(ctx context.Context) (uint64, error) {
	var through uint64
	err := s.read.QueryRowContext(ctx, "SELECT through FROM progress").Scan(&through)
	if err != nil {
		return 0, fmt.Errorf("read state progress: %w", err)
	}
	return through, nil
}

// Batches returns the identifiers of all batches that were ingested.
func (s *Store) Batches(ctx context.Context) (map[event.BatchID]uint64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, entry FROM batches")
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	defer rows.Close()
	out := make(map[event.BatchID]uint64)
	for rows.Next() {
		var id []byte
		var entry uint64
		if err := rows.Scan(&id, &entry); err != nil {
			return nil, fmt.Errorf("read batches: %w", err)
		}
		out[event.BatchID(id)] = entry
	}
	return out, rows.Err()
}

// Close closes the database.
func (s *Store) Close() error {
	readErr := s.read.Close()
	if err := s.write.Close(); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return readErr
}
