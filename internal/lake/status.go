package lake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Status is how the lake lies on the disk.
type Status struct {
	Files          int   `json:"files"`           // pairs
	Small          int   `json:"small"`           // of them fewer than half full
	Runs           int   `json:"runs"`            // merges that Compact with All would do first
	Events         int64 `json:"events"`          // rows in them
	ColumnsBytes   int64 `json:"columns_bytes"`   //
	OriginalsBytes int64 `json:"originals_bytes"` //
	Replaced       int   `json:"replaced"`        // pairs that wait for Dispose
	Snapshots      int   `json:"snapshots"`       // of Iceberg
	Manifests      int   `json:"manifests"`       // of the current one
	MetadataBytes  int64 `json:"metadata_bytes"`  //
}

// Status measures the lake.
func (t *Table) Status(ctx context.Context) (Status, error) {
	var s Status
	o := CompactOptions{All: true}.complete()
	files := t.state.Load().files
	for i := range files {
		f := &files[i]
		s.Events += f.Rows
		s.ColumnsBytes += f.Bytes
		s.OriginalsBytes += f.OriginalsBytes
		if f.Rows < o.Rows/2 && f.Bytes < o.Bytes/2 {
			s.Small++
		}
	}
	s.Files, s.Runs = len(files), len(plan(files, o, nil))
	condemned, err := condemnedFiles(ctx, t.db, time.Time{})
	if err != nil {
		return s, err
	}
	s.Replaced = len(condemned)
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Snapshots = len(t.ice.tbl.Metadata().Snapshots())
	if snap := t.ice.tbl.CurrentSnapshot(); snap != nil {
		manifests, err := snap.Manifests(syncFS{})
		if err != nil {
			return s, fmt.Errorf("read manifest list: %w", err)
		}
		s.Manifests = len(manifests)
	}
	entries, err := os.ReadDir(filepath.Join(t.cfg.Dir, metadataDir))
	if err != nil {
		return s, fmt.Errorf("list metadata: %w", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			s.MetadataBytes += info.Size()
		}
	}
	return s, nil
}
