package lake

import (
	"context"
	"fmt"
)

// CheckCatalog lets the catalog database check its own pages and indexes and
// returns what it finds, at most 100 lines. What the files hold is Verify's
// business.
func (t *Table) CheckCatalog(ctx context.Context) ([]string, error) {
	rows, err := t.db.QueryContext(ctx, "PRAGMA integrity_check(100)")
	if err != nil {
		return nil, fmt.Errorf("check catalog: %w", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return found, fmt.Errorf("check catalog: %w", err)
		}
		if text != "ok" {
			found = append(found, text)
		}
	}
	if err := rows.Err(); err != nil {
		return found, fmt.Errorf("check catalog: %w", err)
	}
	return found, nil
}
