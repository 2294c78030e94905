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

	"github.com/evident-sec/evident/internal/durable"
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
	return key, durable.Write(filepath.Join(dir, "witness.pub"), []byte(key.Key()+"\n"), 0o644)
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
	return text, durable.Write(path, text, 0o600)
}
