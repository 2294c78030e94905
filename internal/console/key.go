package console

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MakeKey makes the key of a signer (C2SP signed-note, Ed25519), writes the
// private one to a new file and prints the public one. A file that is there
// already stays.
func MakeKey(e *Env, name, out string) error {
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = fmt.Fprintln(f, private)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = fmt.Fprintln(e.Stdout, public)
	return err
}

// ReadSigner reads the private key that MakeKey wrote.
func ReadSigner(file string) (note.Signer, error) {
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(key)))
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", file, err)
	}
	return signer, nil
}

// ReadVerifiers reads public keys, one a file.
func ReadVerifiers(files []string) (note.Verifiers, error) {
	var list []note.Verifier
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read public key: %w", err)
		}
		v, err := note.NewVerifier(strings.TrimSpace(string(body)))
		if err != nil {
			return nil, fmt.Errorf("read public key %s: %w", name, err)
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}
