package story

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSTIXIsValid gives bundles to the validator of OASIS, and their Attack Flow
// objects to the schema of that extension. EVIDENT_PYTHON names a Python that has
// it (pip install stix2-validator==3.2.0), EVIDENT_ATTACK_FLOW the schema
// (stix/attack-flow-schema-2.0.0.json of its repository).
func TestSTIXIsValid(t *testing.T) {
	python := os.Getenv("EVIDENT_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import stix2validator").Run(); err != nil {
		t.Skipf("%s has no stix2-validator: %v", python, err)
	}
	for name, notes := range map[string]string{"plain": "", "with notes": "harbor.notes.json"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "flow.json")
			text := written(t, "stix", readTold(t, "harbor.json", notes))
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"testdata/stix.py", file}
			if schema := os.Getenv("EVIDENT_ATTACK_FLOW"); schema != "" {
				args = append(args, schema)
			}
			out, err := exec.Command(python, args...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "valid STIX 2.1") {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
