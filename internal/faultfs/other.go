//go:build !linux

package faultfs

import "os/exec"

// Enter does nothing where calls cannot be watched.
func Enter() error { return nil }

// Process is a started command.
type Process struct{}

// Start returns ErrUnsupported.
func Start(*exec.Cmd, string, Rule) (*Process, error) { return nil, ErrUnsupported }

// Wait is never called.
func (p *Process) Wait() error { return ErrUnsupported }

// Calls is never called.
func (p *Process) Calls() int { return 0 }

// Disk is a file system in a file.
type Disk struct{}

// NewDisk returns ErrUnsupported.
func NewDisk(string, string, int64, string) (*Disk, error) { return nil, ErrUnsupported }

// Close is never called.
func (d *Disk) Close() error { return ErrUnsupported }

// Cut is never called.
func (d *Disk) Cut() error { return ErrUnsupported }

// Restore is never called.
func (d *Disk) Restore() error { return ErrUnsupported }
