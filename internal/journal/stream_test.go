package journal_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// TestMain runs a child's part where a test started this binary again.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(killDirEnv) != "":
		fmt.Fprintln(os.Stderr, appendUntilKilled(os.Getenv(killDirEnv)))
		os.Exit(1)
	case os.Getenv(historyDirEnv) != "":
		fmt.Fprintln(os.Stderr, makeHistory(os.Getenv(historyDirEnv)))
		os.Exit(1)
	case os.Getenv(syncDirEnv) != "":
		os.Exit(appendWithoutSync(os.Getenv(syncDirEnv)))
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	journaltest.Run(t, journaltest.Driver{
		Open: func(ctx context.Context, dir string, first uint64) (journaltest.Journal, error) {
			return journal.Open(ctx, journal.Config{Dir: dir, FirstSeq: first})
		},
		NotFound: journal.ErrNotFound,
	})
}
