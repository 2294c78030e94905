package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Suffix ends the name of a file that is not whole yet. What a kill leaves under
// such a name means nothing.
const Suffix = ".new"

// Write puts the file there in place of one that may be there, whole or not at
// all. Two must not write the same path at a time.
func Write(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+Suffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+Suffix, path)
	}
	if err != nil {
		_ = os.Remove(path + Suffix) // it means nothing where it stays
		return fmt.Errorf("write file: %w", err)
	}
	return SyncDir(filepath.Dir(path))
}

// New is Write that never replaces a file; then its error is fs.ErrExist.
func New(path string, data []byte, mode os.FileMode) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	return Write(path, data, mode)
}

// SyncDir makes the names in a folder last.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// Wipe overwrites a file with zeros, syncs it and removes it, so that a later image
// of the disk does not hold its bytes. That it is not there is no error. The
// caller syncs the folder.
func Wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wipe file: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, info.Size())
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("wipe %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove wiped file: %w", err)
	}
	return nil
}

// zeros is an endless source of them.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
