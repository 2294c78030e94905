package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of its own on a new folder.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system of our own: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestFullDisk ingests onto a disk with too little room, for several amounts
// of too little: one line and exit code 2, nothing wrong in what is there, and
// with room again the same command completes it, every record once.
func TestFullDisk(t *testing.T) {
	const events = 20_000
	input := filepath.Join(t.TempDir(), "events.ndjson")
	writeEvents(t, input, events)
	for _, free := range []int64{3, 9, 13, 14, 15} { // MB; the whole takes about 16
		t.Run(strconv.FormatInt(free, 10)+"MB", func(t *testing.T) {
			disk := smallDisk(t, "80m")
			ballast := filepath.Join(disk, "ballast")
			write(t, ballast, make([]byte, (80-free)<<20))
			data := filepath.Join(disk, "d")
			o := evident(t, nil, "ingest", "--data", data, input)
			if o.code == exitDone {
				t.Logf("%d MB were enough", free)
			} else {
				o.refused(t, "the disk is full", "make room")
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			if o := evident(t, nil, "verify", "--data", data); o.code != exitDone {
				t.Errorf("verify after the full disk: exit code %d:\n%s%s", o.code, o.stdout, o.stderr)
			}
			evident(t, nil, "ingest", "--data", data, input).done(t)
			checkOnce(t, data, events)
		})
	}
}

// TestReadOnly opens a data folder that cannot be written.
func TestReadOnly(t *testing.T) {
	disk := smallDisk(t, "64m")
	data := filepath.Join(disk, "d")
	in := write(t, filepath.Join(t.TempDir(), "a.json"), lines("a", 2))
	evident(t, nil, "ingest", "--data", data, in).done(t)
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"ingest", in}, {"verify"}, {"search", "*"}, {"findings"}, {"serve", "--listen", "127.0.0.1:0"},
	} {
		evident(t, nil, append([]string{args[0], "--data", data}, args[1:]...)...).refused(t, "read-only")
	}
	evident(t, nil, "ingest", "--data", filepath.Join(disk, "new"), in).refused(t, "read-only")
	evident(t, nil, "ingest", "--data", in, in).refused(t, "not a directory")
}

// TestInUse wants the second user of a port or a data folder to be told who
// has it.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, filepath.Join(dir, "d"))
	pid := "process " + strconv.Itoa(s.cmd.Process.Pid)
	in := write(t, filepath.Join(dir, "a.json"), lines("a", 2))
	for _, args := range [][]string{
		{"ingest", in},
		{"verify"},
		{"search", "*"},
		{"findings"},
		{"prove", "1-0"},
		{"serve", "--listen", "127.0.0.1:0"},
	} {
		evident(t, nil, append([]string{args[0], "--data", filepath.Join(dir, "d")}, args[1:]...)...).
			refused(t, pid, "(evident serve)", s.base)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	evident(t, nil, "serve", "--data", filepath.Join(dir, "e"), "--listen", at).refused(t, at, "already in use")
	if _, err := os.Stat(filepath.Join(dir, "e")); err == nil {
		t.Error("the data folder was made though the port is in use")
	}
	evident(t, nil, "serve", "--data", filepath.Join(dir, "e"), "--listen", "127.0.0.1:0", "--syslog", at).
		refused(t, at, "already in use")
}
