package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/evident-sec/evident/event"
)

// WriteParquet writes the events that each gives to a new Parquet file, in
// order of time, with the columns that answers have and without original bytes.
// It uses an engine of its own, which may write into the file's folder and
// nowhere else; what outgrows 512 MiB waits in a folder beside the file.
func WriteParquet(
	ctx context.Context, path string, each func(visit func(*event.Event) error) error,
) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	spill, err := os.MkdirTemp(filepath.Dir(path), ".evident-spill-")
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	defer os.RemoveAll(spill)
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	db := sql.OpenDB(connector)
	err = writeParquet(ctx, db, Config{Dir: spill, Lake: filepath.Dir(path)}, path, each)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

func writeParquet(
	ctx context.Context, db *sql.DB, cfg Config, path string, each func(func(*event.Event) error) error,
) error {
	cfg.MemoryMB, cfg.Threads, cfg.SpillMB = 512, 2, 64<<10
	if err := configure(ctx, db, cfg); err != nil {
		return err
	}
	h, err := openHot(ctx, db)
	if err != nil {
		return err
	}
	e := &Engine{db: db, hot: h}
	var batch []event.Event
	give := func() error {
		err := e.Hot(ctx, batch)
		batch = batch[:0]
		return err
	}
	err = each(func(ev *event.Event) error {
		batch = append(batch, *ev)
		if len(batch) < flushRows {
			return nil
		}
		return give()
	})
	if err == nil {
		err = give()
	}
	if err == nil {
		err = e.show()
	}
	if err == nil {
		err = copyParquet(ctx, db, h, path)
	}
	return errors.Join(err, h.close())
}

func copyParquet(ctx context.Context, db *sql.DB, h *hot, path string) error {
	v := &view{}
	for _, t := range h.tables {
		v.tables = append(v.tables, t.name)
	}
	from := shape
	if len(v.tables) > 0 {
		from = "(" + v.hotSQL("* EXCLUDE (raw)") + ") ORDER BY time, entry, leaf"
	}
	_, err := db.ExecContext(ctx, "COPY (SELECT * FROM "+from+") TO "+text(path)+
		" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)")
	return err
}
