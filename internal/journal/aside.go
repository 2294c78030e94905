package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/durable"
)

const (
	asideDir  = "aside"
	asideExt  = ".entry"
	sumDigits = 8
)

// aside holds, in files of their own, the entries that the server cannot give
// any more: whole ones found in a damaged block, and losses. A file is the
// checksum in hex, a line feed and the encoded entry.
type aside struct {
	dir string

	mu   sync.RWMutex
	seqs []uint64 // ascending
}

func openAside(dir string) (*aside, error) {
	a := &aside{dir: filepath.Join(dir, asideDir)}
	entries, err := os.ReadDir(a.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list entries set aside: %w", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), asideExt)
		if seq, err := strconv.ParseUint(name, 10, 63); ok && err == nil {
			a.seqs = append(a.seqs, seq)
		}
	}
	slices.Sort(a.seqs)
	return a, nil
}

func (a *aside) path(seq uint64) string {
	return filepath.Join(a.dir, fmt.Sprintf("%020d%s", seq, asideExt))
}

func (a *aside) has(seq uint64) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	_, ok := slices.BinarySearch(a.seqs, seq)
	return ok
}

// get returns the encoded entry.
func (a *aside) get(seq uint64) ([]byte, error) {
	data, err := os.ReadFile(a.path(seq))
	if err != nil {
		return nil, fmt.Errorf("read entry set aside: %w", err)
	}
	if len(data) <= sumDigits || string(data[:sumDigits]) != checksum(data[sumDigits+1:]) {
		return nil, errors.New("the file it was set aside in is damaged, too")
	}
	return data[sumDigits+1:], nil
}

// put keeps the encoded entry; it is on the disk when put returns.
func (a *aside) put(seq uint64, body []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := slices.BinarySearch(a.seqs, seq)
	if ok {
		return nil
	}
	if err := writeSynced(a.path(seq), append([]byte(checksum(body)+"\n"), body...)); err != nil {
		return fmt.Errorf("set entry %d aside: %w", seq, err)
	}
	a.seqs = slices.Insert(a.seqs, i, seq)
	return nil
}

// purge forgets the entries up to and including through.
func (a *aside) purge(through uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.seqs) > 0 && a.seqs[0] <= through {
		if err := os.Remove(a.path(a.seqs[0])); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forget entry set aside: %w", err)
		}
		a.seqs = a.seqs[1:]
	}
	return nil
}

// lowest is where the journal begins: at first, the server's, or at an entry
// before it that was set aside.
func (a *aside) lowest(first uint64) uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.seqs) > 0 {
		first = min(first, a.seqs[0])
	}
	return first
}

func (a *aside) list() []uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.seqs)
}

// writeSynced writes a file that is whole or not there, whatever happens.
func writeSynced(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(durable.Write(path, data, 0o600), durable.SyncDir(filepath.Dir(dir)))
}

// Losses returns what is lost of the entries that the journal still holds, in
// order.
func (s *Stream) Losses() []Loss {
	var out []Loss
	for _, seq := range s.aside.list() {
		if e, err := s.asideEntry(seq); err == nil {
			if l, ok := LossOf(e); ok {
				out = append(out, l)
			}
		}
	}
	return out
}

func (s *Stream) asideEntry(seq uint64) (*event.Entry, error) {
	body, err := s.aside.get(seq)
	if err != nil {
		return nil, err
	}
	e := &event.Entry{Seq: seq}
	if err := e.UnmarshalBinary(body); err != nil {
		return nil, err
	}
	return e, nil
}
