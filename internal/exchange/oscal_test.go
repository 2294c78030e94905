package exchange_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/internal/exchange"
)

// TestOSCALIsValid gives what is written to the models of compliance-trestle,
// which are made from NIST's schemas. EVIDENT_PYTHON names a Python that has it
// (pip install compliance-trestle==5.2.0 for OSCAL 1.2.1).
func TestOSCALIsValid(t *testing.T) {
	python := os.Getenv("EVIDENT_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import trestle.oscal").Run(); err != nil {
		t.Skipf("%s has no compliance-trestle: %v", python, err)
	}
	r := harbor(t)
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	found := checks.Run(pack, r, exposure.Derive(r, today), today)
	for kind, write := range map[string]func(io.Writer) error{
		"ssp":        func(w io.Writer) error { return exchange.WriteSSP(w, r, today) },
		"assessment": func(w io.Writer) error { return exchange.WriteAssessment(w, r, found, today) },
		"poam":       func(w io.Writer) error { return exchange.WritePOAM(w, r, found, today) },
	} {
		t.Run(kind, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), kind+".json")
			if err := os.WriteFile(file, written(t, write), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(python, "testdata/oscal.py", kind, file).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "valid OSCAL 1.2") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
