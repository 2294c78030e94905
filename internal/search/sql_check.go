package search

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/sqlguard"
)

// ErrSQL is wrapped by errors about a statement that cannot be run.
var ErrSQL = sqlguard.ErrRefused

// EventsView is the one relation that SQL may read.
const EventsView = "events"

// checkSQL has DuckDB's parser read the statement and sqlguard judge it, and
// returns the text that DuckDB makes of what was judged.
func checkSQL(ctx context.Context, db *sql.Tx, text string) (string, error) {
	if len(text) > MaxQueryBytes {
		return "", fmt.Errorf("%w: it is longer than %d bytes", ErrSQL, MaxQueryBytes)
	}
	var tree string
	err := db.QueryRowContext(ctx, "SELECT json_serialize_sql($1::VARCHAR)::VARCHAR",
		plain.Column(text)).Scan(&tree)
	if err != nil {
		return "", fmt.Errorf("parse SQL: %w", err)
	}
	err = sqlguard.Check([]byte(tree), EventsView, func(name string) (bool, error) {
		if strings.HasPrefix(name, "hot_") {
			return true, nil
		}
		var taken bool
		err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM duckdb_tables() "+
			"WHERE table_name = $1) OR EXISTS (SELECT 1 FROM duckdb_views() WHERE view_name = $1)",
			name).Scan(&taken)
		return taken, err
	})
	if err != nil {
		return "", err
	}
	var canonical string
	err = db.QueryRowContext(ctx, "SELECT json_deserialize_sql($1::VARCHAR::JSON)", tree).Scan(&canonical)
	if err != nil {
		return "", fmt.Errorf("write SQL: %w", err)
	}
	return canonical, nil
}
