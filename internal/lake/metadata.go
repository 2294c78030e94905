package lake

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/iceberg-go"

	"github.com/evident-sec/evident/internal/lake/sums"
)

// Fault is something in the catalog or in the Iceberg metadata that is not as it
// was written.
type Fault struct {
	Where string // a file, or a row of the catalog
	Text  string
}

// Rebuilds lists when and why the Iceberg metadata was made anew because it was not
// what the catalog says, oldest first: what a foreign engine read before that may
// have been altered.
func (t *Table) Rebuilds(ctx context.Context) ([]Fault, error) {
	notes, err := t.ice.sums().Rebuilds(ctx, t.db)
	out := make([]Fault, len(notes))
	for i, text := range notes {
		out[i] = Fault{t.ice.metadata, text}
	}
	return out, err
}

func (t *iceTable) sums() sums.Folder { return sums.Folder(t.metadata) }

// changed lists the metadata files that are not as they were written.
func (t *iceTable) changed(ctx context.Context) ([]Fault, error) {
	paths, err := t.sums().Changed(ctx, t.db)
	out := make([]Fault, len(paths))
	for i, path := range paths {
		out[i] = Fault{path, "is not the Iceberg metadata that was written there"}
	}
	return out, err
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
	return reason, t.sums().NoteRebuild(ctx, t.db, reason)
}
