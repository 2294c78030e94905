package sums

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxRebuilds bounds the notes that are kept.
const maxRebuilds = 100

// Tables are the tables of the catalog that hold hashes and notes.
const Tables = `
CREATE TABLE IF NOT EXISTS evident_metadata (
	name   TEXT NOT NULL PRIMARY KEY,
	sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evident_rebuilds (
	at     INTEGER NOT NULL PRIMARY KEY,
	reason TEXT    NOT NULL
) STRICT;`

// Catalog is the database or a transaction in it.
type Catalog interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Folder is the folder of the metadata files.
type Folder string

// Note stores the hashes of files that have none yet: those that the commit which is
// under way wrote. Files that are gone are forgotten.
func (d Folder) Note(ctx context.Context, db Catalog) error {
	noted, err := d.noted(ctx, db)
	if err != nil {
		return err
	}
	there, err := d.files()
	if err != nil {
		return err
	}
	for name := range there {
		if _, ok := noted[name]; ok {
			delete(noted, name)
			continue
		}
		sum, err := d.sum(name)
		if err == nil {
			_, err = db.ExecContext(ctx, "INSERT INTO evident_metadata VALUES (?, ?)", name, sum)
		}
		if err != nil {
			return fmt.Errorf("note metadata %s: %w", name, err)
		}
	}
	for name := range noted {
		if _, err := db.ExecContext(ctx, "DELETE FROM evident_metadata WHERE name = ?", name); err != nil {
			return fmt.Errorf("forget metadata %s: %w", name, err)
		}
	}
	return nil
}

// Changed lists the files that are not as they were noted. One that is gone is not
// among them: whether it is needed, reading the table shows.
func (d Folder) Changed(ctx context.Context, db Catalog) (paths []string, err error) {
	noted, err := d.noted(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(noted)) {
		sum, err := d.sum(name)
		if !errors.Is(err, fs.ErrNotExist) && sum != noted[name] {
			paths = append(paths, filepath.Join(string(d), name))
		}
	}
	return paths, nil
}

func (d Folder) noted(ctx context.Context, db Catalog) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name, sha256 FROM evident_metadata")
	if err != nil {
		return nil, fmt.Errorf("read hashes of metadata: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, sum string
		if err := rows.Scan(&name, &sum); err != nil {
			return nil, fmt.Errorf("read hashes of metadata: %w", err)
		}
		out[filepath.Base(name)] = sum
	}
	return out, rows.Err()
}

func (d Folder) files() (map[string]bool, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, fmt.Errorf("list metadata: %w", err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".avro") || strings.HasSuffix(e.Name(), ".metadata.json") {
			out[e.Name()] = true
		}
	}
	return out, nil
}

func (d Folder) sum(name string) (string, error) {
	body, err := os.ReadFile(filepath.Join(string(d), name))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// NoteRebuild remembers that the metadata had to be made anew.
func (d Folder) NoteRebuild(ctx context.Context, db Catalog, reason string) error {
	_, err := db.ExecContext(ctx, `INSERT OR REPLACE INTO evident_rebuilds VALUES (?, ?);
		DELETE FROM evident_rebuilds WHERE at NOT IN (SELECT at FROM evident_rebuilds ORDER BY at DESC LIMIT ?)`,
		time.Now().UnixMicro(), reason, maxRebuilds)
	if err != nil {
		return fmt.Errorf("note new metadata: %w", err)
	}
	return nil
}

// Rebuilds says when and why the metadata was made anew, oldest first.
func (d Folder) Rebuilds(ctx context.Context, db Catalog) (out []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT at, reason FROM evident_rebuilds ORDER BY at")
	if err != nil {
		return nil, fmt.Errorf("read notes on metadata: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var reason string
		if err := rows.Scan(&at, &reason); err != nil {
			return nil, fmt.Errorf("read notes on metadata: %w", err)
		}
		out = append(out, fmt.Sprintf("was made anew at %s: %s", time.UnixMicro(at).UTC().Format(time.RFC3339), reason))
	}
	return out, rows.Err()
}
