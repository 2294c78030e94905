package witness

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/proof"
)

// openKey reads the witness's key, or makes one in a new folder.
func openKey(dir, name string) (*proof.Cosigner, error) {
	path := filepath.Join(dir, "key")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "logs")); err == nil {
			return nil, fmt.Errorf("open witness: %s is missing, but it has cosigned before", path)
		}
		text, err = createKey(path, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read witness key: %w", err)
	}
	key, err := proof.ParseCosigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if name != "" && key.Name() != name {
		return nil, fmt.Errorf("open witness: its name is %s, not %s", key.Name(), name)
	}
	return key, writeFile(filepath.Join(dir, "witness.pub"), []byte(key.Key()+"\n"), 0o644)
}

func createKey(path, name string) ([]byte, error) {
	if name == "" {
		var id [4]byte
		_, _ = rand.Read(id[:]) // never fails
		name = "witness/" + hex.EncodeToString(id[:])
	}
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	text := []byte(secret + "\n")
	return text, writeFile(path, text, 0o600)
}

// writeFile puts a file in place whole or not at all, and synced.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("name file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
