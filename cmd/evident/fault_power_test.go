package main

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

// TestPowerCut takes the power away amid ingests: what no program had synced is gone
// from the disk. After each restart nothing contradicts, and in the end every record
// is there once.
func TestPowerCut(t *testing.T) {
	const events, cuts = 20_000, 3
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := filepath.Join(t.TempDir(), "disk")
	disk, err := faultfs.NewDisk(dir+".img", dir, 512<<20, "")
	if errors.Is(err, faultfs.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	}()
	input, data := filepath.Join(t.TempDir(), "events.ndjson"), filepath.Join(dir, "data")
	writeEvents(t, input, events)
	amid := 0
	for range cuts {
		cmd := evidentCommand(t, "ingest", "--data", data, "--seal-at", "1000", input)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(300+random.IntN(1500)) * time.Millisecond)
		// The process first, as the power takes both at once: the kernel may tell it,
		// on a file system that is being shut down, that it has synced.
		if cmd.Process.Kill() == nil {
			amid++
		}
		if err := disk.Cut(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if err := disk.Restore(); err != nil {
			t.Fatal(err)
		}
		if o := evident(t, nil, "recover", "--data", data).done(t); !strings.HasPrefix(o.stdout, "0 entries are lost") {
			t.Errorf("after a power cut: %s", o.stdout)
		}
		if o := evident(t, nil, "verify", "--data", data); o.code != exitDone {
			t.Fatalf("verify after a power cut: %s%s", o.stdout, o.stderr)
		}
	}
	evident(t, nil, "ingest", "--data", data, input).done(t)
	checkOnce(t, data, events)
	t.Logf("%d of %d cuts came before the ingest was done", amid, cuts)
}
