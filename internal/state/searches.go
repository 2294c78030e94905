package state

import (
	"context"
	"fmt"
	"time"
)

// SavedSearch is a query that somebody kept under a name. Saving and deleting
// are acts in the journal; this is where they are looked up.
type SavedSearch struct {
	Name  string    // unique
	Query string    // text, with $parameters
	Note  string    // what it is for
	By    string    // caller who saved it
	Saved time.Time // when
}

// SaveSearch keeps the search under its name, in place of one of that name.
func (s *Store) SaveSearch(ctx context.Context, in SavedSearch) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO searches (name, query, note, saved_by, saved)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET query = excluded.query,
		note = excluded.note, saved_by = excluded.saved_by, saved = excluded.saved`,
		in.Name, in.Query, in.Note, in.By, in.Saved.UnixNano())
	if err != nil {
		return fmt.Errorf("save search %s: %w", in.Name, err)
	}
	return nil
}

// DeleteSearch forgets a saved search; ErrNotFound where there is none.
func (s *Store) DeleteSearch(ctx context.Context, name string) error {
	done, err := s.write.ExecContext(ctx, "DELETE FROM searches WHERE name = ?", name)
	if err != nil {
		return fmt.Errorf("delete search %s: %w", name, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("delete search %s: %w", name, ErrNotFound)
	}
	return nil
}

// Search returns the saved search of that name; ErrNotFound where there is none.
func (s *Store) Search(ctx context.Context, name string) (SavedSearch, error) {
	all, err := s.searches(ctx, "WHERE name = ?", name)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("look up saved search %.80q: %w", name, ErrNotFound)
	}
	if err != nil {
		return SavedSearch{}, err
	}
	return all[0], nil
}

// Searches returns all saved searches, by name.
func (s *Store) Searches(ctx context.Context) ([]SavedSearch, error) {
	return s.searches(ctx, "ORDER BY name")
}

func (s *Store) searches(ctx context.Context, where string, args ...any) ([]SavedSearch, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT name, query, note, saved_by, saved FROM searches "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list saved searches: %w", err)
	}
	defer rows.Close()
	var out []SavedSearch
	for rows.Next() {
		var one SavedSearch
		var at int64
		if err := rows.Scan(&one.Name, &one.Query, &one.Note, &one.By, &at); err != nil {
			return nil, fmt.Errorf("list saved searches: %w", err)
		}
		one.Saved = time.Unix(0, at).UTC()
		out = append(out, one)
	}
	return out, rows.Err()
}
