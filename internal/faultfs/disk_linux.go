package faultfs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Disk is an ext4 file system in a file, mounted on a folder.
type Disk struct {
	image, dir string
	options    string
}

// NewDisk makes a file system of so many bytes in a new file and mounts it on a
// folder, which takes root. options are mount options of ext4, or empty.
func NewDisk(image, dir string, size int64, options string) (*Disk, error) {
	d := &Disk{image: image, dir: dir, options: "loop"}
	if options != "" {
		d.options += "," + options
	}
	f, err := os.OpenFile(image, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make disk: %w", err)
	}
	if err := errors.Join(f.Truncate(size), f.Close(), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("make disk: %w", err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: make file system: %w: %s", ErrUnsupported, err, out)
	}
	return d, d.mount()
}

func (d *Disk) mount() error {
	out, err := exec.Command("mount", "-t", "ext4", "-o", d.options, d.image, d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: mount: %w: %s", ErrUnsupported, err, out)
	}
	return nil
}

// Close unmounts the disk; nobody may have a file open on it.
func (d *Disk) Close() error {
	var err error
	for range 100 { // a killed process lets go a moment after it is waited for
		if err = unix.Unmount(d.dir, 0); !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("unmount disk: %w", err)
	}
	return nil
}

// Cut takes the power away: what was written and not synced is gone, and every
// call fails from now on. Restore brings the disk back once nobody uses it.
func (d *Disk) Cut() error {
	const (
		shutdown   = 0x8004587d // EXT4_IOC_SHUTDOWN
		noLogFlush = 2
	)
	f, err := os.Open(d.dir)
	if err != nil {
		return fmt.Errorf("cut power: %w", err)
	}
	defer f.Close()
	flags := uint32(noLogFlush)
	if _, _, errno := syscall.Syscall(unix.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return fmt.Errorf("%w: cut power: %w", ErrUnsupported, errno)
	}
	return nil
}

// Restore mounts the disk again after Cut, as at the next start of the machine.
func (d *Disk) Restore() error {
	if err := d.Close(); err != nil {
		return err
	}
	return d.mount()
}
