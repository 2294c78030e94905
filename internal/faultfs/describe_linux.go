package faultfs

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// describe says what a call would do, and whether that is below the root.
func (p *Process) describe(one *notice) (Call, bool) {
	call := Call{Name: watched[uint32(one.nr)]}
	switch call.Name {
	case "write", "pwrite64":
		call.Bytes = int(one.args[2])
		call.Path = fileOf(one.pid, one.args[0])
	case "writev", "fsync", "fdatasync", "ftruncate":
		call.Path = fileOf(one.pid, one.args[0])
	case "unlinkat":
		call.Path = stringAt(one.pid, one.args[1])
	default: // renames and links: the new name
		call.Path = stringAt(one.pid, one.args[3])
	}
	return call, call.Path == p.root || strings.HasPrefix(call.Path, p.root+"/")
}

// fileOf is the path of an open file of a thread.
func fileOf(pid uint32, fd uint64) string {
	path, err := os.Readlink(fdPath(pid, fd))
	if err != nil {
		return ""
	}
	return path
}

func fdPath(pid uint32, fd uint64) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, int32(fd)) }

// stringAt reads a path from the child's memory. Evident's are absolute.
func stringAt(pid uint32, at uint64) string {
	// Not across a page: the next one may not be there.
	buf := make([]byte, 4096-at%4096)
	n, err := read(pid, at, buf)
	if err != nil {
		return ""
	}
	if end := bytes.IndexByte(buf[:n], 0); end >= 0 {
		return string(buf[:end])
	}
	more := make([]byte, 4096)
	n2, _ := read(pid, at+uint64(n), more)
	text, _, _ := bytes.Cut(append(buf[:n], more[:n2]...), []byte{0})
	return string(text)
}

func read(pid uint32, at uint64, buf []byte) (int, error) {
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	return unix.ProcessVMReadv(int(pid), local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(buf)}}, 0)
}

// tear writes the first bytes of a write in the child's place and returns how
// many.
func (p *Process) tear(one *notice, n int) int {
	name := watched[uint32(one.nr)]
	if name != "write" && name != "pwrite64" {
		return 0
	}
	buf := make([]byte, min(n, int(one.args[2])))
	if len(buf) == 0 {
		return 0
	}
	got, err := read(one.pid, one.args[1], buf)
	if err != nil {
		return 0
	}
	at := int64(one.args[3])
	if name == "write" {
		at = position(one.pid, one.args[0])
	}
	file, err := os.OpenFile(fdPath(one.pid, one.args[0]), os.O_WRONLY, 0)
	if err != nil {
		return 0
	}
	defer file.Close()
	if _, err := file.WriteAt(buf[:got], at); err != nil {
		return 0
	}
	return got
}

// position is where a file's next write goes.
func position(pid uint32, fd uint64) int64 {
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, int32(fd)))
	if err != nil {
		return 0
	}
	var pos, flags int64
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "pos":
			pos, _ = strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		case "flags":
			flags, _ = strconv.ParseInt(strings.TrimSpace(value), 8, 64)
		}
	}
	if flags&unix.O_APPEND != 0 {
		if stat, err := os.Stat(fdPath(pid, fd)); err == nil {
			return stat.Size()
		}
	}
	return pos
}
