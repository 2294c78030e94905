package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

const markName = "acknowledged"

// mark keeps the highest acknowledged sequence in a file of its own: one line,
// 20 digits, written in place after each acknowledgement. It is not synced.
// After a power failure it may be behind the stream but never ahead, so it
// raises no false alarm; after a killed process it is exact.
type mark struct {
	path string
	mu   sync.Mutex
	file *os.File
	last uint64
}

func openMark(dir string) (*mark, error) {
	m := &mark{path: filepath.Join(dir, markName)}
	var err error
	if m.file, err = os.OpenFile(m.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("open highest sequence: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(m.file, 64))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read highest sequence: %w", err), m.file.Close())
	}
	if len(text) == 0 {
		return m, nil
	}
	if m.last, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 63); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not hold a sequence; remove it to go on "+
			"without the check for lost entries", m.path), m.file.Close())
	}
	return m, nil
}

func (m *mark) seq() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

func (m *mark) raise(seq uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq <= m.last {
		return nil
	}
	m.last = seq
	if _, err := m.file.WriteAt(fmt.Appendf(nil, "%020d\n", seq), 0); err != nil {
		return fmt.Errorf("write highest sequence: %w", err)
	}
	return nil
}

func (m *mark) close() error {
	if err := m.file.Close(); err != nil {
		return fmt.Errorf("close highest sequence: %w", err)
	}
	return nil
}
