package faultfs_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

const childEnv = "EVIDENT_FAULTFS_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := faultfs.Enter(); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		fmt.Println(write(dir))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// write does what a careful program does: write, sync, rename.
func write(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "new"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := io.WriteString(f, "twelve bytes"); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, "done"))
}

// run runs the child under a rule and returns what it printed.
func run(t *testing.T, dir string, rule faultfs.Rule) (said string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := faultfs.Start(cmd, dir, rule)
	if errors.Is(err, faultfs.ErrUnsupported) {
		t.Skipf("%v; %s", err, out.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), p.Wait()
}

func TestWatch(t *testing.T) {
	var seen []string
	dir := t.TempDir()
	said, err := run(t, dir, func(c faultfs.Call) faultfs.Verdict {
		seen = append(seen, fmt.Sprint(c.N, " ", c.Name, " ", filepath.Base(c.Path), " ", c.Bytes))
		return faultfs.Verdict{}
	})
	want := "[1 write new 12 2 write new 12 3 write new 12 4 fsync new 0 5 renameat done 0]"
	if got := fmt.Sprint(seen); err != nil || got != want {
		t.Errorf("calls %s, want %s; %s %v", got, want, said, err)
	}
}

// TestFaults wants every kind of fault at the second write.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		verdict faultfs.Verdict
		content string // of the file
		killed  bool
	}{
		"error":          {faultfs.Verdict{Errno: syscall.EIO}, "twelve bytes", false},
		"torn and error": {faultfs.Verdict{Errno: syscall.ENOSPC, Tear: 5}, "twelve bytestwelv", false},
		"short":          {faultfs.Verdict{Tear: 5}, strings.Repeat("twelve bytes", 3), false},
		"killed":         {faultfs.Verdict{Kill: true}, "twelve bytes", true},
		"torn, killed":   {faultfs.Verdict{Kill: true, Tear: 5}, "twelve bytestwelv", true},
		"slow":           {faultfs.Verdict{Delay: 50 * time.Millisecond}, strings.Repeat("twelve bytes", 3), false},
	} {
		dir := t.TempDir()
		_, err := run(t, dir, func(c2 faultfs.Call) faultfs.Verdict {
			if c2.N == 2 {
				return c.verdict
			}
			return faultfs.Verdict{}
		})
		if (err != nil) != c.killed {
			t.Errorf("%s: the child ended with %v", name, err)
		}
		body, err := os.ReadFile(filepath.Join(dir, "done"))
		if err != nil {
			body, _ = os.ReadFile(filepath.Join(dir, "new"))
		}
		if string(body) != c.content {
			t.Errorf("%s: the file holds %q, want %q", name, body, c.content)
		}
	}
}
