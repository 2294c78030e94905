package proof

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash: of a leaf, an interior node or a tree.
type Hash = tlog.Hash

// MaxTreeSize bounds the trees whose proofs are checked. The tree arithmetic of
// package tlog does not end for sizes above 1<<62, so sizes from outside must
// be bounded before they reach it.
const MaxTreeSize = 1 << 48

// ErrProof says that a well-formed audit or consistency path does not lead from
// the given leaf or tree to the given root.
var ErrProof = errors.New("path does not lead to the root")

// LeafHash returns the hash of one record: SHA-256(0x00 ‖ salt ‖ raw), see
// docs/formats/leaf.md. The salt keeps short or guessable records from being
// found by trying.
func LeafHash(salt [16]byte, raw []byte) Hash {
	var prefix [17]byte // 0x00, the leaf prefix of RFC 6962, then the salt
	copy(prefix[1:], salt[:])
	h := sha256.New()
	h.Write(prefix[:])
	h.Write(raw)
	var out Hash
	h.Sum(out[:0])
	return out
}

// Root returns the Merkle tree hash over leaf hashes as defined by RFC 6962,
// section 2.1; of no leaves it is SHA-256 of the empty string.
func Root(leaves []Hash) Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	level := slices.Clone(leaves)
	for len(level) > 1 {
		level = fold(level)
	}
	return level[0]
}

// fold replaces a level of the tree by the one above it, in place. A last node
// without a sibling moves up as it is: with that, pairing neighbours gives the
// same tree as RFC 6962's split at the largest power of two.
func fold(level []Hash) []Hash {
	n := len(level) / 2
	for i := range n {
		level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
	}
	if len(level)%2 == 1 {
		level[n] = level[len(level)-1]
		n++
	}
	return level[:n]
}

// Path returns the audit path of the leaf at index (RFC 6962, section 2.1.1):
// the sibling hashes from the leaf's own up to the one below the root.
func Path(leaves []Hash, index int) ([]Hash, error) {
	if index < 0 || index >= len(leaves) {
		return nil, fmt.Errorf("build audit path: index %d of %d leaves", index, len(leaves))
	}
	var path []Hash
	for level := slices.Clone(leaves); len(level) > 1; level = fold(level) {
		if sibling := index ^ 1; sibling < len(level) {
			path = append(path, level[sibling])
		}
		index /= 2
	}
	return path, nil
}

// VerifyPath checks the audit path of a leaf in the tree of size leaves with
// the given root. The error wraps ErrProof where the path is well formed but
// leads elsewhere.
func VerifyPath(leaf Hash, index, size int64, path []Hash, root Hash) error {
	if size < 1 || size > MaxTreeSize || index < 0 || index >= size {
		return fmt.Errorf("verify audit path: no leaf %d in a tree of %d", index, size)
	}
	if err := tlog.CheckRecord(path, size, root, index, leaf); err != nil {
		return fmt.Errorf("verify audit path of leaf %d in %d: %w", index, size, ErrProof)
	}
	return nil
}

// PathRoot returns the root that the audit path of a leaf leads to in a tree of
// size leaves (RFC 9162, section 2.1.3.2). The error wraps ErrProof where the
// path has not the length that index and size ask for.
func PathRoot(leaf Hash, index, size int64, path []Hash) (Hash, error) {
	if size < 1 || size > MaxTreeSize || index < 0 || index >= size {
		return Hash{}, fmt.Errorf("follow audit path: no leaf %d in a tree of %d", index, size)
	}
	root, last := leaf, size-1
	for _, sibling := range path {
		if last == 0 {
			return Hash{}, fmt.Errorf("follow audit path: longer than the tree is high: %w", ErrProof)
		}
		if index&1 == 1 || index == last {
			root = tlog.NodeHash(sibling, root)
			for index&1 == 0 && index != 0 { // a last node without sibling moves up
				index, last = index>>1, last>>1
			}
		} else {
			root = tlog.NodeHash(root, sibling)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 {
		return Hash{}, fmt.Errorf("follow audit path: shorter than the tree is high: %w", ErrProof)
	}
	return root, nil
}

// VerifyConsistency checks that the tree of oldSize leaves with oldRoot is a
// prefix of the tree of newSize leaves with newRoot (RFC 6962, section 2.1.2).
// Every tree contains the empty one, whose proof is empty.
func VerifyConsistency(oldSize int64, oldRoot Hash, newSize int64, newRoot Hash, path []Hash) error {
	if oldSize < 0 || newSize > MaxTreeSize || oldSize > newSize {
		return fmt.Errorf("verify consistency: from size %d to %d", oldSize, newSize)
	}
	if oldSize == 0 {
		if len(path) == 0 && oldRoot == Root(nil) {
			return nil
		}
		return fmt.Errorf("verify consistency from an empty tree: %w", ErrProof)
	}
	if err := tlog.CheckTree(path, newSize, newRoot, oldSize, oldRoot); err != nil {
		return fmt.Errorf("verify consistency from size %d to %d: %w", oldSize, newSize, ErrProof)
	}
	return nil
}
