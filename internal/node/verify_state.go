package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/evident-sec/evident/internal/lake"
)

// changed reports the files of a pair that are not byte for byte what was
// committed, and the records in them. Which of these records changed, if any
// did, the record's own checks say.
func (v *verifier) changed(file lake.File, err error) {
	if err == nil {
		return
	}
	records := fmt.Sprintf("records %d-0 to %d-%d", file.FirstEntry, file.LastEntry,
		max(1, v.manifests[file.LastEntry].Count)-1)
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	for _, part := range parts {
		where := file.Path
		var damage *lake.DamageError
		if errors.As(part, &damage) {
			where = damage.Path
		}
		v.fail("file", where+", "+records, "%v", part)
	}
}

// catalog checks the lake's list of files.
func (v *verifier) catalog(ctx context.Context) error {
	found, err := v.n.lake.CheckCatalog(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	where := filepath.Join(v.n.lakeDir(), "catalog.db")
	if err != nil {
		v.fail("lake", where, "%v", err)
	}
	for _, text := range found {
		v.fail("lake", where, "%s", text)
	}
	return v.metadata(ctx)
}

// metadata checks what foreign engines read of the lake. That it was altered and made
// anew earlier is told as a notice: nothing of it is left.
func (v *verifier) metadata(ctx context.Context) error {
	faults, err := v.n.lake.CheckMetadata(ctx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		v.fail("metadata", f.Where, "%s", f.Text)
	}
	notes, err := v.n.lake.Rebuilds(ctx)
	if len(faults) == 0 {
		for _, f := range notes {
			v.out.Notices = append(v.out.Notices, Failure{"metadata", f.Where, f.Text})
		}
	}
	return err
}

// derived checks the state. It is no evidence, and everything in it can be
// derived again, but a finding that changed would mislead.
func (v *verifier) derived(ctx context.Context) error {
	faults, err := v.n.state.Check(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.fail("state", v.n.state.Path(), "%v", err)
	}
	for _, f := range faults {
		v.fail("state", fmt.Sprintf("%s, %s", v.n.state.Path(), f.Where), "%s", f.Text)
	}
	return nil
}
