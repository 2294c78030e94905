package lake

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

const (
	catalogName = "evident"
	namespace   = "evident"
	tableName   = "events"
)

// expiry says when old snapshots go: planning and commits grow with them, and
// nothing reads old ones for long.
type expiry struct {
	above int           // expire when there are more
	keep  int           // down to this many
	age   time.Duration // but none younger: someone may be reading it
}

// iceTable is the Iceberg table. Its methods are called by one goroutine.
type iceTable struct {
	db       *sql.DB
	cat      *icesql.Catalog
	location string // file: address of the lake folder
	metadata string // folder of the metadata files
	cols     []column
	ids      map[string]int
	log      *slog.Logger
	tbl      *table.Table
	expiry   expiry

	found    []Fault // what was not as it was written when the table was opened
	expected bool    // the reason to make it anew is no alteration: a moved folder, new columns
}

func ident() table.Identifier { return table.Identifier{namespace, tableName} }

func syncedIO(context.Context) (icebergio.IO, error) { return syncFS{}, nil }

// openIceberg loads the table, or makes it anew from the facts where it does
// not exist, is not readable or does not agree with them.
func openIceberg(ctx context.Context, t *iceTable, files []File) error {
	cat, err := icesql.NewCatalog(catalogName, t.db, icesql.SQLite, iceberg.Properties{
		"init_catalog_tables": "true",
	})
	if err != nil {
		return fmt.Errorf("open iceberg catalog: %w", err)
	}
	t.cat = cat
	reason, err := t.heal(ctx, files)
	if err != nil {
		return fmt.Errorf("check iceberg metadata: %w", err)
	}
	if reason == "" {
		return t.sums().Note(ctx, t.db) // of a lake that is older than the notes
	}
	if len(files) > 0 {
		t.log.Warn("lake: rebuilding iceberg metadata", "reason", reason, "files", len(files))
	}
	if err := t.rebuild(ctx, files); err != nil {
		return fmt.Errorf("build iceberg table: %w", err)
	}
	return nil
}

// load reads the table and says why it cannot be used, "" when it can.
func (t *iceTable) load(ctx context.Context, files []File) (reason string) {
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprintf("iceberg metadata: %v", p)
		}
	}()
	tbl, err := t.cat.LoadTable(ctx, ident())
	if err != nil {
		return err.Error()
	}
	t.tbl = tbl
	if tbl.Location() != t.location {
		t.expected = true
		return "folder was moved or copied from " + tbl.Location()
	}
	if why := sameColumns(tbl.Schema(), t.cols, t.ids); why != "" {
		t.expected = len(tbl.Schema().Fields()) < len(t.cols)
		return why
	}
	return t.disagrees(files)
}

// disagrees compares the current snapshot with the facts.
func (t *iceTable) disagrees(files []File) string {
	snap := t.tbl.CurrentSnapshot()
	if snap == nil || len(files) == 0 {
		if snap != nil || len(files) != 0 {
			return fmt.Sprintf("%d files are recorded, the snapshot says otherwise", len(files))
		}
		return ""
	}
	last := strconv.FormatUint(files[len(files)-1].LastEntry, 10)
	if snap.Summary == nil || snap.Summary.Properties[through] != last {
		return "watermark of the snapshot is not " + last
	}
	want := make(map[string]bool, len(files))
	for i := range files {
		want[fileURI(files[i].Path)] = true
	}
	n, err := t.eachDataFile(*snap, func(uri string) { delete(want, uri) })
	if err != nil {
		return err.Error()
	}
	if n != len(files) || len(want) != 0 {
		return fmt.Sprintf("%d files are recorded, %d are in the snapshot", len(files), n)
	}
	return ""
}

func (t *iceTable) eachDataFile(snap table.Snapshot, visit func(uri string)) (n int, err error) {
	manifests, err := snap.Manifests(syncFS{})
	if err != nil {
		return 0, fmt.Errorf("read manifest list: %w", err)
	}
	for _, m := range manifests {
		for e, err := range m.Entries(syncFS{}, true) {
			if err != nil {
				return n, fmt.Errorf("read manifest: %w", err)
			}
			visit(e.DataFile().FilePath())
			n++
		}
	}
	return n, nil
}

// rebuild makes the table anew with all files in one snapshot. Interrupted
// anywhere, the next load disagrees with the facts and it starts over.
func (t *iceTable) rebuild(ctx context.Context, files []File) error {
	if exists, err := t.cat.CheckNamespaceExists(ctx, table.Identifier{namespace}); err != nil {
		return fmt.Errorf("look up namespace: %w", err)
	} else if !exists {
		if err := t.cat.CreateNamespace(ctx, table.Identifier{namespace}, nil); err != nil {
			return fmt.Errorf("create namespace: %w", err)
		}
	}
	if _, err := t.db.ExecContext(ctx, "DELETE FROM iceberg_tables"); err != nil {
		return fmt.Errorf("drop table: %w", err)
	}
	tbl, err := t.cat.CreateTable(ctx, ident(), icebergSchema(t.cols, t.ids),
		catalog.WithLocation(t.location), catalog.WithProperties(t.properties()))
	if err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	t.tbl = tbl
	if why := sameColumns(tbl.Schema(), t.cols, t.ids); why != "" {
		return fmt.Errorf("create table: field ids were changed: %s", why)
	}
	if len(files) == 0 {
		return nil
	}
	return t.add(ctx, files, nil)
}

func (t *iceTable) properties() iceberg.Properties {
	mapping, _ := json.Marshal(icebergSchema(t.cols, t.ids).NameMapping())
	return iceberg.Properties{
		"format-version":                                  "2",
		table.DefaultNameMappingKey:                       string(mapping),
		table.ManifestMergeEnabledKey:                     "true",
		mergeCount:                                        "50",
		table.MetadataDeleteAfterCommitEnabledKey:         "true",
		keepHistory:                                       "10",
		"write.parquet.compression-codec":                 "zstd",
		table.MetricsModeColumnConfPrefix + "." + ColTime: "full",
	}
}

// note stores facts in the database transaction that moves the table.
type note func(ctx context.Context, tx *sql.Tx) error

// add commits files in one snapshot whose summary carries the watermark. New
// facts, where given, are stored in the same database transaction.
func (t *iceTable) add(ctx context.Context, files []File, facts note) error {
	last := files[len(files)-1]
	tbl, err := t.begin(facts)
	if err != nil {
		return err
	}
	dataFiles, err := t.dataFiles(files)
	if err != nil {
		return err
	}
	txn := tbl.NewTransaction()
	err = txn.AddDataFiles(ctx, dataFiles, iceberg.Properties{
		through:     strconv.FormatUint(last.LastEntry, 10),
		firstColumn: strconv.FormatUint(files[0].FirstEntry, 10),
	}, table.WithoutDuplicateCheck())
	if err != nil {
		return fmt.Errorf("add files to table: %w", err)
	}
	if t.tbl, err = commit(ctx, txn, t.tbl); err != nil {
		return fmt.Errorf("commit snapshot: %w", err)
	}
	return nil
}

// replace commits, in one snapshot, file f in the place of olds. The watermark
// stays.
func (t *iceTable) replace(ctx context.Context, olds []File, f File, mark uint64, facts note) error {
	tbl, err := t.begin(facts)
	if err != nil {
		return err
	}
	gone, err := t.dataFiles(olds)
	if err != nil {
		return err
	}
	added, err := t.dataFiles([]File{f})
	if err != nil {
		return err
	}
	txn := tbl.NewTransaction()
	err = txn.ReplaceDataFilesWithDataFiles(ctx, gone, added, iceberg.Properties{
		through:     strconv.FormatUint(mark, 10),
		firstColumn: strconv.FormatUint(f.FirstEntry, 10),
	})
	if err != nil {
		return fmt.Errorf("replace files of table: %w", err)
	}
	if t.tbl, err = commit(ctx, txn, t.tbl); err != nil {
		return fmt.Errorf("commit snapshot: %w", err)
	}
	return nil
}

func (t *iceTable) dataFiles(files []File) ([]iceberg.DataFile, error) {
	out := make([]iceberg.DataFile, len(files))
	for i := range files {
		df, err := t.dataFile(&files[i])
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", files[i].Path, err)
		}
		out[i] = df
	}
	return out, nil
}

// commit returns the table after the transaction, and old when it failed.
func commit(ctx context.Context, txn *table.Transaction, old *table.Table) (*table.Table, error) {
	tbl, err := txn.Commit(ctx)
	if tbl == nil {
		return old, err
	}
	return tbl, err
}

// dataFile describes a columns file to Iceberg, with the bounds that prune:
// entry and time.
func (t *iceTable) dataFile(f *File) (iceberg.DataFile, error) {
	b, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData,
		fileURI(f.Path), iceberg.ParquetFile, nil, nil, nil, f.Rows, f.Bytes)
	if err != nil {
		return nil, err
	}
	if f.Rows == 0 {
		return b.Build(), nil
	}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	put := func(m map[int][]byte, column string, v interface{ MarshalBinary() ([]byte, error) }) {
		if raw, merr := v.MarshalBinary(); merr == nil {
			m[t.ids[column]] = raw
		}
	}
	put(lower, ColEntry, iceberg.Int64Literal(f.FirstEntry))
	put(upper, ColEntry, iceberg.Int64Literal(f.LastEntry))
	put(lower, ColTime, iceberg.TimestampLiteral(f.From.UnixMicro()))
	put(upper, ColTime, iceberg.TimestampLiteral(f.To.UnixMicro()))
	return b.LowerBoundValues(lower).UpperBoundValues(upper).Build(), nil
}

// expire drops old snapshots once there are many. The current one holds all
// files, so that no data goes.
func (t *iceTable) expire(ctx context.Context) error {
	if len(t.tbl.Metadata().Snapshots()) <= t.expiry.above {
		return nil
	}
	return t.forget(ctx, t.expiry.keep, t.expiry.age)
}

// forget drops snapshots older than age, but the last keep, and the metadata
// that only they refer to. Data files are the Table's business: it wipes them.
func (t *iceTable) forget(ctx context.Context, keep int, age time.Duration) error {
	before := len(t.tbl.Metadata().Snapshots())
	tbl, err := t.begin(nil)
	if err != nil {
		return err
	}
	txn := tbl.NewTransaction()
	err = txn.ExpireSnapshots(table.WithRetainLast(keep), table.WithOlderThan(age),
		table.WithPostCommit(false))
	if err != nil {
		return fmt.Errorf("expire snapshots: %w", err)
	}
	if t.tbl, err = commit(ctx, txn, t.tbl); err != nil {
		return fmt.Errorf("expire snapshots: %w", err)
	}
	if len(t.tbl.Metadata().Snapshots()) == before {
		return nil
	}
	return t.sweep()
}

// committer is the catalog a transaction commits to: that of iceberg-go,
// except that the metadata file is synced first and that our facts and the
// pointer to the new metadata change in one database transaction.
type committer struct {
	*iceTable
	facts note // nil for none
}

// LoadTable implements table.CatalogIO.
func (c *committer) LoadTable(ctx context.Context, id table.Identifier) (*table.Table, error) {
	return c.cat.LoadTable(ctx, id)
}

// CommitTable implements table.CatalogIO.
func (c *committer) CommitTable(ctx context.Context, _ table.Identifier, reqs []table.Requirement,
	updates []table.Update,
) (table.Metadata, string, error) {
	base, old := c.tbl.Metadata(), c.tbl.MetadataLocation()
	for _, r := range reqs {
		if err := r.Validate(base); err != nil {
			return nil, "", err
		}
	}
	meta, err := table.UpdateTableMetadata(base, updates, old)
	if err != nil {
		return nil, "", fmt.Errorf("update metadata: %w", err)
	}
	location, err := writeMetadata(meta, old)
	if err != nil {
		return nil, "", err
	}
	if err := c.point(ctx, location, old); err != nil {
		return nil, "", err
	}
	return meta, location, nil
}

// writeMetadata stores meta as the version after the one at old.
func writeMetadata(meta table.Metadata, old string) (string, error) {
	digits, _, _ := strings.Cut(path.Base(old), "-")
	version, err := strconv.Atoi(digits)
	if err != nil {
		return "", fmt.Errorf("read version of %s: %w", old, err)
	}
	provider, err := table.LoadLocationProvider(meta.Location(), meta.Properties())
	if err != nil {
		return "", fmt.Errorf("locate metadata: %w", err)
	}
	location, err := provider.NewTableMetadataFileLocation(version + 1)
	if err != nil {
		return "", fmt.Errorf("locate metadata: %w", err)
	}
	raw, err := json.Marshal(meta)
	if err != nil {
		return "", fmt.Errorf("encode metadata: %w", err)
	}
	if err := (syncFS{}).WriteFile(location, raw); err != nil {
		return "", fmt.Errorf("write metadata: %w", err)
	}
	return location, nil
}

// point moves the catalog from the old metadata file to the new one and stores
// the facts, together or not at all.
func (c *committer) point(ctx context.Context, location, old string) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("commit to catalog: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to undo
	res, err := tx.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?,
		previous_metadata_location = ? WHERE catalog_name = ? AND table_namespace = ?
		AND table_name = ? AND metadata_location = ?`,
		location, old, catalogName, namespace, tableName, old)
	if err != nil {
		return fmt.Errorf("commit to catalog: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("commit to catalog: %d rows changed, want 1 (%v)", n, err)
	}
	if c.facts != nil {
		if err := c.facts(ctx, tx); err != nil {
			return err
		}
	}
	if err := c.sums().Note(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit to catalog: %w", err)
	}
	return nil
}
