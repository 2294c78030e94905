package daykey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/internal/sealed"
)

var update = flag.Bool("update", false, "make the vectors anew")

const (
	vectors = "../../docs/formats/vectors/sealed-file"
	vectDay = "2026-11-22"
)

// vectorText is what the encrypted file of the vectors holds.
func vectorText() []byte {
	var out bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&out, "record %d of the vector\n", i)
	}
	return out.Bytes()
}

// TestVectors opens the file of the vectors with the keys beside it, by Tink.
func TestVectors(t *testing.T) {
	if *update {
		makeVectors(t)
	}
	ring := open(t, copied(t, vectors))
	b, err := os.ReadFile(filepath.Join(vectors, "file.sealed"))
	must(t, err)
	h, _, err := sealed.ReadHeader(bytes.NewReader(b))
	must(t, err)
	key, err := ring.Get(h.Key)
	must(t, err)
	r, err := sealed.NewReader(bytes.NewReader(b), int64(len(b)), key, h)
	must(t, err)
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, vectorText()) {
		t.Errorf("vector gives %d bytes, %v", len(got), err)
	}
}

func makeVectors(t *testing.T) {
	must(t, os.RemoveAll(vectors))
	id, key, err := open(t, vectors).Current(vectDay)
	must(t, err)
	var out bytes.Buffer
	w, err := sealed.NewWriter(&out, key, sealed.Header{Key: id, Label: "000000000007.0", Random: [16]byte{1, 2, 3}})
	must(t, err)
	_, err = w.Write(vectorText())
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(filepath.Join(vectors, "file.sealed"), out.Bytes(), 0o600))
}

// TestVectorsByHand opens the same file as the specification says, with the
// standard library and neither Tink nor our packages.
func TestVectorsByHand(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(vectors, name))
		must(t, err)
		return b
	}
	var master struct {
		Key []struct {
			KeyData struct{ Value []byte }
			KeyID   uint32 `json:"keyId"`
		}
	}
	must(t, json.Unmarshal(read("master.json"), &master))
	var wrapped struct{ EncryptedKeyset string }
	must(t, json.Unmarshal(read(vectDay+".0.json"), &wrapped))
	sealedSet, err := base64.StdEncoding.DecodeString(wrapped.EncryptedKeyset)
	must(t, err)
	raw := master.Key[0].KeyData.Value // protocol buffer AesGcmKey: field 3, 32 bytes
	set := unseal(t, raw[len(raw)-32:], master.Key[0].KeyID, sealedSet, []byte("evident day key "+vectDay+".0"))
	at := bytes.Index(set, []byte{0x1a, 0x20}) // the AesGcmKey in the key set
	dayKey := set[at+2 : at+34]

	file := read("file.sealed")
	header := 8 + 1 + len(vectDay+".0") + 1 + len("000000000007.0") + 16
	var got []byte
	for i, rest := uint64(0), file[header:]; len(rest) > 0; i++ {
		n := min(len(rest), 16384+33)
		associated := binary.BigEndian.AppendUint64(bytes.Clone(file[:header]), i)
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		id := binary.BigEndian.Uint32(rest[1:5])
		got = append(got, unseal(t, dayKey, id, rest[:n], append(associated, last))...)
		rest = rest[n:]
	}
	if !bytes.Equal(got, vectorText()) {
		t.Errorf("by hand: %d bytes", len(got))
	}
}

// unseal opens a ciphertext of Tink's AES256_GCM: 1, key id, nonce, text, tag.
func unseal(t *testing.T, key []byte, id uint32, b, associated []byte) []byte {
	t.Helper()
	if b[0] != 1 || binary.BigEndian.Uint32(b[1:5]) != id {
		t.Fatalf("ciphertext begins with %x, key is %x", b[:5], id)
	}
	block, err := aes.NewCipher(key)
	must(t, err)
	gcm, err := cipher.NewGCM(block)
	must(t, err)
	text, err := gcm.Open(nil, b[5:17], b[17:], associated)
	must(t, err)
	return text
}

// copied copies a folder: opening keys may change their rights.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	must(t, os.CopyFS(to, os.DirFS(from)))
	return to
}
