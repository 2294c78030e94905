package proof_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/proof"
)

const testOrigin = "evident.local/test"

// sealed is a log of one entry among others with everything needed to prove
// each of its records.
type sealed struct {
	raw      [][]byte
	salts    [][16]byte
	leaves   []proof.Hash
	manifest proof.Manifest
	log      []proof.Hash
	signed   []byte
	verifier note.Verifier
}

func seal(t testing.TB, records, seq, logSize int, seed proof.Hash) *sealed {
	t.Helper()
	s := &sealed{}
	for range records {
		seed = sha256.Sum256(seed[:])
		s.raw = append(s.raw, bytes.Clone(seed[:int(seed[0])%32]))
		s.salts = append(s.salts, [16]byte(seed[16:]))
		s.leaves = append(s.leaves, proof.LeafHash([16]byte(seed[16:]), s.raw[len(s.raw)-1]))
	}
	s.manifest = proof.Manifest{
		Seq: uint64(seq), Count: uint32(records), Root: proof.Root(s.leaves),
		Header: sha256.Sum256(seed[:]), Bytes: 1000,
	}
	for range logSize {
		seed = sha256.Sum256(seed[:])
		s.log = append(s.log, seed)
	}
	s.log[seq-1] = s.manifest.LogHash()
	secret, public, err := note.GenerateKey(rand.Reader, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	if s.verifier, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	c := proof.Checkpoint{Origin: testOrigin, Size: int64(logSize), Root: proof.Root(s.log)}
	if s.signed, err = note.Sign(&note.Note{Text: c.Text()}, signer); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sealed) prove(t testing.TB, leaf int) proof.RecordProof {
	t.Helper()
	index := int(s.manifest.Seq - 1)
	leafPath, err := proof.Path(s.leaves, leaf)
	if err != nil {
		t.Fatal(err)
	}
	logPath, err := proof.Path(s.log, index)
	if err != nil {
		t.Fatal(err)
	}
	return proof.RecordProof{
		Manifest: s.manifest, Leaf: uint32(leaf), LeafHash: s.leaves[leaf], LeafPath: leafPath,
		Index: int64(index), LogPath: logPath, Checkpoint: s.signed, Salt: &s.salts[leaf],
	}
}

func drawSealed(t *rapid.T, tb testing.TB) *sealed {
	size := rapid.IntRange(1, 40).Draw(t, "log size")
	seq := rapid.IntRange(1, size).Draw(t, "seq")
	return seal(tb, rapid.IntRange(1, 20).Draw(t, "records"), seq, size, drawHash(t, "seed"))
}

func TestRecordProofRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSealed(rt, t)
		for leaf := range s.raw {
			p := s.prove(t, leaf)
			text, err := p.MarshalText()
			if err != nil {
				rt.Fatal(err)
			}
			again, err := proof.ParseRecordProof(text)
			if err != nil {
				rt.Fatal(err)
			}
			if err := again.Verify(s.raw[leaf], s.verifier); err != nil {
				rt.Fatal(err)
			}
			p.Salt = nil
			if err := p.VerifySealed(s.verifier); err != nil {
				rt.Fatal(err)
			}
			if p.Verify(s.raw[leaf], s.verifier) == nil {
				rt.Fatal("Verify works without the salt")
			}
		}
	})
}

// TestAnyByte changes bytes of a proof's text, every seventeenth from a drawn
// start, and each byte of the record and of the salt: none may verify.
func TestAnyByte(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSealed(rt, t)
		leaf := rapid.IntRange(0, len(s.raw)-1).Draw(rt, "leaf")
		flip := byte(rapid.IntRange(1, 255).Draw(rt, "flip"))
		p := s.prove(t, leaf)
		text, err := p.MarshalText()
		if err != nil {
			rt.Fatal(err)
		}
		for i := rapid.IntRange(0, 16).Draw(rt, "start"); i < len(text); i += 17 {
			changed := bytes.Clone(text)
			changed[i] ^= flip
			q, err := proof.ParseRecordProof(changed)
			if err == nil && q.Verify(s.raw[leaf], s.verifier) == nil {
				rt.Fatalf("byte %d of the proof changed by %#x and it verifies:\n%s", i, flip, changed)
			}
		}
		for i := range s.raw[leaf] {
			raw := bytes.Clone(s.raw[leaf])
			raw[i] ^= flip
			wantFailure(rt, p.Verify(raw, s.verifier), proof.CheckLeaf)
		}
		for i := range p.Salt {
			salt := *p.Salt
			salt[i] ^= flip
			q := p
			q.Salt = &salt
			wantFailure(rt, q.Verify(s.raw[leaf], s.verifier), proof.CheckLeaf)
		}
	})
}

type fataler interface{ Fatalf(string, ...any) }

func wantFailure(t fataler, err error, check proof.Check) {
	var failure *proof.Failure
	if !errors.As(err, &failure) || failure.Check != check {
		t.Fatalf("error %v, want a failure of %q", err, check)
	}
}

// TestNamesFailedCheck breaks one link at a time.
func TestNamesFailedCheck(t *testing.T) {
	s := seal(t, 9, 5, 12, proof.Hash{1})
	stranger := seal(t, 9, 5, 12, proof.Hash{1})
	for _, test := range []struct {
		check proof.Check
		spoil func(*proof.RecordProof)
	}{
		{proof.CheckLeaf, func(p *proof.RecordProof) { p.Salt = nil }},
		{proof.CheckLeaf, func(p *proof.RecordProof) { p.LeafHash[0]++ }},
		{proof.CheckEntryPath, func(p *proof.RecordProof) { p.LeafPath[0][0]++ }},
		{proof.CheckEntryPath, func(p *proof.RecordProof) { p.Leaf++ }},
		{proof.CheckEntryPath, func(p *proof.RecordProof) { p.Leaf = 9 }},
		{proof.CheckEntryPath, func(p *proof.RecordProof) { p.Count = 0 }},
		{proof.CheckManifest, func(p *proof.RecordProof) { p.Index++ }},
		{proof.CheckManifest, func(p *proof.RecordProof) { p.Seq = 0 }},
		{proof.CheckCheckpoint, func(p *proof.RecordProof) { p.Checkpoint = stranger.signed }},
		{proof.CheckCheckpoint, func(p *proof.RecordProof) { p.Checkpoint = nil }},
		{proof.CheckLogPath, func(p *proof.RecordProof) { p.Bytes++ }},
		{proof.CheckLogPath, func(p *proof.RecordProof) { p.LogPath[0][0]++ }},
		{proof.CheckLogPath, func(p *proof.RecordProof) { p.LogPath = nil }},
	} {
		p := s.prove(t, 4)
		test.spoil(&p)
		wantFailure(t, p.Verify(s.raw[4], s.verifier), test.check)
	}
}

func TestParseRecordProofRefuses(t *testing.T) {
	s := seal(t, 2, 1, 2, proof.Hash{})
	text, err := s.prove(t, 0).MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	lines := strings.SplitN(good, "\n", 3)
	for name, bad := range map[string]string{
		"empty":            "",
		"other header":     strings.Replace(good, "@v1", "@v2", 1),
		"no extra":         lines[0] + "\n" + lines[2],
		"index with zero":  strings.Replace(good, "index 0", "index 00", 1),
		"negative index":   strings.Replace(good, "index 0", "index -1", 1),
		"carriage returns": strings.ReplaceAll(good, "\n", "\r\n"),
		"extra of nothing": strings.Replace(good, lines[1], "extra ", 1),
		"extra truncated":  strings.Replace(good, lines[1], lines[1][:40], 1),
		"too long":         good + strings.Repeat("x", 64<<10),
	} {
		if _, err := proof.ParseRecordProof([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestParseManifestRefuses(t *testing.T) {
	good := string(proof.Manifest{Seq: 12, Count: 3, Bytes: 77}.Marshal())
	if _, err := proof.ParseManifest([]byte(good)); err != nil {
		t.Fatal(err)
	}
	zero := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, bad := range map[string]string{
		"empty":         "",
		"other version": strings.Replace(good, "/v1", "/v2", 1),
		"seq 0":         strings.Replace(good, "seq 12", "seq 0", 1),
		"leading zero":  strings.Replace(good, "seq 12", "seq 012", 1),
		"plus":          strings.Replace(good, "seq 12", "seq +12", 1),
		"too large":     strings.Replace(good, "count 3", "count 4294967296", 1),
		"loose base64":  strings.Replace(good, zero, zero[:42]+"B=", 1),
		"no newline":    strings.TrimSuffix(good, "\n"),
		"more":          good + "x\n",
		"order":         strings.Replace(good, "seq 12\ncount 3", "count 3\nseq 12", 1),
	} {
		if _, err := proof.ParseManifest([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	secret, public, err := note.GenerateKey(rand.Reader, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	signer, errS := note.NewSigner(secret)
	verifier, errV := note.NewVerifier(public)
	if err := errors.Join(errS, errV); err != nil {
		t.Fatal(err)
	}
	root := proof.Root(nil).String()
	for text, ok := range map[string]bool{
		testOrigin + "\n0\n" + root + "\n":                   true,
		"other\n0\n" + root + "\n":                           false, // not the key's name
		testOrigin + "\n-1\n" + root + "\n":                  false,
		testOrigin + "\n01\n" + root + "\n":                  false,
		testOrigin + "\n9223372036854775807\n" + root + "\n": false,
		testOrigin + "\n0\n" + root[:40] + "\n":              false,
		testOrigin + "\n0\n" + root + "\nextension\n":        false,
		testOrigin + "\n0\n":                                 false,
	} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proof.ParseCheckpoint(signed, note.VerifierList(verifier)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add(proof.Manifest{Seq: 12, Count: 3, Bytes: 77}.Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := proof.ParseManifest(text)
		if err == nil && !bytes.Equal(m.Marshal(), text) {
			t.Errorf("accepted but not canonical: %q", text)
		}
	})
}

func FuzzParseRecordProof(f *testing.F) {
	s := seal(f, 3, 2, 5, proof.Hash{})
	text, err := s.prove(f, 1).MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := proof.ParseRecordProof(text)
		if err != nil {
			return
		}
		if again, err := p.MarshalText(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("accepted but not canonical: %q", text)
		}
		// Signed by nobody: must fail, without a panic.
		if p.Verify(nil, s.verifier) == nil && !bytes.Equal(p.Checkpoint, s.signed) {
			t.Errorf("verifies: %q", text)
		}
	})
}
