package faultfs_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

// TestClock wants a child's wall clock wrong, and its monotonic clock right.
func TestClock(t *testing.T) {
	if text := os.Getenv("EVIDENT_FAULTFS_CLOCK_CHILD"); text != "" {
		before := time.Now()
		if err := faultfs.EnterClock(); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		t.Logf("wall %v", after.Round(0).Sub(before.Round(0)).Round(time.Minute))
		t.Logf("monotonic %v", after.Sub(before).Round(time.Minute))
		if err := faultfs.StepClock(-time.Hour); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		cmd := exec.Command(os.Args[0], "-test.run", "TestClock", "-test.v")
		cmd.Env = append(os.Environ(), "EVIDENT_FAULTFS_CLOCK_CHILD=1", faultfs.ClockEnv(by))
		out, err := cmd.CombinedOutput()
		if strings.Contains(string(out), faultfs.ErrUnsupported.Error()) {
			t.Skipf("%s", out)
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) || err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if !strings.Contains(string(out), "wall "+by.String()) || !strings.Contains(string(out), "monotonic 0s") {
			t.Errorf("%s", out)
		}
	}
}
