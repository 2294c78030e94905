package disposal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// WipeFree fills the free space of the file system that folder dir is on with
// zeros and gives it back: what files that are gone have left there is
// overwritten. The lake wipes its own files before it removes them; journal
// blocks and database logs are removed by engines that do not. Call it once the
// folder is closed: a removed file keeps its blocks as long as it is open. Other
// programs find the disk full meanwhile.
func WipeFree(ctx context.Context, dir string) (err error) {
	for i := 0; ; i++ {
		path := filepath.Join(dir, fmt.Sprintf("wipe-%d", i))
		f, oerr := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if errors.Is(oerr, syscall.ENOSPC) {
			return nil
		}
		if oerr != nil {
			return fmt.Errorf("wipe free space: %w", oerr)
		}
		defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
		n, err := fill(ctx, f)
		if err != nil || n == 0 {
			return err
		}
		// What a file system set aside for its own bookkeeping is free again
		// once the file is on the disk, and for another file.
		if err := f.Sync(); err != nil && !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("wipe free space: %w", err)
		}
	}
}

// fill writes zeros until there is no room for another one.
func fill(ctx context.Context, f *os.File) (written int64, err error) {
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		if err := ctx.Err(); err != nil {
			return written, fmt.Errorf("wipe free space: %w", err)
		}
		n, err := f.Write(block)
		written += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return written, fmt.Errorf("wipe free space: %w", err)
		}
	}
	return written, nil
}
