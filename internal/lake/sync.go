package lake

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	icebergio "github.com/apache/iceberg-go/io"

	"github.com/evident-sec/evident/internal/durable"
)

// syncFS is the local file system for Iceberg metadata. A file is on the disk,
// under its name, before Close returns, so that the catalog never points at
// something a power cut can take away.
type syncFS struct{ icebergio.LocalFS }

// Create implements icebergio.WriteFileIO.
func (fs syncFS) Create(name string) (icebergio.FileWriter, error) {
	w, err := fs.LocalFS.Create(name)
	if err != nil {
		return nil, err
	}
	file, ok := w.(*os.File)
	if !ok {
		return nil, fmt.Errorf("create %s: not a local file", name)
	}
	return syncedFile{file}, nil
}

// WriteFile implements icebergio.WriteFileIO.
func (fs syncFS) WriteFile(name string, b []byte) error {
	w, err := fs.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return errors.Join(err, w.Close())
}

type syncedFile struct{ *os.File }

// Close syncs the file and its folder.
func (f syncedFile) Close() error {
	err := f.Sync()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", f.Name(), err)
	}
	return durable.SyncDir(filepath.Dir(f.Name()))
}

// fileURI returns the file: address of an absolute path, as Iceberg metadata
// holds it.
func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}
