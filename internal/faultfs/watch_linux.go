package faultfs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketEnv tells the child which file is the socket to its parent.
const socketEnv = "EVIDENT_FAULTFS_SOCKET"

// watched are the calls that the filter stops at.
var watched = map[uint32]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_WRITEV: "writev",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_FTRUNCATE: "ftruncate",
	unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_UNLINKAT: "unlinkat",
	unix.SYS_LINKAT: "linkat",
}

const (
	retNotify    = 0x7fc00000 // SECCOMP_RET_USER_NOTIF
	newListener  = 1 << 3
	tsyncESRCH   = 1 << 4
	waitKillable = 1 << 5
	notifyRecv   = 0xc0502100
	notifySend   = 0xc0182101
	letThrough   = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
)

// notice is struct seccomp_notif, answer struct seccomp_notif_resp of the kernel.
type notice struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// Enter makes this process a watched one if its parent started it with Start. It
// is called before anything is written.
func Enter() error {
	text := os.Getenv(socketEnv)
	if text == "" {
		return nil
	}
	socket, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("read %s: %w", socketEnv, err)
	}
	listener, err := install()
	if err != nil {
		return err
	}
	// The filter is at work: from here on the parent has to answer.
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(listener), nil, 0); err != nil {
		return fmt.Errorf("hand listener over: %w", err)
	}
	return errors.Join(unix.Close(socket), unix.Close(listener))
}

func install() (listener int, err error) {
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for nr := range watched {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: nr},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retNotify})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("set no new privileges: %w", err)
	}
	fd, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC|newListener|tsyncESRCH|waitKillable,
		uintptr(unsafe.Pointer(&filter)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return 0, fmt.Errorf("%w: install seccomp filter: %w", ErrUnsupported, errno)
	}
	return int(fd), nil
}

// Process is a started command.
type Process struct {
	cmd      *exec.Cmd
	listener int
	root     string
	rule     Rule
	n        int
	calls    sync.WaitGroup
	done     chan struct{}
}

// Start starts the command, whose calls below the folder root the rule decides
// about. Wait has to be called.
func Start(cmd *exec.Cmd, root string, rule Rule) (*Process, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch command: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "faultfs")
	cmd.Env = append(cmd.Environ(), socketEnv+"="+strconv.Itoa(3+len(cmd.ExtraFiles)))
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch command: %w", err), unix.Close(pair[0]))
	}
	p := &Process{cmd: cmd, root: root, rule: rule, done: make(chan struct{})}
	p.listener, err = receive(pair[0])
	if err = errors.Join(err, unix.Close(pair[0])); err != nil {
		_ = cmd.Process.Kill()
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnsupported, err), cmd.Wait())
	}
	go p.serve()
	return p, nil
}

// receive gets the listener from the child.
func receive(socket int) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, 0)
	if err != nil {
		return 0, fmt.Errorf("receive listener: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return 0, errors.New("receive listener: the command sent none")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, errors.New("receive listener: the command sent none")
	}
	return fds[0], nil
}

// Wait waits for the command to end, like exec.Cmd.Wait.
func (p *Process) Wait() error {
	err := p.cmd.Wait()
	<-p.done
	return err
}

// Calls says how many calls there were; to be asked after Wait.
func (p *Process) Calls() int { return p.n }

// serve answers until the process is gone.
func (p *Process) serve() {
	defer close(p.done)
	defer unix.Close(p.listener)
	defer p.calls.Wait()
	for {
		poll := []unix.PollFd{{Fd: int32(p.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			if poll[0].Revents != 0 {
				return
			}
			continue
		}
		var one notice
		if p.ioctl(notifyRecv, unsafe.Pointer(&one)) != 0 {
			continue // interrupted, or its thread is gone
		}
		p.decide(&one)
	}
}

func (p *Process) ioctl(request uintptr, arg unsafe.Pointer) syscall.Errno {
	_, _, errno := syscall.Syscall(unix.SYS_IOCTL, uintptr(p.listener), request, uintptr(arg))
	return errno
}

func (p *Process) decide(one *notice) {
	call, ok := p.describe(one)
	if !ok {
		p.answer(one, Verdict{})
		return
	}
	p.n++
	call.N = p.n
	v := p.rule(call)
	if v.Delay == 0 {
		p.answer(one, v)
		return
	}
	p.calls.Go(func() {
		time.Sleep(v.Delay)
		p.answer(one, v)
	})
}

func (p *Process) answer(one *notice, v Verdict) {
	a := answer{id: one.id}
	torn := 0
	if v.Tear > 0 {
		torn = p.tear(one, v.Tear)
	}
	switch {
	case v.Kill:
		_ = p.cmd.Process.Kill()
		return
	case v.Errno != 0:
		a.errno = -int32(v.Errno)
	case torn > 0:
		a.val = int64(torn)
	default:
		a.flags = letThrough
	}
	p.ioctl(notifySend, unsafe.Pointer(&a))
}
