package cloudtrail

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// digest is a digest file.
type digest struct {
	EndTime           string `json:"digestEndTime"`
	Bucket            string `json:"digestS3Bucket"`
	Object            string `json:"digestS3Object"`
	Fingerprint       string `json:"digestPublicKeyFingerprint"`
	Algorithm         string `json:"digestSignatureAlgorithm"`
	PreviousObject    string `json:"previousDigestS3Object"`
	PreviousHash      string `json:"previousDigestHashValue"`
	PreviousSignature string `json:"previousDigestSignature"`
	Logs              []struct {
		Object    string `json:"s3Object"`
		Hash      string `json:"hashValue"`
		Algorithm string `json:"hashAlgorithm"`
	} `json:"logFiles"`

	hash [sha256.Size]byte
}

// Bounds of one digest file and of a file of keys.
const (
	MaxDigestBytes = 64 << 20
	maxKeys        = 10_000
)

func parseDigest(body []byte) (*digest, error) {
	if len(body) > MaxDigestBytes {
		return nil, fmt.Errorf("read digest: %d bytes, at most %d", len(body), MaxDigestBytes)
	}
	d := &digest{hash: sha256.Sum256(body)}
	if err := json.Unmarshal(body, d); err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	if d.EndTime == "" || d.Object == "" || d.Bucket == "" {
		return nil, errors.New("read digest: it names no digestEndTime, digestS3Bucket or digestS3Object")
	}
	return d, nil
}

// signed is the text that CloudTrail signs.
func (d *digest) signed() []byte {
	previous := d.PreviousSignature
	if previous == "" {
		previous = "null"
	}
	return fmt.Appendf(nil, "%s\n%s/%s\n%x\n%s", d.EndTime, d.Bucket, d.Object, d.hash, previous)
}

// verify checks the signature of the digest.
func (d *digest) verify(keys Keys, signature string) error {
	if d.Algorithm != "SHA256withRSA" {
		return fmt.Errorf("its signature algorithm is %q, not SHA256withRSA", d.Algorithm)
	}
	key := keys[strings.ToLower(d.Fingerprint)]
	if key == nil {
		return fmt.Errorf("no public key with fingerprint %q was given", d.Fingerprint)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(signature))
	if err != nil {
		return fmt.Errorf("its signature is not hex: %w", err)
	}
	sum := sha256.Sum256(d.signed())
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw); err != nil {
		return errors.New("its signature does not match")
	}
	return nil
}

// Keys are public keys of CloudTrail by fingerprint, in lower case.
type Keys map[string]*rsa.PublicKey

// ParseKeys reads what "aws cloudtrail list-public-keys" prints.
func ParseKeys(body []byte) (Keys, error) {
	var list struct {
		PublicKeyList []struct{ Value, Fingerprint string }
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read CloudTrail keys: %w", err)
	}
	if n := len(list.PublicKeyList); n == 0 || n > maxKeys {
		return nil, fmt.Errorf("read CloudTrail keys: PublicKeyList has %d keys, want 1 to %d", n, maxKeys)
	}
	keys := Keys{}
	for i, k := range list.PublicKeyList {
		der, err := base64.StdEncoding.DecodeString(k.Value)
		if err != nil {
			return nil, fmt.Errorf("read CloudTrail key %d: %w", i+1, err)
		}
		key, err := x509.ParsePKCS1PublicKey(der)
		if err != nil {
			return nil, fmt.Errorf("read CloudTrail key %d: %w", i+1, err)
		}
		keys[strings.ToLower(k.Fingerprint)] = key
	}
	return keys, nil
}
