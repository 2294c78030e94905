package proof_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// seedOf is the seed of a test key, which everybody can compute.
func seedOf(name string) []byte {
	seed := sha256.Sum256([]byte("evident test vectors: this key is public " + name))
	return seed[:]
}

// secretKey returns a private key in the text form of package note.
func secretKey(name string) string {
	public := ed25519.NewKeyFromSeed(seedOf(name)).Public().(ed25519.PublicKey)
	id := sha256.Sum256(fmt.Appendf(nil, "%s\n\x01%s", name, public))
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, binary.BigEndian.Uint32(id[:]),
		base64.StdEncoding.EncodeToString(append([]byte{1}, seedOf(name)...)))
}

// publicKey returns the verifier key of a log.
func publicKey(t testing.TB, name string) string {
	t.Helper()
	public := ed25519.NewKeyFromSeed(seedOf(name)).Public().(ed25519.PublicKey)
	key, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func noteSigner(t testing.TB, name string) note.Signer {
	t.Helper()
	signer, err := note.NewSigner(secretKey(name))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// signNote signs a text with the key of a log.
func signNote(t testing.TB, name, text string) string {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}
