package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Owner says who holds a data folder.
type Owner struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`       // e.g. "evident serve"
	URL     string `json:"url,omitempty"` // where it serves, if it does
}

// InUseError says that another process owns the data folder.
type InUseError struct {
	Dir string
	Owner
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d (%s)", e.PID, e.Command)
	}
	if e.URL != "" {
		return fmt.Sprintf("open data folder %s: it is in use by %s; use its page at %s, or stop it first",
			e.Dir, who, e.URL)
	}
	return fmt.Sprintf("open data folder %s: it is in use by %s; wait for it or stop it first", e.Dir, who)
}

// lock is an exclusive hold on a data folder. The kernel releases it when the
// process ends, however it ends.
type lock struct {
	file  *os.File
	owner Owner
}

func takeLock(dir, command string) (*lock, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open data folder %s: %w", dir, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
		}
		inUse := &InUseError{Dir: dir}
		_ = json.NewDecoder(file).Decode(&inUse.Owner) // who it is only makes the message better
		return nil, inUse
	}
	l := &lock{file: file, owner: Owner{PID: os.Getpid(), Command: command}}
	if err := l.write(); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// announce adds the address that the owner serves on.
func (l *lock) announce(url string) error {
	l.owner.URL = url
	return l.write()
}

func (l *lock) write() error {
	body, err := json.Marshal(l.owner)
	if err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	if _, err := l.file.WriteAt(body, 0); err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	return nil
}

func (l *lock) release() error { return l.file.Close() }
