package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"evident-verify": main})
}

// TestScripts runs the command on proofs of docs/formats/vectors: NAME.policy,
// NAME.tlog-proof, NAME.raw and NAME.jsonl for each base.
func TestScripts(t *testing.T) {
	file := readVectors(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for _, b := range file.Bases {
				name := filepath.Join(env.WorkDir, strings.ReplaceAll(b.Name, " ", "-"))
				raw, err := hex.DecodeString(b.Raw)
				if err != nil {
					return err
				}
				line, err := json.Marshal(proof.Exhibit{Raw: raw, Proof: b.Proof})
				if err != nil {
					return err
				}
				for ext, data := range map[string][]byte{
					".policy": []byte(file.Policies[b.Policy]), ".tlog-proof": []byte(b.Proof), ".raw": raw,
					".jsonl": append(line, '\n'),
				} {
					if err := os.WriteFile(name+ext, data, 0o600); err != nil {
						return err
					}
				}
			}
			return nil
		},
	})
}

type vectorFile struct {
	Policies []string
	Bases    []struct {
		Name   string
		Policy int
		Raw    string `json:"raw_hex"`
		Proof  string
	}
}

func readVectors(t testing.TB) (file vectorFile) {
	t.Helper()
	text, err := os.ReadFile("../../docs/formats/vectors/record-proof-2.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// Limits of a verifier that somebody should be able to read whole.
const (
	maxPackages = 60
	maxBinary   = 10 << 20
)

// internalPath matches packages that are private to the standard library or to
// Evident. They are counted apart: how the standard library is cut into them
// changes with every release of Go.
var internalPath = regexp.MustCompile(`(^|/)(internal|vendor)(/|$)`)

// TestLinksLittle holds what is linked against the limits: no network, at most
// 60 packages that are not internal, at most 10 MB.
func TestLinksLittle(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not installed: what is linked was not counted")
	}
	out, err := exec.Command(goTool, "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	public, all := 0, strings.Fields(string(out))
	for _, pkg := range all {
		if pkg == "net" || strings.HasPrefix(pkg, "net/") || strings.HasPrefix(pkg, "crypto/tls") ||
			pkg == "os/exec" || pkg == "plugin" {
			t.Errorf("it links %s", pkg)
		}
		if !internalPath.MatchString(pkg) {
			public++
		}
	}
	binary := filepath.Join(t.TempDir(), "evident-verify")
	if out, err := exec.Command(goTool, "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages, %d with internal ones, %d bytes", public, len(all), info.Size())
	if public > maxPackages || info.Size() > maxBinary {
		t.Errorf("%d packages and %d bytes, at most %d and %d", public, info.Size(), maxPackages, maxBinary)
	}
}

// manyProofs writes a file of n proofs from a log as long as a billion events
// make it: entries of 500 records, 2^21 entries, three witnesses.
func manyProofs(t testing.TB, dir string, n int) (policy, file string) {
	t.Helper()
	const records, depth = 500, 21
	secret, key, err := note.GenerateKey(strings.NewReader(strings.Repeat("log", 40)), "evident.local/3f9a01c2")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	var raws [][]byte
	var leaves []proof.Hash
	for i := range records {
		raws = append(raws, fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, strings.Repeat("event ", 95)))
		leaves = append(leaves, proof.LeafHash([16]byte{byte(i)}, raws[i]))
	}
	m := proof.Manifest{Seq: 1, Count: records, Root: proof.Root(leaves), Bytes: 600 * records}
	root, path := m.LogHash(), make([]proof.Hash, depth)
	for i := range path { // the entry is the first of a full tree
		path[i] = proof.Hash{byte(i)}
		root = tlog.NodeHash(root, path[i])
	}
	text := proof.Checkpoint{Origin: signer.Name(), Size: 1 << depth, Root: root}.Text()
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	lines := "log " + key + "\n"
	signed, lines = cosign(t, signed, text, lines)
	var out bytes.Buffer
	for i := range n {
		leaf := i % records
		leafPath, err := proof.Path(leaves, leaf)
		if err != nil {
			t.Fatal(err)
		}
		p := proof.RecordProof{
			Manifest: m, Leaf: uint32(leaf), LeafHash: leaves[leaf], LeafPath: leafPath,
			LogPath: path, Checkpoint: signed, Salt: &[16]byte{byte(leaf)},
		}
		proofText, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(proof.Exhibit{
			Event: fmt.Sprintf("1-%d", leaf), Raw: raws[leaf], Proof: string(proofText),
		})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	policy, file = filepath.Join(dir, "policy"), filepath.Join(dir, "proofs.jsonl")
	for name, data := range map[string][]byte{policy: []byte(lines), file: out.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return policy, file
}

// cosign adds the signatures and the policy lines of three witnesses.
func cosign(t testing.TB, signed []byte, text, lines string) ([]byte, string) {
	t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		secret, _, err := note.GenerateKey(strings.NewReader(strings.Repeat("witness/"+name, 40)), "witness/"+name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := proof.ParseCosigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		signed = append(signed, w.Cosign(text, time.Unix(1_763_800_000, 0))...)
		lines += "witness " + name + " " + w.Key() + "\n"
	}
	return signed, lines + "group all all a b c\nquorum all\n"
}

// TestManyProofs checks a file of proofs, and one of which a line was changed.
func TestManyProofs(t *testing.T) {
	policy, file := manyProofs(t, t.TempDir(), 1200)
	var out, errs bytes.Buffer
	if code := run([]string{"--policy", policy, file}, &out, &errs); code != exitHolds {
		t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[700] = bytes.Replace(lines[700], []byte(`"raw":"eyJ`), []byte(`"raw":"eyK`), 1)
	lines[800] = bytes.Replace(lines[800], []byte(`"event":"1-300"`), []byte(`"event":"1-301"`), 1)
	lines[900] = []byte("{}\n")
	if err := os.WriteFile(file, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := run([]string{"--json", "--policy", policy, file}, &out, &errs); code != exitFails {
		t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Failures {
		got = append(got, fmt.Sprintf("%d %s", f.Line, f.Class))
	}
	if want := "701 leaf, 801 event, 901 malformed"; strings.Join(got, ", ") != want || r.Proofs != 1200 ||
		len(r.Heads) != 1 || len(r.Heads[0].Cosigned) != 3 || r.Heads[0].Proofs != 1197 {
		t.Errorf("failures %v of %d, want %s; checkpoints %+v", got, r.Proofs, want, r.Heads)
	}
}

// TestPythonReadsTheSame gives a file of proofs, and one with a changed record,
// to the second verifier.
func TestPythonReadsTheSame(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the second verifier, docs/formats/verify.py, was not run")
	}
	policy, file := manyProofs(t, t.TempDir(), 12)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "changed.jsonl")
	text = bytes.Replace(text, []byte(`"event":"1-7","raw":"eyJ`), []byte(`"event":"1-7","raw":"eyK`), 1)
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		file: "12 proofs checked, 0 failed\n", changed: "FAILED '1-7': leaf: the record's bytes are not those " +
			"that were sealed\n12 proofs checked, 1 failed\n",
	} {
		cmd := exec.Command(python, "../../docs/formats/verify.py", "--policy", policy, name)
		if out, _ := cmd.CombinedOutput(); string(out) != want {
			t.Errorf("verify.py says %s, want %s", out, want)
		}
	}
}

// BenchmarkCold starts the program for one proof with four signatures;
// BenchmarkFile checks 10,000 proofs in a file.
func BenchmarkCold(b *testing.B) {
	dir := b.TempDir()
	policy, file := manyProofs(b, dir, 1)
	binary := filepath.Join(dir, "evident-verify")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for b.Loop() {
		if out, err := exec.Command(binary, "--policy", policy, file).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}

func BenchmarkFile(b *testing.B) {
	policy, file := manyProofs(b, b.TempDir(), 10_000)
	for b.Loop() {
		var out, errs bytes.Buffer
		if code := run([]string{"--policy", policy, file}, &out, &errs); code != exitHolds {
			b.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "proofs/s")
}

// BenchmarkOne checks one proof in the process: four signatures, 30 hashes.
func BenchmarkOne(b *testing.B) {
	policy, file := manyProofs(b, b.TempDir(), 1)
	for b.Loop() {
		var out, errs bytes.Buffer
		if code := run([]string{"--policy", policy, file}, &out, &errs); code != exitHolds {
			b.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
		}
	}
}
