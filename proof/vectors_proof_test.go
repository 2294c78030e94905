package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/proof"
)

// The vectors of record proofs of version 2: a few whole proofs, and edits of
// their texts with the check that has to fail. They are made here from parts,
// by an encoder of their own, and expected results are written by hand. The
// Python verifier (docs/formats/verify.py) reads the same file.

type proofVectorFile struct {
	About    string        `json:"about"`
	Policies []string      `json:"policies"`
	Bases    []proofBase   `json:"bases"`
	Vectors  []proofChange `json:"vectors"`
}

type proofBase struct {
	Name   string `json:"name"`
	Policy int    `json:"policy"`
	Raw    string `json:"raw_hex"`
	Proof  string `json:"proof"`
}

// proofChange is a base with one edit: Delete bytes at At, then Insert there.
type proofChange struct {
	Name   string  `json:"name"`
	Base   int     `json:"base"`
	Policy *int    `json:"policy,omitempty"`  // instead of the base's
	Raw    *string `json:"raw_hex,omitempty"` // instead of the base's
	Sealed bool    `json:"sealed,omitempty"`  // checked without the raw bytes
	At     int     `json:"at,omitempty"`
	Delete int     `json:"delete,omitempty"`
	Insert string  `json:"insert,omitempty"` // base64
	Result string  `json:"result"`
}

func (c proofChange) apply(base string) []byte {
	insert, err := base64.StdEncoding.DecodeString(c.Insert)
	if err != nil {
		return nil
	}
	return slices.Concat([]byte(base[:c.At]), insert, []byte(base[c.At+c.Delete:]))
}

// parts is a proof taken apart.
type parts struct {
	policy   int
	raw      []byte
	header   string
	version  byte
	count    uint64
	manifest []byte // header hash
	bytes    uint64
	leaf     uint64
	flag     byte
	salt     []byte
	leafHash []byte // whole where flag is 0, else its mark
	root     []byte // mark
	leafPath []proof.Hash
	tail     []byte // behind the path
	index    string
	logPath  []string
	text     string // of the checkpoint
	sigs     []string
}

func (p parts) extra() []byte {
	b := append([]byte("EVR"), p.version)
	b = binary.AppendUvarint(b, p.count)
	b = append(b, p.manifest...)
	b = binary.AppendUvarint(b, p.bytes)
	b = binary.AppendUvarint(b, p.leaf)
	b = append(b, p.flag)
	b = append(b, p.salt...)
	b = append(b, p.leafHash...)
	b = append(b, p.root...)
	for _, h := range p.leafPath {
		b = append(b, h[:]...)
	}
	return append(b, p.tail...)
}

func (p parts) String() string {
	lines := append([]string{
		p.header, "extra " + base64.StdEncoding.EncodeToString(p.extra()), "index " + p.index,
	}, p.logPath...)
	return strings.Join(lines, "\n") + "\n\n" + p.text + "\n" + strings.Join(p.sigs, "")
}

func (p parts) clone() parts {
	p.raw, p.manifest, p.salt = bytes.Clone(p.raw), bytes.Clone(p.manifest), bytes.Clone(p.salt)
	p.leafHash, p.root = bytes.Clone(p.leafHash), bytes.Clone(p.root)
	p.leafPath, p.logPath, p.sigs = slices.Clone(p.leafPath), slices.Clone(p.logPath), slices.Clone(p.sigs)
	return p
}

var vectorTime = time.Unix(1_763_800_000, 0)

// vectorBase seals records and proves one of them; witnesses cosign.
func vectorBase(t *testing.T, records, leaf int, seq uint64, size, policy int, witnesses ...string) parts {
	t.Helper()
	var leaves, log []proof.Hash
	var raws [][]byte
	for i := range records {
		raws = append(raws, fmt.Appendf(nil, `{"n":%d,"user":"ana","seq":%d}`, i, seq))
		leaves = append(leaves, proof.LeafHash(vectorSalt(i), raws[i]))
	}
	m := proof.Manifest{
		Seq: seq, Count: uint32(records), Root: proof.Root(leaves), Header: hashOf("header"),
		Bytes: uint64(records) * 31,
	}
	for i := range size {
		log = append(log, hashOf("log entry %d", i))
	}
	log[seq-1] = m.LogHash()
	leafPath, errLeaf := proof.Path(leaves, leaf)
	logPath, errLog := proof.Path(log, int(seq-1))
	if errLeaf != nil || errLog != nil {
		t.Fatal(errLeaf, errLog)
	}
	salt := vectorSalt(leaf)
	p := parts{
		policy: policy, raw: raws[leaf], header: "c2sp.org/tlog-proof@v1", version: 2,
		count: uint64(records), manifest: bytes.Clone(m.Header[:]), bytes: m.Bytes, leaf: uint64(leaf),
		flag: 1, salt: salt[:], leafHash: bytes.Clone(leaves[leaf][:3]), root: bytes.Clone(m.Root[:3]),
		leafPath: leafPath, index: fmt.Sprint(seq - 1), logPath: texts(logPath),
		text: proof.Checkpoint{Origin: testOrigin, Size: int64(size), Root: proof.Root(log)}.Text(),
	}
	p.sign(t, testOrigin, witnesses...)
	return p
}

// sign makes the signatures of log and witnesses anew.
func (p *parts) sign(t *testing.T, log string, witnesses ...string) {
	t.Helper()
	signed := signNote(t, log, p.text)
	p.sigs = []string{strings.TrimPrefix(signed, p.text+"\n")}
	for _, w := range witnesses {
		p.sigs = append(p.sigs, witnessKey(t, w).Cosign(p.text, vectorTime))
	}
}

// vectorWriter collects vectors as edits of their bases.
type vectorWriter struct {
	t     *testing.T
	file  proofVectorFile
	bases []parts
}

func (w *vectorWriter) base(name string, p parts) int {
	w.bases = append(w.bases, p)
	w.file.Bases = append(w.file.Bases, proofBase{name, p.policy, hex.EncodeToString(p.raw), p.String()})
	return len(w.bases) - 1
}

// add adds a base changed by edit.
func (w *vectorWriter) add(base int, name, result string, edit func(*parts)) {
	p := w.bases[base].clone()
	if edit != nil {
		edit(&p)
	}
	w.put(base, name, result, p, p.String())
}

// text adds a base whose text is changed.
func (w *vectorWriter) text(base int, name, result string, edit func(string) string) {
	p := w.bases[base]
	text := edit(p.String())
	if text == p.String() {
		w.t.Fatalf("%s changes nothing", name)
	}
	w.put(base, name, result, p, text)
}

func (w *vectorWriter) put(base int, name, result string, p parts, text string) {
	from := w.file.Bases[base]
	c := proofChange{Name: from.Name + ": " + name, Base: base, Result: result}
	if p.policy != from.Policy {
		c.Policy = &p.policy
	}
	if p.raw == nil {
		c.Sealed = true
	} else if raw := hex.EncodeToString(p.raw); raw != from.Raw {
		c.Raw = &raw
	}
	old := from.Proof
	for c.At < min(len(old), len(text)) && old[c.At] == text[c.At] {
		c.At++
	}
	same := 0
	for same < min(len(old), len(text))-c.At && old[len(old)-1-same] == text[len(text)-1-same] {
		same++
	}
	c.Delete = len(old) - c.At - same
	c.Insert = base64.StdEncoding.EncodeToString([]byte(text[c.At : len(text)-same]))
	if got := string(c.apply(old)); got != text {
		w.t.Fatalf("%s: the edit does not give the text", c.Name)
	}
	w.file.Vectors = append(w.file.Vectors, c)
}

// TestRecordProofVectors holds the code against docs/formats/vectors.
func TestRecordProofVectors(t *testing.T) {
	w := &vectorWriter{t: t, file: proofVectorFile{
		About: "bases are proofs that hold; a vector is a base with delete bytes at byte at replaced by insert (base64), " +
			"see docs/formats/record-proof.md",
	}}
	for _, p := range vectorPolicies {
		w.file.Policies = append(w.file.Policies, fillKeys(t, p))
	}
	w.make()
	good := 0
	for _, v := range golden(t, "record-proof-2.json", w.file).Vectors {
		if v.Result == "ok" || v.Result == "sealed" {
			good++
		}
		if got := v.outcome(t, w.file); got != v.Result {
			t.Errorf("%s: %s, want %s", v.Name, got, v.Result)
		}
	}
	t.Logf("%d vectors, %d of proofs that hold", len(w.file.Vectors), good)
	if len(w.file.Vectors) < 200 {
		t.Errorf("only %d vectors", len(w.file.Vectors))
	}
}

func (c proofChange) outcome(t *testing.T, file proofVectorFile) string {
	t.Helper()
	base := file.Bases[c.Base]
	index := base.Policy
	if c.Policy != nil {
		index = *c.Policy
	}
	policy, err := proof.ParsePolicy([]byte(file.Policies[index]))
	if err != nil {
		t.Fatal(err)
	}
	text := base.Raw
	if c.Raw != nil {
		text = *c.Raw
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sealed {
		raw = nil
	} else if raw == nil {
		raw = []byte{}
	}
	return outcome(c.apply(base.Proof), raw, policy)
}

// TestVectorBases holds the encoder of the vectors against the code's: what is
// parsed is written again byte for byte, and each base is what MarshalText makes.
func TestVectorBases(t *testing.T) {
	p := vectorBase(t, 5, 1, 42, 300, 0)
	read, err := proof.ParseRecordProof([]byte(p.String()))
	if err != nil {
		t.Fatal(err)
	}
	full := read // filled as a node fills it
	full.Seq, full.LeafHash = 42, proof.LeafHash(*read.Salt, p.raw)
	if full.Root, err = proof.PathRoot(full.LeafHash, 1, 5, read.LeafPath); err != nil {
		t.Fatal(err)
	}
	full = proof.RecordProof{
		Manifest: full.Manifest, Leaf: full.Leaf, LeafHash: full.LeafHash, LeafPath: full.LeafPath,
		Index: full.Index, LogPath: full.LogPath, Checkpoint: full.Checkpoint, Salt: full.Salt,
	}
	for _, q := range []proof.RecordProof{read, full} {
		text, err := q.MarshalText()
		if err != nil || string(text) != p.String() {
			t.Errorf("MarshalText gives %v\n%s\nwant\n%s", err, text, p)
		}
	}
}
