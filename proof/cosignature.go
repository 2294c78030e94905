package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Algorithm bytes of signed-note keys.
const (
	algEd25519     = 1
	algCosignature = 4 // Ed25519 cosignature/v1
)

// Cosignature is a witness's statement that the checkpoint was the largest
// consistent one it had seen of the log at that time: C2SP tlog-cosignature,
// see docs/formats/cosignature.md.
type Cosignature struct {
	Witness string    // name in the policy
	Key     string    // name of the witness's key
	Time    time.Time // by the witness's clock, whole seconds
	Line    string    // the signature line, with its newline
}

// cosignedMessage is what a cosignature/v1 signs: two lines before the text of
// the checkpoint.
func cosignedMessage(at uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

// cosignatureKey is a witness's public key; it implements note.Verifier.
type cosignatureKey struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func (k *cosignatureKey) Name() string    { return k.name }
func (k *cosignatureKey) KeyHash() uint32 { return k.hash }

// Verify checks a timestamp of 8 bytes, big endian, and an Ed25519 signature.
func (k *cosignatureKey) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(k.public, cosignedMessage(at, msg), sig[8:])
}

// keyHash is the key ID of signed-note: the start of
// SHA-256(name ‖ "\n" ‖ algorithm ‖ public key).
func keyHash(name string, algorithm byte, public []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), algorithm), public...))
	return binary.BigEndian.Uint32(sum[:])
}

func newCosignatureKey(name string, public ed25519.PublicKey) *cosignatureKey {
	return &cosignatureKey{name, keyHash(name, algCosignature, public), public}
}

func (k *cosignatureKey) String() string {
	data := append([]byte{algCosignature}, k.public...)
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash, base64.StdEncoding.EncodeToString(data))
}

// splitKey reads the text form of a verifier key, NAME+ID+BASE64, whose ID has
// to be that of name and key.
func splitKey(text string) (name string, algorithm byte, public []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	id, encoded, ok := strings.Cut(rest, "+")
	data, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(data) < 2 || !validKeyName(name) {
		return "", 0, nil, errors.New("not a verifier key NAME+ID+KEY")
	}
	if id != fmt.Sprintf("%08x", keyHash(name, data[0], data[1:])) {
		return "", 0, nil, errors.New("the key's identifier is not that of its name and key")
	}
	return name, data[0], data[1:], nil
}

// validKeyName holds for names that signed-note allows.
func validKeyName(name string) bool {
	return name != "" && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, unicode.IsSpace) && !strings.Contains(name, "+")
}

// parseCosignatureKey reads a witness's verifier key, algorithm byte 4.
func parseCosignatureKey(text string) (*cosignatureKey, error) {
	name, algorithm, public, err := splitKey(text)
	if err != nil {
		return nil, fmt.Errorf("parse witness key: %w", err)
	}
	if algorithm != algCosignature || len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("parse witness key of %s: not an Ed25519 cosignature key", name)
	}
	return newCosignatureKey(name, public), nil
}

// Cosigner is a witness's key pair.
type Cosigner struct {
	key    *cosignatureKey
	secret ed25519.PrivateKey
}

// ParseCosigner reads a private key in the text form of package note:
// PRIVATE+KEY+NAME+ID+BASE64 of an algorithm byte 1 and the Ed25519 seed.
func ParseCosigner(secret string) (*Cosigner, error) {
	parts := strings.SplitN(secret, "+", 5)
	if len(parts) != 5 || parts[0] != "PRIVATE" || parts[1] != "KEY" || !validKeyName(parts[2]) {
		return nil, errors.New("parse witness key: not a private key")
	}
	data, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(data) != 1+ed25519.SeedSize || data[0] != algEd25519 {
		return nil, errors.New("parse witness key: not an Ed25519 private key")
	}
	key := ed25519.NewKeyFromSeed(data[1:])
	public := key.Public().(ed25519.PublicKey)
	if parts[3] != fmt.Sprintf("%08x", keyHash(parts[2], algEd25519, public)) {
		return nil, errors.New("parse witness key: the identifier is not that of the key")
	}
	return &Cosigner{newCosignatureKey(parts[2], public), key}, nil
}

// Key returns the public half as a verifier key, to be put in a policy.
func (c *Cosigner) Key() string { return c.key.String() }

// Name returns the key's name.
func (c *Cosigner) Name() string { return c.key.name }

// Cosign returns the signature line, with its newline, over the text of a
// checkpoint. The caller has checked that the log's history is consistent.
func (c *Cosigner) Cosign(text string, at time.Time) string {
	stamp := uint64(max(at.Unix(), 0))
	sig := binary.BigEndian.AppendUint32(nil, c.key.hash)
	sig = binary.BigEndian.AppendUint64(sig, stamp)
	sig = append(sig, ed25519.Sign(c.secret, cosignedMessage(stamp, []byte(text)))...)
	return "— " + c.key.name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

// cosignatureTime reads the time out of the base64 of a signature line that was
// verified: 4 bytes of key ID, 8 of time, the signature.
func cosignatureTime(encoded string) (time.Time, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(data) < 12 {
		return time.Time{}, errors.New("cosignature " + strconv.Quote(encoded) + " is not strict base64")
	}
	return time.Unix(int64(binary.BigEndian.Uint64(data[4:])), 0).UTC(), nil
}
