package proof_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/proof"
)

// The naive tree is RFC 6962, section 2.1, word for word.

func naiveRoot(leaves []proof.Hash) proof.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := naiveSplit(len(leaves))
	left, right := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

func naivePath(leaves []proof.Hash, m int) []proof.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := naiveSplit(len(leaves))
	if m < k {
		return append(naivePath(leaves[:k], m), naiveRoot(leaves[k:]))
	}
	return append(naivePath(leaves[k:], m-k), naiveRoot(leaves[:k]))
}

func naiveConsistency(m int, leaves []proof.Hash, whole bool) []proof.Hash {
	n := len(leaves)
	if m == n {
		if whole {
			return nil
		}
		return []proof.Hash{naiveRoot(leaves)}
	}
	k := naiveSplit(n)
	if m <= k {
		return append(naiveConsistency(m, leaves[:k], whole), naiveRoot(leaves[k:]))
	}
	return append(naiveConsistency(m-k, leaves[k:], false), naiveRoot(leaves[:k]))
}

// naiveSplit returns the largest power of two smaller than n.
func naiveSplit(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func drawHash(t *rapid.T, label string) (h proof.Hash) {
	copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	return h
}

func drawLeaves(t *rapid.T, least, most int) []proof.Hash {
	n := rapid.IntRange(least, most).Draw(t, "leaves")
	seed := drawHash(t, "seed")
	leaves := make([]proof.Hash, n)
	for i := range leaves {
		seed = sha256.Sum256(seed[:])
		leaves[i] = seed
	}
	return leaves
}

func TestLeafHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		want := sha256.Sum256(slices.Concat([]byte{0}, salt[:], raw))
		if got := proof.LeafHash(salt, raw); got != want {
			t.Fatalf("LeafHash = %v, want %v", got, proof.Hash(want))
		}
	})
}

func TestRootAndPathAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := drawLeaves(t, 0, 70)
		before := slices.Clone(leaves)
		root := proof.Root(leaves)
		if root != naiveRoot(leaves) {
			t.Fatalf("Root of %d leaves differs", len(leaves))
		}
		for i := range leaves {
			path, err := proof.Path(leaves, i)
			if err != nil || !slices.Equal(path, naivePath(leaves, i)) {
				t.Fatalf("Path of %d in %d differs: %v", i, len(leaves), err)
			}
			if err := proof.VerifyPath(leaves[i], int64(i), int64(len(leaves)), path, root); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(leaves, before) {
			t.Fatal("the leaves were changed")
		}
	})
}

func TestVerifyPathRefusesOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := drawLeaves(t, 1, 40)
		n := int64(len(leaves))
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "index")
		path, err := proof.Path(leaves, i)
		if err != nil {
			t.Fatal(err)
		}
		root := proof.Root(leaves)
		// The same path at another index or size may have the same shape, but
		// at most one index of this tree can lead to the root.
		j := rapid.Int64Range(-1, n).Draw(t, "other index")
		if j != int64(i) && proof.VerifyPath(leaves[i], j, n, path, root) == nil {
			t.Fatalf("leaf %d of %d also verifies at %d", i, n, j)
		}
		other := drawHash(t, "other")
		if proof.VerifyPath(other, int64(i), n, path, root) == nil {
			t.Fatal("another leaf verifies")
		}
		if !errors.Is(proof.VerifyPath(leaves[i], int64(i), n, path, other), proof.ErrProof) {
			t.Fatal("another root verifies")
		}
		longer := append(slices.Clone(path), other)
		if proof.VerifyPath(leaves[i], int64(i), n, longer, root) == nil {
			t.Fatal("a longer path verifies")
		}
		if len(path) > 0 && proof.VerifyPath(leaves[i], int64(i), n, path[:len(path)-1], root) == nil {
			t.Fatal("a shorter path verifies")
		}
	})
}

func TestVerifyConsistencyAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := drawLeaves(t, 1, 70)
		m := rapid.IntRange(1, len(leaves)).Draw(t, "old size")
		path := naiveConsistency(m, leaves, true)
		was, is := proof.Root(leaves[:m]), proof.Root(leaves)
		old, size := int64(m), int64(len(leaves))
		if err := proof.VerifyConsistency(old, was, size, is, path); err != nil {
			t.Fatal(err)
		}
		other := drawHash(t, "other")
		if proof.VerifyConsistency(old, other, size, is, path) == nil ||
			proof.VerifyConsistency(old, was, size, other, path) == nil {
			t.Fatal("another history verifies")
		}
	})
}

// TestHostileSizes checks that sizes that package tlog would count on for ever
// are refused.
func TestHostileSizes(t *testing.T) {
	var h proof.Hash
	for _, size := range []int64{-1, 0, proof.MaxTreeSize + 1, 1<<62 + 1, 1<<63 - 1} {
		if proof.VerifyPath(h, 0, size, nil, h) == nil {
			t.Errorf("VerifyPath takes size %d", size)
		}
		if proof.VerifyConsistency(1, h, size, h, nil) == nil {
			t.Errorf("VerifyConsistency takes size %d", size)
		}
	}
	if proof.VerifyConsistency(0, proof.Root(nil), 5, h, nil) != nil {
		t.Error("the empty tree is no prefix")
	}
	if _, err := proof.Path(nil, 0); err == nil {
		t.Error("Path in an empty tree")
	}
}

func BenchmarkRoot(b *testing.B) {
	const records, size = 500, 2300
	raw := make([][]byte, records)
	for i := range raw {
		raw[i] = make([]byte, size)
	}
	b.SetBytes(records * size)
	for b.Loop() {
		leaves := make([]proof.Hash, records)
		for i := range leaves {
			leaves[i] = proof.LeafHash([16]byte{byte(i)}, raw[i])
		}
		proof.Root(leaves)
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "events/s")
}
