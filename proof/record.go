package proof

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// RecordProof proves that one record stood at one place of one journal entry,
// and that the entry is sealed in the transparency log. Its text form is
// docs/formats/record-proof.md, a C2SP tlog-proof.
//
// A proof that was read from its text may leave Root and LeafHash to be computed
// from the record's bytes; Verify does that.
type RecordProof struct {
	Manifest             // of the entry that carried the record
	Leaf       uint32    // 0-based position of the record in the entry
	LeafHash   Hash      // LeafHash of salt and raw bytes
	LeafPath   []Hash    // audit path of the leaf in the entry
	Index      int64     // 0-based position of the manifest in the log: Seq - 1
	LogPath    []Hash    // audit path of the manifest in the log
	Checkpoint []byte    // signed checkpoint of the log, verbatim
	Salt       *[16]byte // the record's salt; nil when it was erased or withheld

	form  form
	marks marks
}

// form says how the text of a proof was read.
type form uint8

const (
	formFull  form = iota // all fields are set
	formFirst             // version 1 of the text: all fields are set
	formShort             // version 2: Root, and LeafHash where there is a salt, are not set
)

// marks are the first bytes of leaf hash and entry root in a short proof. They
// only tell which check fails: what they leave open, the log path decides.
type marks struct{ leaf, root [3]byte }

// Check names a part of a proof's verification.
type Check string

// The checks in the order they are made.
const (
	CheckLeaf       Check = "leaf"                 // raw bytes and salt give the leaf hash
	CheckEntryPath  Check = "entry path"           // the leaf is in the entry's tree
	CheckManifest   Check = "manifest"             // the manifest fits index and leaf
	CheckCheckpoint Check = "checkpoint signature" // the checkpoint is the log's
	CheckQuorum     Check = "witness quorum"       // enough witnesses cosigned it
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
	_, err := p.VerifyUnder(raw, oneKey{verifier})
	return err
}

// VerifySealed checks everything but the raw bytes: that a record with this
// leaf hash is sealed. It is what remains provable after a record was erased.
// The error is a *Failure.
func (p RecordProof) VerifySealed(verifier note.Verifier) error {
	_, err := p.VerifySealedUnder(oneKey{verifier})
	return err
}

// VerifyUnder is Verify with a policy; it returns the checkpoint that covers
// the record and who cosigned it.
func (p RecordProof) VerifyUnder(raw []byte, trust Trust) (Head, error) {
	if p.Salt == nil {
		return Head{}, &Failure{CheckLeaf, errors.New("the salt is not in the proof")}
	}
	leaf := LeafHash(*p.Salt, raw)
	same := leaf == p.LeafHash
	if p.form == formShort {
		same = bytes.Equal(leaf[:len(p.marks.leaf)], p.marks.leaf[:])
	}
	if !same {
		return Head{}, &Failure{CheckLeaf, errors.New("the record's bytes are not those that were sealed")}
	}
	p.LeafHash = leaf
	return p.verifyLeaf(trust)
}

// VerifySealedUnder is VerifySealed with a policy.
func (p RecordProof) VerifySealedUnder(trust Trust) (Head, error) {
	if p.form == formShort && p.Salt != nil {
		return Head{}, &Failure{CheckLeaf, errors.New("this proof takes the record's bytes to be checked")}
	}
	return p.verifyLeaf(trust)
}

// verifyLeaf checks what follows once the leaf hash is known.
func (p RecordProof) verifyLeaf(trust Trust) (Head, error) {
	if err := p.checkEntryPath(); err != nil {
		return Head{}, &Failure{CheckEntryPath, err}
	}
	if p.Seq == 0 || p.Index != int64(p.Seq-1) {
		err := fmt.Errorf("entry %d cannot stand at log index %d", p.Seq, p.Index)
		return Head{}, &Failure{CheckManifest, err}
	}
	head, err := trust.Open(p.Checkpoint)
	if err != nil {
		return head, err //nolint:wrapcheck // a *Failure
	}
	if err := VerifyPath(p.LogHash(), p.Index, head.Size, p.LogPath, head.Root); err != nil {
		return head, &Failure{CheckLogPath, err}
	}
	return head, nil
}

// checkEntryPath checks the path to the entry's root, and completes the root of
// a short proof.
func (p *RecordProof) checkEntryPath() error {
	if p.form != formShort {
		return VerifyPath(p.LeafHash, int64(p.Leaf), int64(p.Count), p.LeafPath, p.Root)
	}
	root, err := PathRoot(p.LeafHash, int64(p.Leaf), int64(p.Count), p.LeafPath)
	if err != nil {
		return err
	}
	if !bytes.Equal(root[:len(p.marks.root)], p.marks.root[:]) {
		return fmt.Errorf("verify audit path of leaf %d in %d: %w", p.Leaf, p.Count, ErrProof)
	}
	p.Root = root
	return nil
}
