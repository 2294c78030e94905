package proof

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// RecordProof proves that one record stood at one place of one journal entry,
// and that the entry is sealed in the transparency log. Its text form is
// docs/formats/record-proof.md, a C2SP tlog-proof.
type RecordProof struct {
	Manifest             // of the entry that carried the record
	Leaf       uint32    // 0-based position of the record in the entry
	LeafHash   Hash      // LeafHash of salt and raw bytes
	LeafPath   []Hash    // audit path of the leaf in the entry
	Index      int64     // 0-based position of the manifest in the log: Seq - 1
	LogPath    []Hash    // audit path of the manifest in the log
	Checkpoint []byte    // signed checkpoint of the log, verbatim
	Salt       *[16]byte // the record's salt; nil when it was erased or withheld
}

// Check names a part of a proof's verification.
type Check string

// The checks in the order they are made.
const (
	CheckLeaf       Check = "leaf"                 // raw bytes and salt give the leaf hash
	CheckEntryPath  Check = "entry path"           // the leaf is in the entry's tree
	CheckManifest   Check = "manifest"             // the manifest fits index and leaf
	CheckCheckpoint Check = "checkpoint signature" // the checkpoint is the log's
	CheckLogPath    Check = "log path"             // the manifest is in the log's tree
)

// Failure is the error of Verify and VerifySealed: which check failed and why.
type Failure struct {
	Check Check
	Err   error
}

// Error implements error.
func (f *Failure) Error() string { return "verify " + string(f.Check) + ": " + f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Verify checks the whole chain for the raw bytes of the record: leaf from salt
// and raw, entry root, manifest in the log, and the log's signed checkpoint.
// The error is a *Failure.
func (p RecordProof) Verify(raw []byte, verifier note.Verifier) error {
	if p.Salt == nil {
		return &Failure{CheckLeaf, errors.New("the salt is not in the proof")}
	}
	if LeafHash(*p.Salt, raw) != p.LeafHash {
		return &Failure{CheckLeaf, errors.New("the record's bytes are not those that were sealed")}
	}
	return p.VerifySealed(verifier)
}

// VerifySealed checks everything but the raw bytes: that a record with this
// leaf hash is sealed. It is what remains provable after a record was erased.
// The error is a *Failure.
func (p RecordProof) VerifySealed(verifier note.Verifier) error {
	err := VerifyPath(p.LeafHash, int64(p.Leaf), int64(p.Count), p.LeafPath, p.Root)
	if err != nil {
		return &Failure{CheckEntryPath, err}
	}
	if p.Seq == 0 || p.Index != int64(p.Seq-1) {
		err := fmt.Errorf("entry %d cannot stand at log index %d", p.Seq, p.Index)
		return &Failure{CheckManifest, err}
	}
	c, err := ParseCheckpoint(p.Checkpoint, note.VerifierList(verifier))
	if err != nil {
		return &Failure{CheckCheckpoint, err}
	}
	if err := VerifyPath(p.LogHash(), p.Index, c.Size, p.LogPath, c.Root); err != nil {
		return &Failure{CheckLogPath, err}
	}
	return nil
}
