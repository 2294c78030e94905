package proof_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/proof"
)

// witnessKey returns the key pair of a witness of the tests, made from its name.
func witnessKey(t testing.TB, name string) *proof.Cosigner {
	t.Helper()
	c, err := proof.ParseCosigner(secretKey(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var keyCall = regexp.MustCompile(`(LOG|WITNESS)\(([^)]*)\)`)

// fillKeys puts keys where a test has LOG(name) or WITNESS(name).
func fillKeys(t *testing.T, text string) string {
	return keyCall.ReplaceAllStringFunc(text, func(call string) string {
		m := keyCall.FindStringSubmatch(call)
		if m[1] == "LOG" {
			return publicKey(t, m[2])
		}
		return witnessKey(t, m[2]).Key()
	})
}

// TestPolicy reads policies and asks them about sets of witnesses.
func TestPolicy(t *testing.T) {
	var policy *proof.Policy
	datadriven.RunTest(t, "testdata/policy.txt", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "policy":
			input := strings.NewReplacer("<TAB>", "\t", "<CR>", "\r", "<NUL>", "\x00").Replace(d.Input)
			p, err := proof.ParsePolicy([]byte(fillKeys(t, input)))
			if err != nil {
				return err.Error() + "\n"
			}
			policy = p
			return fmt.Sprintf("%d logs, %d witnesses, quorum %v\n",
				len(p.Logs), len(p.Witnesses), p.Quorum())
		case "satisfied":
			var head proof.Head
			for _, arg := range d.CmdArgs {
				head.Cosigned = append(head.Cosigned, proof.Cosignature{Witness: arg.Key})
			}
			return fmt.Sprintln(policy.Satisfied(head))
		}
		t.Fatalf("unknown command %s", d.Cmd)
		return ""
	})
}

// TestPolicyOpen opens checkpoints with every subset of three cosignatures.
func TestPolicyOpen(t *testing.T) {
	text := proof.Checkpoint{Origin: testOrigin, Size: 7, Root: hashOf("log")}.Text()
	names := []string{"w/one", "w/two", "w/three"}
	policy, err := proof.ParsePolicy([]byte(fillKeys(t, "log LOG("+testOrigin+")\nwitness a WITNESS(w/one)\n"+
		"witness b WITNESS(w/two)\nwitness c WITNESS(w/three)\ngroup two 2 a b c\nquorum two\n")))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for set := range 8 {
		signed := signNote(t, testOrigin, text)
		var want []string
		for i, name := range names {
			if set>>i&1 == 1 {
				signed += witnessKey(t, name).Cosign(text, at)
				want = append(want, name)
			}
		}
		head, err := policy.Open([]byte(signed))
		if len(want) < 2 {
			wantFailure(t, err, proof.CheckQuorum)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range head.Cosigned {
			got = append(got, c.Key)
			if !c.Time.Equal(at) {
				t.Errorf("cosigned at %v", c.Time)
			}
		}
		if !slices.Equal(got, want) || head.Size != 7 {
			t.Errorf("%v cosigned size %d, want %v", got, head.Size, want)
		}
	}
	stranger := signNote(t, "stranger", text) + witnessKey(t, "w/one").Cosign(text, at)
	_, err = policy.Open([]byte(stranger))
	wantFailure(t, err, proof.CheckCheckpoint)
	wrong := signNote(t, testOrigin, text) + witnessKey(t, "w/one").Cosign(text+"x", at)
	_, err = policy.Open([]byte(wrong))
	wantFailure(t, err, proof.CheckQuorum)
}

// TestCosignatureAgainstFormats holds cosignatures against another
// implementation, both ways.
func TestCosignatureAgainstFormats(t *testing.T) {
	text := proof.Checkpoint{Origin: testOrigin, Size: 9, Root: hashOf("log")}.Text()
	ours := witnessKey(t, "w/one")
	verifier, err := fnote.NewVerifierForCosignatureV1(ours.Key())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_763_800_000, 0)
	n, err := note.Open([]byte(text+"\n"+ours.Cosign(text, at)), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fnote.CoSigV1Timestamp(n.Sigs[0]); err != nil || !got.Equal(at) {
		t.Errorf("they read the time %v, %v", got, err)
	}
	theirs, err := fnote.NewSignerForCosignatureV1(secretKey("w/one"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner(t, testOrigin), theirs)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := proof.ParsePolicy([]byte(fillKeys(t,
		"log LOG("+testOrigin+")\nwitness a WITNESS(w/one)\nquorum a\n")))
	if err != nil {
		t.Fatal(err)
	}
	if head, err := policy.Open(signed); err != nil || len(head.Cosigned) != 1 {
		t.Errorf("we read %+v, %v", head, err)
	}
}

// TestPathRootAgainstNaive compares the walk up a path with the recursive one.
func TestPathRootAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := drawLeaves(t, 1, 70)
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "index")
		path := naivePath(leaves, i)
		root, err := proof.PathRoot(leaves[i], int64(i), int64(len(leaves)), path)
		if err != nil || root != naiveRoot(leaves) {
			t.Fatalf("leaf %d of %d: %v, %v", i, len(leaves), root, err)
		}
		for _, bad := range [][]proof.Hash{append(slices.Clone(path), root), path[:max(len(path)-1, 0)]} {
			if len(bad) == len(path) {
				continue
			}
			if _, err := proof.PathRoot(leaves[i], int64(i), int64(len(leaves)), bad); err == nil {
				t.Fatalf("a path of %d instead of %d is taken", len(bad), len(path))
			}
		}
	})
}

// TestProofSize holds the promise of 2 KiB with three witnesses at a billion
// events: 30 hashes, shared between entry and log as a log of full entries has
// them, names as long as those that Evident gives.
func TestProofSize(t *testing.T) {
	for _, c := range []struct{ records, leafPath, logPath int }{
		{500, 9, 21}, // 2,000,000 entries of 500 records
		{64, 6, 24},  // 15,625,000 entries of 64
		{1, 0, 30},   // every record an entry of its own
	} {
		entries := int64(1_000_000_000 / c.records)
		p := proof.RecordProof{
			Manifest: proof.Manifest{
				Seq: uint64(entries), Count: uint32(c.records), Root: hashOf("r"), Header: hashOf("h"),
				Bytes: 1 << 20,
			},
			Leaf: uint32(c.records - 1), LeafPath: make([]proof.Hash, c.leafPath),
			Index: entries - 1, LogPath: make([]proof.Hash, c.logPath), Salt: new([16]byte),
		}
		text := proof.Checkpoint{Origin: "evident.local/3f9a01c2", Size: entries, Root: hashOf("x")}.Text()
		signed := signNote(t, "evident.local/3f9a01c2", text)
		for _, name := range []string{"witness/7d21f0aa", "witness/0b93c411", "witness/e5a6088f"} {
			signed += witnessKey(t, name).Cosign(text, time.Unix(1_763_800_000, 0))
		}
		p.Checkpoint = []byte(signed)
		out, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("entries of %d records: %d bytes", c.records, len(out))
		if len(out) > 2048 && c.records > 1 {
			t.Errorf("a proof takes %d bytes", len(out))
		}
	}
}

// FuzzParsePolicy must not panic, and what it accepts must open nothing that no
// log signed.
func FuzzParsePolicy(f *testing.F) {
	f.Add("quorum none\n")
	f.Add("log a+00000000+AQ==\nwitness w x\ngroup g 1 w\nquorum g\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := proof.ParsePolicy([]byte(text))
		if err != nil {
			return
		}
		if _, err := p.Open([]byte("a\n1\n" + hashOf("x").String() + "\n\n")); err == nil {
			t.Fatal("opened a checkpoint without a signature")
		}
	})
}

// FuzzParseAddCheckpoint must not panic; what it takes is written again as it
// was.
func FuzzParseAddCheckpoint(f *testing.F) {
	f.Add([]byte("old 0\n\na\n1\nx\n\n"))
	f.Add([]byte("old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\nexample.com\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := proof.ParseAddCheckpoint(body)
		if err == nil && string(a.Marshal()) != string(body) {
			t.Fatalf("%q is written as %q", body, a.Marshal())
		}
	})
}

// TestQuorumAgainstNaive draws trees of groups and sets of witnesses, and
// counts by the text of the policy.
func TestQuorumAgainstNaive(t *testing.T) {
	keys := make([]string, 6)
	for i := range keys {
		keys[i] = witnessKey(t, fmt.Sprintf("w%d", i)).Key()
	}
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		holds := map[string]bool{} // by name, for the drawn set
		var head proof.Head
		var free []string
		for i, key := range keys {
			name := fmt.Sprintf("w%d", i)
			fmt.Fprintf(&text, "witness %s %s\n", name, key)
			if holds[name] = rapid.Bool().Draw(rt, name); holds[name] {
				head.Cosigned = append(head.Cosigned, proof.Cosignature{Witness: name})
			}
			free = append(free, name)
		}
		for g := 0; len(free) > 1; g++ {
			n := rapid.IntRange(1, len(free)).Draw(rt, "members")
			need := rapid.IntRange(1, n).Draw(rt, "need")
			have := 0
			for _, member := range free[:n] {
				if holds[member] {
					have++
				}
			}
			name := fmt.Sprintf("g%d", g)
			fmt.Fprintf(&text, "group %s %d %s\n", name, need, strings.Join(free[:n], " "))
			holds[name] = have >= need
			free = append(free[n:], name)
			if g > 20 {
				break
			}
		}
		last := free[len(free)-1]
		fmt.Fprintf(&text, "quorum %s\n", last)
		policy, err := proof.ParsePolicy([]byte(text.String()))
		if err != nil {
			rt.Fatal(err)
		}
		if policy.Satisfied(head) != holds[last] {
			rt.Fatalf("Satisfied = %v for\n%s", !holds[last], &text)
		}
	})
}
