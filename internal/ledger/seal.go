package ledger

import (
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/proof"
)

// Leaves returns the leaf hashes of the entry's records, in order; those of
// destroyed records are the ones that were kept.
func Leaves(e *event.Entry) []proof.Hash {
	leaves := make([]proof.Hash, len(e.Records))
	for i := range e.Records {
		r := &e.Records[i]
		if r.Erased != nil {
			leaves[i] = r.Erased.Leaf
			continue
		}
		leaves[i] = proof.LeafHash(r.Salt, r.Raw)
	}
	return leaves
}

// ManifestOf returns the manifest of a journal entry, ready for Append.
func ManifestOf(e *event.Entry) proof.Manifest {
	return proof.Manifest{
		Seq:    e.Seq,
		Count:  uint32(len(e.Records)),
		Root:   proof.Root(Leaves(e)),
		Header: e.HeaderHash(),
		Bytes:  uint64(e.Bytes()),
	}
}
