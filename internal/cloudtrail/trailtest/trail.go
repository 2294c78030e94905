// Package trailtest writes CloudTrail log files and digests as the service does,
// from the description in the user guide and not by the code that checks them.
package trailtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Trail is a chain of digests and the log files that they list.
type Trail struct {
	Digests    [][]byte          // oldest first
	Names      []string          // of the digests' files
	Signatures []string          // hex
	Logs       map[string][]byte // by file name, uncompressed
	Keys       []byte            // what "aws cloudtrail list-public-keys" prints
}

// New makes a chain of that many digests with that many logs each.
func New(digests, logs int) (*Trail, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	tr := &Trail{Logs: map[string][]byte{}}
	tr.Keys, err = json.Marshal(map[string]any{"PublicKeyList": []any{map[string]any{
		"Value":       base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)),
		"Fingerprint": "AA55", "ValidityStartTime": 1.0,
	}}})
	if err != nil {
		return nil, err
	}
	var previous map[string]any
	for i := range digests {
		name := fmt.Sprintf("111122223333_CloudTrail-Digest_us-east-2_t_us-east-2_2026111%dT150131Z.json.gz", i)
		d := map[string]any{
			"awsAccountId": "111122223333", "digestEndTime": fmt.Sprintf("2026-11-1%dT15:01:31Z", i),
			"digestS3Bucket": "b", "digestS3Object": "AWSLogs/1/CloudTrail-Digest/" + name,
			"digestPublicKeyFingerprint": "aa55", "digestSignatureAlgorithm": "SHA256withRSA",
			"previousDigestS3Bucket": nil, "previousDigestS3Object": nil,
			"previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil, "previousDigestSignature": nil,
		}
		maps.Copy(d, previous)
		var list []any
		for k := range logs {
			file := fmt.Sprintf("111122223333_CloudTrail_us-east-2_2026111%dT14%02dZ_x.json.gz", i, k)
			tr.Logs[file] = fmt.Appendf(nil, `{"Records":[{"eventID":"%d-%d"}]}`, i, k)
			sum := sha256.Sum256(tr.Logs[file])
			list = append(list, map[string]any{
				"s3Bucket": "b", "s3Object": "AWSLogs/1/CloudTrail/" + file,
				"hashValue": hex.EncodeToString(sum[:]), "hashAlgorithm": "SHA-256",
			})
		}
		d["logFiles"] = list
		body, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		before := "null"
		if s, ok := d["previousDigestSignature"].(string); ok {
			before = s
		}
		sum := sha256.Sum256(body)
		text := strings.Join([]string{
			d["digestEndTime"].(string), "b/" + d["digestS3Object"].(string), hex.EncodeToString(sum[:]), before,
		}, "\n")
		hashed := sha256.Sum256([]byte(text))
		sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hashed[:])
		if err != nil {
			return nil, err
		}
		tr.Digests, tr.Names = append(tr.Digests, body), append(tr.Names, name)
		tr.Signatures = append(tr.Signatures, hex.EncodeToString(sig))
		previous = map[string]any{
			"previousDigestS3Bucket": "b", "previousDigestS3Object": d["digestS3Object"],
			"previousDigestHashValue":     hex.EncodeToString(sum[:]),
			"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": hex.EncodeToString(sig),
		}
	}
	return tr, nil
}
