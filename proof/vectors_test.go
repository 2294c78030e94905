package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/proof"
)

var update = flag.Bool("update", false, "rewrite docs/formats/vectors")

// The vectors are written once from the code and then hold it: other programs
// implement the formats from docs/formats and check themselves against them.

type leafVectors struct {
	Leaves []leafVector `json:"leaves"`
	Trees  []treeVector `json:"trees"`
}

type leafVector struct {
	Salt string `json:"salt_hex"`
	Raw  string `json:"raw_hex"`
	Hash string `json:"leaf_hash"`
}

type treeVector struct {
	Leaves []string   `json:"leaf_hashes"`
	Root   string     `json:"root"`
	Paths  [][]string `json:"paths"` // of each leaf
}

type manifestVectors struct {
	Entries []manifestVector `json:"entries"`
	Invalid []invalidVector  `json:"invalid"`
}

type manifestVector struct {
	Seq     uint64 `json:"seq"`
	Count   uint32 `json:"count"`
	Root    string `json:"root"`
	Header  string `json:"header"`
	Bytes   uint64 `json:"bytes"`
	Text    string `json:"text"`
	LogHash string `json:"log_hash"`
}

type invalidVector struct {
	Why  string `json:"why"`
	Text string `json:"text"`
}

type checkpointVectors struct {
	Verifier string          `json:"verifier_key"`
	Origin   string          `json:"origin"`
	Size     int64           `json:"size"`
	Root     string          `json:"root"`
	Signed   string          `json:"signed"`
	Invalid  []invalidVector `json:"invalid"`
}

type proofVectors struct {
	Verifier string        `json:"verifier_key"`
	Proofs   []proofVector `json:"proofs"`
}

type proofVector struct {
	Name  string `json:"name"`
	Raw   string `json:"raw_hex"`
	Proof string `json:"proof"`
	// Result is "ok", "malformed" or the name of the check that fails.
	Result string `json:"result"`
}

// golden compares made with the file of vectors, or writes it with -update,
// and returns what the file holds.
func golden[T any](t *testing.T, name string, made T) T {
	t.Helper()
	path := filepath.Join("../docs/formats/vectors", name)
	want, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s does not hold what the code makes; see -update", path)
	}
	var read T
	if err := json.Unmarshal(have, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// vectorKey returns the key pair of the vectors, whose seed is public.
func vectorKey(t *testing.T) (note.Signer, note.Verifier, string) {
	t.Helper()
	seed := sha256.Sum256([]byte("evident test vectors: this key is public"))
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(testOrigin, public)
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%s\n\x01%s", testOrigin, public))
	signer, errS := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", testOrigin,
		binary.BigEndian.Uint32(id[:]), base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...))))
	verifier, errV := note.NewVerifier(vkey)
	if err := errors.Join(errS, errV); err != nil {
		t.Fatal(err)
	}
	return signer, verifier, vkey
}

// vectorRaw returns the records of the vectors' entry.
func vectorRaw() [][]byte {
	return [][]byte{
		{},
		[]byte(`{"EventID":4688,"NewProcessName":"C:\\Windows\\System32\\whoami.exe"}`),
		[]byte("<86>Nov 22 10:00:00 host sshd[1]: Accepted publickey for ana"),
		{0, 0xff, '\n', '\r', 0x1b},
		[]byte("é 漢字"),
	}
}

func vectorSalt(i int) [16]byte {
	h := hashOf("salt %d", i)
	return [16]byte(h[:16])
}

func hashOf(format string, v ...any) proof.Hash {
	return sha256.Sum256(fmt.Appendf(nil, format, v...))
}

// loosen sets the lowest bit of the base64 digit at i, the last before the
// padding: a lenient decoder does not see it.
func loosen(text string, i int) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := strings.IndexByte(digits, text[i])
	return text[:i] + digits[at|1:at|1+1] + text[i+1:]
}

func texts(hashes []proof.Hash) []string {
	out := []string{}
	for _, h := range hashes {
		out = append(out, h.String())
	}
	return out
}

func TestLeafVectors(t *testing.T) {
	var made leafVectors
	var leaves []proof.Hash
	for i, raw := range vectorRaw() {
		salt := vectorSalt(i)
		leaves = append(leaves, proof.LeafHash(salt, raw))
		made.Leaves = append(made.Leaves, leafVector{
			hex.EncodeToString(salt[:]), hex.EncodeToString(raw), leaves[i].String(),
		})
	}
	for n := range len(leaves) + 1 {
		tree := treeVector{Leaves: texts(leaves[:n]), Root: proof.Root(leaves[:n]).String(), Paths: [][]string{}}
		for i := range n {
			path, err := proof.Path(leaves[:n], i)
			if err != nil {
				t.Fatal(err)
			}
			tree.Paths = append(tree.Paths, texts(path))
		}
		made.Trees = append(made.Trees, tree)
	}
	golden(t, "leaf.json", made)
}

func TestManifestVectors(t *testing.T) {
	var made manifestVectors
	for _, m := range []proof.Manifest{
		{Seq: 1, Count: 1, Root: hashOf("root"), Header: hashOf("header"), Bytes: 0},
		{Seq: 123456789, Count: 500, Root: hashOf("a"), Header: hashOf("b"), Bytes: 1 << 20},
		{Seq: 1<<63 - 1, Count: 1<<31 - 1, Root: hashOf("c"), Header: hashOf("d"), Bytes: 1<<63 - 1},
		{Seq: 7, Root: proof.Root(nil)},
	} {
		made.Entries = append(made.Entries, manifestVector{
			m.Seq, m.Count, m.Root.String(), proof.Hash(m.Header).String(), m.Bytes,
			string(m.Marshal()), m.LogHash().String(),
		})
	}
	good := made.Entries[1].Text
	made.Invalid = []invalidVector{
		{"empty", ""},
		{"another version", strings.Replace(good, "/v1", "/v2", 1)},
		{"seq 0", strings.Replace(good, "seq 123456789", "seq 0", 1)},
		{"leading zero", strings.Replace(good, "count 500", "count 0500", 1)},
		{"no final newline", strings.TrimSuffix(good, "\n")},
		{"a seventh line", good + "more\n"},
		{"fields in another order", strings.Replace(good, "seq 123456789\ncount 500", "count 500\nseq 123456789", 1)},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r\n")},
		{"unused bits set in base64", loosen(good, strings.Index(good, "=\nbytes")-1)},
	}
	read := golden(t, "ledger-entry.json", made)
	for _, v := range read.Entries {
		if _, err := proof.ParseManifest([]byte(v.Text)); err != nil {
			t.Error(err)
		}
	}
	for _, v := range read.Invalid {
		if _, err := proof.ParseManifest([]byte(v.Text)); err == nil {
			t.Errorf("accepted: %s", v.Why)
		}
	}
}

func TestCheckpointVectors(t *testing.T) {
	signer, verifier, vkey := vectorKey(t)
	c := proof.Checkpoint{Origin: testOrigin, Size: 300, Root: hashOf("log")}
	sign := func(text string) string {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	made := checkpointVectors{
		Verifier: vkey, Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Signed: sign(c.Text()),
	}
	made.Invalid = []invalidVector{
		{"size changed after signing", strings.Replace(made.Signed, "\n300\n", "\n301\n", 1)},
		{"origin is not the signer", sign(strings.Replace(c.Text(), "test", "other", 1))},
		{"leading zero", sign(strings.Replace(c.Text(), "300", "0300", 1))},
		{"size out of range", sign(strings.Replace(c.Text(), "300", "9223372036854775807", 1))},
		{"extension line", sign(c.Text() + "extension\n")},
		{"no signature", c.Text() + "\n"},
		{"unused bits set in the signature's base64", loosen(made.Signed, len(made.Signed)-3)},
	}
	read := golden(t, "checkpoint.json", made)
	got, err := proof.ParseCheckpoint([]byte(read.Signed), note.VerifierList(verifier))
	if err != nil || got != c {
		t.Errorf("ParseCheckpoint = %+v, %v", got, err)
	}
	for _, v := range read.Invalid {
		if _, err := proof.ParseCheckpoint([]byte(v.Text), note.VerifierList(verifier)); err == nil {
			t.Errorf("accepted: %s", v.Why)
		}
	}
}

// TestFirstProofVectors checks the proofs of version 1, which is not written
// any more: the file is never rewritten.
func TestFirstProofVectors(t *testing.T) {
	text, err := os.ReadFile("../docs/formats/vectors/record-proof-1.json")
	if err != nil {
		t.Fatal(err)
	}
	var v proofVectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	policy, err := proof.KeyPolicy(v.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range v.Proofs {
		raw, err := hex.DecodeString(v.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcome([]byte(v.Proof), raw, policy); got != v.Result {
			t.Errorf("%s: %s, want %s", v.Name, got, v.Result)
		}
	}
}

// outcome names what a proof gives as the vectors do: "ok", "sealed" where no
// raw bytes are given, "malformed", or the check that fails.
func outcome(text, raw []byte, trust proof.Trust) string {
	p, err := proof.ParseRecordProof(text)
	if err != nil {
		return "malformed"
	}
	result := "ok"
	if raw == nil {
		result = "sealed"
		_, err = p.VerifySealedUnder(trust)
	} else {
		_, err = p.VerifyUnder(raw, trust)
	}
	var failure *proof.Failure
	if errors.As(err, &failure) {
		return string(failure.Check)
	}
	return result
}
