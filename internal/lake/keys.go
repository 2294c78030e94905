package lake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/evident-sec/evident/internal/lake/originals"
	"github.com/evident-sec/evident/internal/sealed"
)

// Keys has the keys under which originals are encrypted, one or more for each
// day of arrival (2006-01-02, UTC).
type Keys interface {
	// Current returns the key to write with, which is on the disk by then.
	Current(day string) (id string, key sealed.AEAD, err error)
	Get(id string) (sealed.AEAD, error)
	Known(ids []string)                      // files are under these, so that none is made again
	Renew(day string) (id string, err error) // what is written from now on is under a new key
	Live(day string) (ids []string)          // the newest last
	Destroy(id, reason string) error
}

// dayOf names the day of an arrival.
func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// labelOf returns what an encrypted file of originals says that it is: the name
// of the file without its last entry, which is not known when it is begun.
func labelOf(name string) string {
	name = strings.TrimSuffix(filepath.Base(name), ".parquet")
	first, rest, _ := strings.Cut(name, "-")
	_, generation, again := strings.Cut(rest, ".")
	if !again {
		generation = "0"
	}
	return first + "." + generation
}

// sealing encrypts a file that is being written.
type sealing struct {
	id    string
	key   sealed.AEAD
	label string
}

// sealing returns how to encrypt a file with records of a day, nil where the
// lake has no keys.
func (t *Table) sealing(arrived time.Time, name string) (*sealing, error) {
	if t.cfg.Keys == nil {
		return nil, nil
	}
	id, key, err := t.cfg.Keys.Current(dayOf(arrived))
	if err != nil {
		return nil, fmt.Errorf("encrypt originals: %w", err)
	}
	return &sealing{id, key, labelOf(name)}, nil
}

// over encrypts what goes to a file.
func (s *sealing) over(to io.Writer) (io.WriteCloser, error) {
	h := sealed.Header{Key: s.id, Label: s.label}
	if _, err := rand.Read(h.Random[:]); err != nil {
		return nil, fmt.Errorf("encrypt originals: %w", err)
	}
	return sealed.NewWriter(to, s.key, h)
}

var errNoKeys = errors.New("the file is encrypted and the lake was opened without keys")

// unseal returns the plain Parquet bytes of an originals file: file itself
// where it is not encrypted.
func (t *Table) unseal(f *os.File) (parquet.ReaderAtSeeker, error) {
	h, _, err := sealed.ReadHeader(f)
	if errors.Is(err, sealed.ErrPlain) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	if t.cfg.Keys == nil {
		return nil, errNoKeys
	}
	if want := labelOf(f.Name()); h.Label != want {
		return nil, fmt.Errorf("file says that it is %q, it is in the place of %q", h.Label, want)
	}
	key, err := t.cfg.Keys.Get(h.Key)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return sealed.NewReader(f, info.Size(), key, h)
}

// tellKeys tells the keys which of them files are under. Damage is for who reads
// the file to name.
func (t *Table) tellKeys(files []File) {
	if t.cfg.Keys == nil {
		return
	}
	var ids []string
	for i := range files {
		if id, err := t.KeyOf(files[i]); err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	t.cfg.Keys.Known(ids)
}

// Originals reads single records and parts of files of originals, by path.
func (t *Table) Originals() *originals.Reader { return &t.originals }

// KeyOf returns the identifier of the key that a file's originals are under, ""
// where they are not encrypted.
func (t *Table) KeyOf(f File) (string, error) {
	opened, err := os.Open(f.Originals)
	if err != nil {
		return "", damage(f.Originals, f.FirstEntry, f.LastEntry, err)
	}
	defer opened.Close()
	h, _, err := sealed.ReadHeader(opened)
	if errors.Is(err, sealed.ErrPlain) {
		return "", nil
	}
	if err != nil {
		return "", damage(f.Originals, f.FirstEntry, f.LastEntry, err)
	}
	return h.Key, nil
}

// RenewKeys makes new keys for days: files that are written from now on, erased
// ones among them, are under them.
func (t *Table) RenewKeys(days []string) error {
	if t.cfg.Keys == nil {
		return nil
	}
	for _, day := range days {
		if len(t.cfg.Keys.Live(day)) == 0 {
			continue // nothing is encrypted under a key of that day
		}
		if _, err := t.cfg.Keys.Renew(day); err != nil {
			return fmt.Errorf("renew key of %s: %w", day, err)
		}
	}
	return nil
}

// DropKeys destroys the keys of days that a newer one has replaced and that no
// file is under any more: copies of files that were become unreadable. It
// returns their identifiers.
func (t *Table) DropKeys(ctx context.Context, days []string, reason string) (ids []string, err error) {
	if t.cfg.Keys == nil {
		return nil, nil
	}
	t.mu.Lock() // no file comes in meanwhile
	defer t.mu.Unlock()
	used := map[string]bool{}
	if t.pair != nil && t.pair.sealing != nil {
		used[t.pair.sealing.id] = true
	}
	for _, f := range t.state.Load().files {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("look for keys in use: %w", err)
		}
		id, err := t.KeyOf(f)
		if err != nil {
			return nil, fmt.Errorf("look for keys in use: %w", err)
		}
		used[id] = true
	}
	for _, day := range days {
		live := t.cfg.Keys.Live(day)
		for _, id := range live[:max(0, len(live)-1)] {
			if used[id] {
				continue
			}
			if err := t.cfg.Keys.Destroy(id, reason); err != nil {
				return ids, err
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Replaced reports whether a newer key of its day has taken a key's place.
func (t *Table) Replaced(id string) bool {
	if t.cfg.Keys == nil || id == "" {
		return false
	}
	day, _, _ := strings.Cut(id, ".")
	live := t.cfg.Keys.Live(day)
	return len(live) > 0 && live[len(live)-1] != id
}

// KeyDay returns the day whose key a file's originals are under, "" where they
// are not encrypted.
func (t *Table) KeyDay(f File) (string, error) {
	id, err := t.KeyOf(f)
	day, _, _ := strings.Cut(id, ".")
	return day, err
}
