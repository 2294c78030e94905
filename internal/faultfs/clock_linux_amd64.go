package faultfs

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// clockEnv tells a child by how much its clock is wrong from the start.
const clockEnv = "EVIDENT_FAULTFS_CLOCK"

// ahead is added to the wall clock of this process, in seconds.
var ahead atomic.Int64 //nolint:gochecknoglobals // the code that reads it is not Go

// EnterClock sets the clock of this process as its parent asked for with ClockEnv.
func EnterClock() error {
	text := os.Getenv(clockEnv)
	if text == "" {
		return nil
	}
	by, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("read %s: %w", clockEnv, err)
	}
	return StepClock(by)
}

// ClockEnv is the environment of a child whose wall clock is ahead by so much, or
// behind where that is negative.
func ClockEnv(by time.Duration) string { return clockEnv + "=" + by.String() }

// StepClock makes the wall clock that Go reads in this process wrong by so much; the
// monotonic clock goes on, as where an administrator or a time server sets the
// clock. Times that the kernel gives files stay right.
//
// Go reads clocks from code that the kernel maps into every process. It is replaced
// by the system call and an addition.
func StepClock(by time.Duration) error {
	if ahead.Swap(int64(by/time.Second)) != 0 {
		return nil // the code is replaced already
	}
	code, err := clockCode()
	if err != nil {
		return fmt.Errorf("%w: find the clock: %w", ErrUnsupported, err)
	}
	page := uintptr(unix.Getpagesize())
	first := code &^ (page - 1)
	if err := protect(first, 2*page, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC); err != nil {
		return fmt.Errorf("%w: replace the clock: %w", ErrUnsupported, err)
	}
	program := []byte{
		0xb8, 0xe4, 0, 0, 0, // mov eax, SYS_clock_gettime
		0x0f, 0x05, // syscall
		0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
		0x75, 0x10, // jne to ret
		0x49, 0xba, 0, 0, 0, 0, 0, 0, 0, 0, // movabs r10, &ahead
		0x4d, 0x8b, 0x12, // mov r10, [r10]
		0x4c, 0x01, 0x16, // add [rsi], r10
		0xc3, // ret
	}
	binary.LittleEndian.PutUint64(program[13:], uint64(uintptr(unsafe.Pointer(&ahead))))
	for i, b := range program {
		*(*byte)(unsafe.Add(nil, code+uintptr(i))) = b
	}
	return nil
}

func protect(at, size uintptr, how int) error {
	if _, _, errno := unix.Syscall(unix.SYS_MPROTECT, at, size, uintptr(how)); errno != 0 {
		return errno
	}
	return nil
}

// clockCode is the address of the kernel's clock_gettime in this process.
func clockCode() (uintptr, error) {
	first, last, err := vdso()
	if err != nil {
		return 0, err
	}
	image := bytes.Clone(unsafe.Slice((*byte)(unsafe.Add(nil, first)), last-first))
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, err
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, err
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			return first + uintptr(s.Value), nil
		}
	}
	return 0, errors.New("the kernel's code has no clock_gettime")
}

func vdso() (first, last uintptr, err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(maps) {
		if !bytes.HasSuffix(bytes.TrimSpace(line), []byte("[vdso]")) {
			continue
		}
		span, _, _ := bytes.Cut(line, []byte(" "))
		from, to, _ := bytes.Cut(span, []byte("-"))
		a, errA := strconv.ParseUint(string(from), 16, 64)
		b, errB := strconv.ParseUint(string(to), 16, 64)
		return uintptr(a), uintptr(b), errors.Join(errA, errB)
	}
	return 0, 0, errors.New("this process has no vdso")
}
