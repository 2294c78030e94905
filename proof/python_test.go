package proof_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	verifier    = "../docs/formats/verify.py"
	vectorsFile = "../docs/formats/vectors/record-proof-2.json"
)

// python runs the second verifier on a file of vectors.
func python(t *testing.T, file string) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the second verifier, docs/formats/verify.py, was not run")
	}
	out, err := exec.Command(path, verifier, "--vectors", file).CombinedOutput()
	if err != nil {
		t.Errorf("verify.py: %v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}

// TestPythonAgrees holds the second verifier against the committed vectors.
func TestPythonAgrees(t *testing.T) { python(t, vectorsFile) }

// TestPythonAgreesOnEdits makes random edits of the bases; both verifiers must
// say the same of each.
func TestPythonAgreesOnEdits(t *testing.T) {
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file proofVectorFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	file.Vectors = nil
	results := map[string]int{}
	for i := range 400 {
		c := proofChange{Name: fmt.Sprint(i), Base: rng.IntN(len(file.Bases))}
		editAnywhere(rng, &c, file.Bases[c.Base].Proof)
		c.Sealed = rng.IntN(8) == 0
		c.Result = c.outcome(t, file)
		results[c.Result]++
		file.Vectors = append(file.Vectors, c)
	}
	t.Log(results)
	made, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "edits.json")
	if err := os.WriteFile(path, made, 0o600); err != nil {
		t.Fatal(err)
	}
	python(t, path)
}

// editAnywhere changes a byte, a digit, or takes some text out or from
// elsewhere.
func editAnywhere(rng *rand.Rand, c *proofChange, text string) {
	c.At = rng.IntN(len(text))
	c.Delete = min(1, len(text)-c.At)
	insert := []byte{text[c.At]}
	switch rng.IntN(5) {
	case 0:
		insert[0] ^= 1 << rng.IntN(8)
	case 1, 2: // another digit of base64 or of a number keeps the form
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		insert[0] = digits[rng.IntN(len(digits))]
	case 3:
		c.Delete, insert = min(1+rng.IntN(60), len(text)-c.At), nil
	case 4:
		from := rng.IntN(len(text))
		insert = []byte(text[from:min(from+1+rng.IntN(60), len(text))])
	}
	c.Insert = base64.StdEncoding.EncodeToString(insert)
}
