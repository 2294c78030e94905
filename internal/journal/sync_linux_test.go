package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// syncDirEnv makes the test binary the child of TestAcknowledgesOnlySynced.
const syncDirEnv = "EVIDENT_JOURNAL_SYNC_DIR"

// TestAcknowledgesOnlySynced makes the kernel fail every fsync of a process: an
// entry that cannot be synced must not be acknowledged.
func TestAcknowledgesOnlySynced(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), syncDirEnv+"="+t.TempDir())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skipf("no way to make fsync fail: %s", out)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

// appendWithoutSync returns the exit code of the child.
func appendWithoutSync(dir string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := journal.Open(ctx, journal.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := s.Append(ctx, journaltest.Entry(1, 1, 10)); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := failSyncs(); err != nil {
		fmt.Println(err)
		return 3
	}
	seq, err := s.Append(ctx, journaltest.Entry(2, 1, 10))
	if err == nil {
		fmt.Printf("entry %d was acknowledged without a sync\n", seq)
		return 1
	}
	fmt.Println(err)
	if !errors.Is(err, context.DeadlineExceeded) {
		return 0
	}
	return 1
}

// failSyncs makes fsync and fdatasync return EIO in all threads, with a
// seccomp filter.
func failSyncs() error {
	fail := uint32(unix.SECCOMP_RET_ERRNO | uint32(syscall.EIO))
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // system call number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: unix.SYS_FSYNC},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_FDATASYNC},
		{Code: unix.BPF_RET | unix.BPF_K, K: fail},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no new privileges: %w", err)
	}
	_, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return fmt.Errorf("install seccomp filter: %w", errno)
	}
	return nil
}
