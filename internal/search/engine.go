package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/evident-sec/evident/internal/search/records"
	"github.com/evident-sec/evident/internal/search/sieve"
	"github.com/evident-sec/evident/internal/search/turns"
)

// Files lists the lake's files. Snapshot may leave out files without events in
// [from, to]; zero times are open ends. Through has to cover every entry that
// Sealed was called with before.
type Files interface {
	Snapshot(ctx context.Context, from, to time.Time) (Snapshot, error)
}

// Snapshot is the lake at one moment.
type Snapshot struct {
	Through uint64 // every event of entries up to here is in a file
	Files   []File
	Release func() // called when the files are no longer read; nil for none
}

// File is one Parquet file of events and its sibling with the original bytes.
type File struct {
	Path      string    // columns: entry, leaf, time, …, the attributes by path
	Originals string    // columns: entry, leaf, raw, …; may be empty
	From, To  time.Time // first and last event time, both included
	Rows      int64
}

// Config says where the engine works and how much it may take.
type Config struct {
	Dir      string        // temporary folder of its own; results that outgrow memory spill here
	Lake     string        // folder that holds all files; nothing outside is readable
	MemoryMB int           // limit of DuckDB's memory; 0 is 1024
	Threads  int           // threads of one query; 0 is 2
	SpillMB  int           // limit of what spills to Dir, so that no question fills the disk; 0 is 4096
	Queries  int           // queries at the same time, further ones wait; 0 is 8
	Time     time.Duration // limit of one question's time; 0 is none
	Files    Files         // nil: there are only hot events

	// Originals reads the files of original bytes; nil: they are plain Parquet, which DuckDB reads.
	Originals records.Reader
}

// Engine answers queries. Its methods are safe for concurrent use.
type Engine struct {
	db    *sql.DB
	files Files
	hot   *hot

	records *records.Table // nil where DuckDB reads original bytes itself
	secret  string         // key of the pseudonyms that SQL sees
	running turns.Turns
	sieves  *sieve.Cache  // which files may hold an identifier
	limit   time.Duration // of one question; 0: none
}

// Open starts an engine with no hot events.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg.MemoryMB = orDefault(cfg.MemoryMB, 1024)
	cfg.Threads = orDefault(cfg.Threads, 2)
	cfg.Queries = orDefault(cfg.Queries, 8)
	cfg.SpillMB = orDefault(cfg.SpillMB, 4096)
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open search: %w", err)
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open search: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(cfg.Queries + 1) // one writes
	db.SetMaxIdleConns(cfg.Queries + 1)
	e := &Engine{
		db: db, files: cfg.Files, limit: cfg.Time, secret: newSecret(),
		sieves: sieve.NewCache(sieveBytes),
	}
	if err = configure(ctx, db, cfg); err == nil {
		e.hot, err = openHot(ctx, db)
	}
	if err == nil {
		e.records, err = records.Register(ctx, db, cfg.Originals)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open search: %w", err), db.Close())
	}
	return e, nil
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// configure shuts the engine in. The order matters: folders can be allowed
// only before external access ends, and nothing can be set after the lock.
func configure(ctx context.Context, db *sql.DB, cfg Config) error {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return err
	}
	allowed := "[]"
	if cfg.Lake != "" {
		lake, err := filepath.Abs(cfg.Lake)
		if err != nil {
			return err
		}
		allowed = "[" + text(lake) + "]"
	}
	for _, setting := range []string{
		"autoinstall_known_extensions = false",
		"autoload_known_extensions = false",
		"allow_community_extensions = false",
		"TimeZone = 'UTC'",
		"memory_limit = " + text(strconv.Itoa(cfg.MemoryMB)+"MiB"),
		"threads = " + strconv.Itoa(cfg.Threads),
		"parquet_metadata_cache = true",
		"preserve_insertion_order = false", // every answer is ordered explicitly
		"temp_directory = " + text(filepath.Join(dir, "spill")),
		"max_temp_directory_size = " + text(strconv.Itoa(cfg.SpillMB)+"MiB"),
		"allowed_directories = " + allowed,
		"enable_external_access = false",
		"lock_configuration = true",
	} {
		if _, err := db.ExecContext(ctx, "SET GLOBAL "+setting); err != nil {
			return fmt.Errorf("set %s: %w", setting, err)
		}
	}
	return nil
}

// text quotes an SQL text literal. It is used for the operator's configuration
// only; what a person types into a query is always a parameter.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Close ends the engine; running queries fail.
func (e *Engine) Close() error {
	return errors.Join(e.hot.close(), e.db.Close())
}
