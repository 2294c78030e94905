package edgelake

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/lake"
)

// ErrNotStored says that a file has no edges of this version.
var ErrNotStored = errors.New("no edges are stored")

// Verify compares the stored edges of a file with what was noted of them and
// with what its columns give. The error is ErrNotStored, or a *lake.DamageError
// that names the file of edges and the first event that differs.
func (s *Store) Verify(ctx context.Context, f lake.File) error {
	s.mu.Lock()
	facts, ok := s.known[nameOf(f)]
	s.mu.Unlock()
	if !ok || facts.Version != edge.Version {
		return fmt.Errorf("verify edges of %s: %w", f.Path, ErrNotStored)
	}
	if err := s.cfg.Table.CheckEdges(ctx, f, facts); err != nil {
		return err
	}
	path, _ := s.cfg.Table.EdgesOf(f)
	stored, err := readSheet(path)
	if err != nil {
		return damaged(path, f, err)
	}
	derived, err := derive(ctx, s.cfg.Table, f)
	if err != nil {
		return err
	}
	if err := same(stored, derived); err != nil {
		return damaged(path, f, err)
	}
	return nil
}

// VerifyAll is Verify for all files that have edges; bad hears of each that is not
// as it should be, which is then derived anew when it is needed.
func (s *Store) VerifyAll(ctx context.Context, bad func(error)) error {
	release := s.cfg.Table.Pin()
	defer release()
	for _, f := range s.cfg.Table.Files() {
		err := s.Verify(ctx, f)
		_, wrong := errors.AsType[*lake.DamageError](err)
		switch {
		case wrong:
			bad(err)
			s.mu.Lock()
			s.drop(nameOf(f))
			delete(s.known, nameOf(f))
			s.status.Damaged++
			s.mu.Unlock()
		case err != nil && !errors.Is(err, ErrNotStored):
			return err
		}
	}
	return nil
}

func damaged(path string, f lake.File, err error) error {
	if found, ok := errors.AsType[*lake.DamageError](err); ok {
		return found
	}
	return &lake.DamageError{Path: path, Group: -1, First: f.FirstEntry, Last: f.LastEntry, Err: err}
}

// same compares two blocks record by record.
func same(stored, derived *Block) error {
	if stored.records != derived.records {
		return fmt.Errorf("edges of %d events are stored, the columns hold %d", stored.records,
			derived.records)
	}
	a, b := newReading(stored), newReading(derived)
	var x, y edge.Record
	for i := range stored.records {
		a.of(i, &x)
		b.of(i, &y)
		if !Equal(&x, &y) {
			return fmt.Errorf("edges of event %s are not those of its columns", x.ID)
		}
	}
	return nil
}

// Equal reports whether two records say the same.
func Equal(a, b *edge.Record) bool {
	if a.ID != b.ID || !a.Time.Equal(b.Time) || a.Seq != b.Seq || a.Timed != b.Timed ||
		a.Timed && a.Clock != b.Clock || a.Origin != b.Origin || len(a.Edges) != len(b.Edges) {
		return false
	}
	for i := range a.Edges {
		if !reflect.DeepEqual(a.Edges[i], b.Edges[i]) {
			return false
		}
	}
	return true
}
