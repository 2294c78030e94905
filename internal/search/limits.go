package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// Errors of a question that is too big. The engine goes on.
var (
	ErrMemory = errors.New("the question needs more memory than a search may take: " +
		"narrow the time range, count by fewer fields, or ask for fewer rows")
	ErrTime = fmt.Errorf("the question takes longer than a search may: narrow the time range "+
		"or name a field: %w", context.DeadlineExceeded)
	ErrGaveWay = errors.New("arriving events needed the memory of this search: " +
		"narrow the time range and ask again")
)

// outOfMemory reports whether DuckDB had no memory left, or no room to spill.
func outOfMemory(err error) bool {
	var e *duckdb.Error
	return errors.As(err, &e) && e.Type == duckdb.ErrorTypeOutOfMemory
}

// ended returns the context's error in place of DuckDB's words for it, and what
// to do where memory was short.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return fmt.Errorf("search events: %w", cause)
	}
	if outOfMemory(err) {
		return fmt.Errorf("search events: %w", ErrMemory)
	}
	return err
}
