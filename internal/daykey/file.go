package daykey

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/internal/durable"
)

// writeDurably puts a file on the disk, readable by the owner alone. It does not
// replace one.
func writeDurably(path string, b []byte) error {
	if err := durable.New(path, b, 0o600); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	return nil
}

// wipe overwrites a key file and removes it, durably.
func wipe(path string) error {
	if err := durable.Wipe(path); err != nil {
		return fmt.Errorf("wipe key file: %w", err)
	}
	return durable.SyncDir(filepath.Dir(path))
}

// makeDir makes a folder that only the owner may enter, durably.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make key folder: %w", err)
	}
	return durable.SyncDir(filepath.Dir(dir))
}
