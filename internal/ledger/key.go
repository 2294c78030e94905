package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/internal/durable"
)

const (
	keyName      = "key"
	verifierName = "verifier.pub"
)

// signingKey is the log's key pair.
type signingKey struct {
	signer   note.Signer
	verifier note.Verifier
	public   string // verifier key, text form
}

// openKey reads the signing key in dir, or makes one where the log is new.
func openKey(dir, origin string, isNew bool) (*signingKey, error) {
	path := filepath.Join(dir, keyName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !isNew {
			return nil, fmt.Errorf("%w: %s is missing", ErrTampered, path)
		}
		text, err = createKey(path, origin)
	}
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	k, err := parseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", path, err)
	}
	return k, k.publish(dir)
}

func createKey(path, origin string) ([]byte, error) {
	if origin == "" {
		var id [4]byte
		_, _ = rand.Read(id[:]) // never fails
		origin = "evident.local/" + hex.EncodeToString(id[:])
	}
	secret, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	text := []byte(secret + "\n")
	return text, durable.Write(path, text, 0o600)
}

// parseKey reads a private key in the text form of package note, which does
// not give its public half away.
func parseKey(secret string) (*signingKey, error) {
	var err error
	k := &signingKey{}
	if k.signer, err = note.NewSigner(secret); err != nil {
		return nil, fmt.Errorf("parse key: %w", err)
	}
	// PRIVATE+KEY+<name>+<hash>+<base64 of the algorithm byte and the seed>;
	// the name holds no plus, the base64 may.
	data, err := base64.StdEncoding.DecodeString(strings.SplitN(secret, "+", 5)[4])
	if err != nil || len(data) != 1+ed25519.SeedSize {
		return nil, errors.New("parse key: not an Ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	if k.public, err = note.NewEd25519VerifierKey(k.signer.Name(), public); err != nil {
		return nil, fmt.Errorf("encode verifier key: %w", err)
	}
	if k.verifier, err = note.NewVerifier(k.public); err != nil {
		return nil, fmt.Errorf("parse verifier key: %w", err)
	}
	return k, nil
}

// publish writes the verifier key beside the signing key. One that is there
// must be the same: it is what others were given.
func (k *signingKey) publish(dir string) error {
	path := filepath.Join(dir, verifierName)
	want := []byte(k.public + "\n")
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return durable.Write(path, want, 0o644)
	case err != nil:
		return fmt.Errorf("read verifier key: %w", err)
	case !bytes.Equal(have, want):
		return fmt.Errorf("%w: %s does not belong to the signing key", ErrTampered, path)
	}
	return nil
}

// readVerifier reads the published verifier key.
func readVerifier(dir string) (note.Verifier, error) {
	text, err := os.ReadFile(filepath.Join(dir, verifierName))
	if err != nil {
		return nil, fmt.Errorf("read verifier key: %w", err)
	}
	v, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("parse verifier key: %w", err)
	}
	return v, nil
}
