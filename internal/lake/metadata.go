package lake

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
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
)

// Fault is something in the catalog or in the Iceberg metadata that is not as it
// was written.
type Fault struct {
	Where string // a file, or a row of the catalog
	Text  string
}

// maxRebuilds bounds the notes that are kept.
const maxRebuilds = 100

// metadataTables hold what the metadata files were when they were written.
const metadataTables = `
CREATE TABLE IF NOT EXISTS evident_metadata (
	name   TEXT NOT NULL PRIMARY KEY,
	sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evident_rebuilds (
	at     INTEGER NOT NULL PRIMARY KEY,
	reason TEXT    NOT NULL
) STRICT;`

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// noteMetadata stores the hashes of metadata files that have none yet: those the
// commit that is under way wrote. Files that are gone are forgotten.
func (t *iceTable) noteMetadata(ctx context.Context, db execer) error {
	noted, err := notedMetadata(ctx, db)
	if err != nil {
		return err
	}
	there, err := metadataFiles(t.metadata)
	if err != nil {
		return err
	}
	for name := range there {
		if _, ok := noted[name]; ok {
			delete(noted, name)
			continue
		}
		sum, err := sumOf(filepath.Join(t.metadata, name))
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

func notedMetadata(ctx context.Context, db execer) (map[string]string, error) {
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
		out[name] = sum
	}
	return out, rows.Err()
}

func metadataFiles(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
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

func sumOf(path string) (string, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// changed lists the metadata files that are not as they were written. One that is
// gone counts where the current state needs it, which load finds.
func (t *iceTable) changed(ctx context.Context) ([]Fault, error) {
	noted, err := notedMetadata(ctx, t.db)
	if err != nil {
		return nil, err
	}
	var out []Fault
	for _, name := range slices.Sorted(maps.Keys(noted)) {
		path := filepath.Join(t.metadata, name)
		sum, err := sumOf(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			out = append(out, Fault{path, err.Error()})
		case sum != noted[name]:
			out = append(out, Fault{path, "is not the Iceberg metadata that was written there"})
		}
	}
	return out, nil
}

// noteRebuild remembers that the metadata had to be made anew.
func (t *iceTable) noteRebuild(ctx context.Context, reason string) error {
	_, err := t.db.ExecContext(ctx, `INSERT OR REPLACE INTO evident_rebuilds VALUES (?, ?);
		DELETE FROM evident_rebuilds WHERE at NOT IN (SELECT at FROM evident_rebuilds ORDER BY at DESC LIMIT ?)`,
		time.Now().UnixMicro(), reason, maxRebuilds)
	if err != nil {
		return fmt.Errorf("note new metadata: %w", err)
	}
	return nil
}

// Rebuilds lists when and why the Iceberg metadata was made anew because it was not
// what the catalog says, oldest first: what a foreign engine read before that may
// have been altered.
func (t *Table) Rebuilds(ctx context.Context) ([]Fault, error) {
	rows, err := t.db.QueryContext(ctx, "SELECT at, reason FROM evident_rebuilds ORDER BY at")
	if err != nil {
		return nil, fmt.Errorf("read notes on metadata: %w", err)
	}
	defer rows.Close()
	var out []Fault
	for rows.Next() {
		var at int64
		var reason string
		if err := rows.Scan(&at, &reason); err != nil {
			return nil, fmt.Errorf("read notes on metadata: %w", err)
		}
		out = append(out, Fault{t.ice.metadata, fmt.Sprintf("was made anew at %s: %s",
			fromMicros(at).Format(time.RFC3339), reason)})
	}
	return out, rows.Err()
}

// CheckMetadata compares the Iceberg metadata with what was written and with what
// follows from the catalog: what Open found, every file's hash, and every data file
// of the current snapshot.
func (t *Table) CheckMetadata(ctx context.Context) ([]Fault, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, fmt.Errorf("check metadata: %w", errClosed)
	}
	out := slices.Clone(t.ice.found)
	changed, err := t.ice.changed(ctx)
	if err != nil {
		return nil, err
	}
	out = append(out, changed...)
	files := t.state.Load().files
	for _, reason := range t.ice.contradictions(files) {
		out = append(out, Fault{t.ice.metadata, reason})
	}
	return out, nil
}

// contradictions compares every data file of the current snapshot with what the
// catalog says, as a foreign engine reads it.
func (t *iceTable) contradictions(files []File) (out []string) {
	if reason := t.disagrees(files); reason != "" {
		return []string{reason}
	}
	snap := t.tbl.CurrentSnapshot()
	if snap == nil {
		return nil
	}
	err := guard(func() error {
		manifests, err := snap.Manifests(syncFS{})
		if err != nil {
			return err
		}
		byURI := make(map[string]*File, len(files))
		for i := range files {
			byURI[fileURI(files[i].Path)] = &files[i]
		}
		for _, m := range manifests {
			if m.ManifestContent() != iceberg.ManifestContentData {
				out = append(out, "manifest "+m.FilePath()+" removes rows from the data files")
				continue
			}
			found, err := t.manifestDiffers(m, byURI)
			out = append(out, found...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		out = append(out, "manifests cannot be read: "+err.Error())
	}
	return out
}

func (t *iceTable) manifestDiffers(m iceberg.ManifestFile, files map[string]*File) (out []string, err error) {
	for e, err := range m.Entries(syncFS{}, true) {
		if err != nil {
			return out, err
		}
		got := e.DataFile()
		f := files[got.FilePath()]
		if f == nil {
			continue // disagrees counts them
		}
		want, err := t.dataFile(f)
		if err != nil {
			return out, err
		}
		if what := dataFileDiffers(want, got, t.ids); what != "" {
			out = append(out, fmt.Sprintf("%s says another %s of %s than the catalog", m.FilePath(), what, f.Path))
		}
	}
	return out, nil
}

// dataFileDiffers names what a manifest says otherwise of a data file.
func dataFileDiffers(want, got iceberg.DataFile, ids map[string]int) string {
	switch {
	case got.ContentType() != want.ContentType():
		return "kind"
	case got.Count() != want.Count():
		return "number of rows"
	case got.FileSizeBytes() != want.FileSizeBytes():
		return "length"
	}
	for _, column := range []string{ColEntry, ColTime} {
		id := ids[column]
		if string(got.LowerBoundValues()[id]) != string(want.LowerBoundValues()[id]) ||
			string(got.UpperBoundValues()[id]) != string(want.UpperBoundValues()[id]) {
			return "bound of column " + strconv.Quote(column)
		}
	}
	return ""
}

// heal looks at the metadata before anything reads it. What it finds is for
// CheckMetadata to tell; the table is then made anew.
func (t *iceTable) heal(ctx context.Context, files []File) (reason string, err error) {
	t.found, err = t.changed(ctx)
	if err != nil {
		return "", err
	}
	reason = t.load(ctx, files)
	switch {
	case len(t.found) > 0:
		reason = t.found[0].Where + " " + t.found[0].Text
	case reason == "":
		if list := t.contradictions(files); len(list) > 0 {
			reason = list[0]
		}
	}
	if reason == "" || len(files) == 0 || t.expected {
		return reason, nil
	}
	if len(t.found) == 0 {
		t.found = []Fault{{t.metadata, reason}}
	}
	return reason, t.noteRebuild(ctx, reason)
}
