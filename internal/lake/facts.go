package lake

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the catalog's database driver

	"github.com/evident-sec/evident/internal/lake/sums"
)

// The catalog database is held exclusively: a second process would take the
// first one's pending files for left-overs. It is synced at every commit.
const dbOptions = "?_txlock=immediate&_pragma=busy_timeout(2000)&_pragma=locking_mode(EXCLUSIVE)" +
	"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

const factsTables = `
CREATE TABLE IF NOT EXISTS evident_files (
	first_entry      INTEGER NOT NULL PRIMARY KEY,
	last_entry       INTEGER NOT NULL,
	name             TEXT    NOT NULL UNIQUE,
	sha256           TEXT    NOT NULL,
	originals_sha256 TEXT    NOT NULL,
	time_from        INTEGER NOT NULL,
	time_to          INTEGER NOT NULL,
	rows             INTEGER NOT NULL,
	bytes            INTEGER NOT NULL,
	originals_bytes  INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evident_arrivals (
	name          TEXT    NOT NULL PRIMARY KEY,
	received_from INTEGER NOT NULL,
	received_to   INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evident_condemned (
	name TEXT    NOT NULL PRIMARY KEY,
	at   INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evident_columns (
	id   INTEGER NOT NULL PRIMARY KEY,
	name TEXT    NOT NULL UNIQUE
) STRICT;`

// openDB opens the catalog database. fresh says that it held no facts before.
func openDB(ctx context.Context, path string) (db *sql.DB, fresh bool, err error) {
	db, err = sql.Open("sqlite", fileURI(path)+dbOptions)
	if err != nil {
		return nil, false, fmt.Errorf("open catalog: %w", err)
	}
	// One connection: an exclusively locked database has room for one.
	db.SetMaxOpenConns(1)
	var n int
	err = db.QueryRowContext(ctx,
		"SELECT count(*) FROM sqlite_schema WHERE name = 'evident_files'").Scan(&n)
	if err == nil {
		_, err = db.ExecContext(ctx, factsTables+sums.Tables)
	}
	if err != nil {
		_ = db.Close()
		return nil, false, fmt.Errorf("open catalog %s: %w", path, err)
	}
	return db, n == 0, nil
}

// columnIDs returns the Iceberg field id of every column, giving new columns
// the next free ones. An id, once given, always means the same column: files
// carry it.
func columnIDs(ctx context.Context, db *sql.DB, cols []column) (map[string]int, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read column ids: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to undo
	ids := make(map[string]int, len(cols))
	for _, c := range cols {
		if _, err := tx.ExecContext(ctx,
			"INSERT OR IGNORE INTO evident_columns(name) VALUES (?)", c.name); err != nil {
			return nil, fmt.Errorf("store column id: %w", err)
		}
		var id int
		if err := tx.QueryRowContext(ctx,
			"SELECT id FROM evident_columns WHERE name = ?", c.name).Scan(&id); err != nil {
			return nil, fmt.Errorf("read column id: %w", err)
		}
		ids[c.name] = id
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("store column ids: %w", err)
	}
	return ids, nil
}

// readFacts returns all files in entry order, with paths under dir.
func readFacts(ctx context.Context, db *sql.DB, dir string) ([]File, error) {
	rows, err := db.QueryContext(ctx, `SELECT first_entry, last_entry, f.name, sha256,
		originals_sha256, time_from, time_to, rows, bytes, originals_bytes,
		coalesce(received_from, 0), coalesce(received_to, 0)
		FROM evident_files f LEFT JOIN evident_arrivals a ON a.name = f.name ORDER BY first_entry`)
	if err != nil {
		return nil, fmt.Errorf("read file facts: %w", err)
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		var f File
		var name string
		var from, to, arrived, until int64
		if err := rows.Scan(&f.FirstEntry, &f.LastEntry, &name, &f.SHA256, &f.OriginalsSHA256,
			&from, &to, &f.Rows, &f.Bytes, &f.OriginalsBytes, &arrived, &until); err != nil {
			return nil, fmt.Errorf("read file facts: %w", err)
		}
		f.From, f.To = fromMicros(from), fromMicros(to)
		if until != 0 {
			f.ReceivedFrom, f.ReceivedTo = fromMicros(arrived), fromMicros(until)
		}
		f.Path = filepath.Join(dir, dataDir, filepath.Base(name))
		f.Originals = filepath.Join(dir, originalsDir, filepath.Base(name))
		files = append(files, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read file facts: %w", err)
	}
	return files, nil
}

// hasFacts reports whether the file of that name is committed.
func hasFacts(ctx context.Context, db *sql.DB, name string) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx,
		"SELECT count(*) FROM evident_files WHERE name = ?", name).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read file facts: %w", err)
	}
	return n > 0, nil
}

// store writes the facts about a new file.
func (f *File) store(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO evident_files(first_entry, last_entry, name, sha256,
		originals_sha256, time_from, time_to, rows, bytes, originals_bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.FirstEntry, f.LastEntry, filepath.Base(f.Path), f.SHA256, f.OriginalsSHA256,
		f.From.UnixMicro(), f.To.UnixMicro(), f.Rows, f.Bytes, f.OriginalsBytes)
	if err == nil && !f.ReceivedTo.IsZero() {
		_, err = tx.ExecContext(ctx, "INSERT INTO evident_arrivals VALUES (?, ?, ?)",
			filepath.Base(f.Path), f.ReceivedFrom.UnixMicro(), f.ReceivedTo.UnixMicro())
	}
	if err != nil {
		return fmt.Errorf("store file facts: %w", err)
	}
	return nil
}

// File is one sealed pair of files and what was recorded about it when it was
// committed.
type File struct {
	Path      string // the columns, absolute
	Originals string // the records, absolute

	SHA256          string // of Path, hex
	OriginalsSHA256 string // of Originals, hex

	FirstEntry, LastEntry uint64    // journal entries in it, without gaps
	From, To              time.Time // earliest and latest event time, whole microseconds, UTC

	// First and last arrival, whole microseconds, UTC; zero where the file is older than the note.
	ReceivedFrom, ReceivedTo time.Time

	Rows           int64 // events
	Bytes          int64 // length of Path
	OriginalsBytes int64 // length of Originals
}
