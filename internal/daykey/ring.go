package daykey

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/evident-sec/evident/internal/durable"
	"github.com/evident-sec/evident/internal/sealed"
)

// Errors about keys; each is wrapped with the key or file it is about.
var (
	ErrMaster    = errors.New("the master key is not usable")
	ErrMissing   = errors.New("the key is missing")
	ErrDestroyed = errors.New("the key was destroyed")
	ErrWrong     = errors.New("the key file is damaged, or under another master key")
)

const (
	masterFile = "master.json"
	keySuffix  = ".json"
	goneSuffix = ".destroyed"
	purpose    = "evident day key " // associated data of a wrapped key set, before its identifier
)

// Config says where keys are.
type Config struct {
	Dir    string // folder of the wrapped day keys, created where missing
	Master string // file of the master key set; "" is master.json in Dir
}

// Ring holds the keys of one data folder. Its methods are safe for concurrent
// use; one process at a time may open a folder.
type Ring struct {
	dir, path string

	mu     sync.Mutex
	master tink.AEAD
	broken error                  // why master is nil
	days   map[string][]int       // numbers of a day's keys, destroyed ones included, in order
	gone   map[string]Destruction // by identifier
	open   map[string]sealed.AEAD // unwrapped, by identifier
}

// Open opens the keys in cfg.Dir. A master key that cannot be used is no error:
// Broken tells, and every use of a key says so.
func Open(cfg Config) (*Ring, error) {
	r := &Ring{
		dir: cfg.Dir, path: cfg.Master, days: map[string][]int{},
		gone: map[string]Destruction{}, open: map[string]sealed.AEAD{},
	}
	if r.path == "" {
		r.path = filepath.Join(cfg.Dir, masterFile)
	}
	if err := r.list(); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	r.master, r.broken = r.readMaster()
	return r, nil
}

// Broken says why the master key cannot be used, nil when it can, or when none
// is needed yet.
func (r *Ring) Broken() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(r.broken, fs.ErrNotExist) && len(r.days) == 0 {
		return nil
	}
	return r.broken
}

// readMaster reads the master key set; without any key it may be made later.
func (r *Ring) readMaster() (tink.AEAD, error) {
	raw, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing; put it back, or name it with EVIDENT_MASTER_KEY (%w)",
			ErrMaster, r.path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMaster, err)
	}
	// A copy of the folder may have other rights than the folder had.
	if info, err := os.Stat(r.path); err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(r.path, 0o600); err != nil {
			return nil, fmt.Errorf("%w: others may read %s: %w", ErrMaster, r.path, err)
		}
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err == nil {
		var master tink.AEAD
		if master, err = aead.New(handle); err == nil {
			return master, nil
		}
	}
	return nil, fmt.Errorf("%w: %s holds no key set for AEAD: %w", ErrMaster, r.path, err)
}

// makeMaster makes the first master key set.
func (r *Ring) makeMaster() error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make master key: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return fmt.Errorf("make master key: %w", err)
	}
	if err := writeDurably(r.path, out.Bytes()); err != nil {
		return fmt.Errorf("make master key: %w", err)
	}
	r.master, r.broken = r.readMaster()
	return r.broken
}

var keyName = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,6})$`)

// list finds the keys in the folder and finishes interrupted destructions.
func (r *Ring) list() error {
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, isKey := strings.CutSuffix(e.Name(), keySuffix)
		if !isKey {
			id, _ = strings.CutSuffix(e.Name(), goneSuffix)
		}
		m := keyName.FindStringSubmatch(id)
		switch {
		case strings.HasSuffix(e.Name(), durable.Suffix):
			if err := wipe(filepath.Join(r.dir, e.Name())); err != nil {
				return err
			}
		case m != nil && isKey:
			r.note(m[1], m[2])
		case m != nil && strings.HasSuffix(e.Name(), goneSuffix):
			r.note(m[1], m[2])
			if err := r.finish(id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Ring) note(day, number string) {
	n, err := strconv.Atoi(number)
	if err == nil && !slices.Contains(r.days[day], n) {
		r.days[day] = append(r.days[day], n)
		slices.Sort(r.days[day])
	}
}

func identifier(day string, number int) string { return day + "." + strconv.Itoa(number) }

// Day returns the day that a key is for, false where id is no identifier.
func Day(id string) (string, bool) {
	m := keyName.FindStringSubmatch(id)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// DayOf names the day of an arrival, UTC.
func DayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// Current returns the key for what arrived on a day, the newest one, and makes
// it where the day has none. It is on the disk when Current returns.
func (r *Ring) Current(day string) (id string, key sealed.AEAD, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	numbers := r.days[day]
	if n := len(numbers); n > 0 {
		id := identifier(day, numbers[n-1])
		if _, destroyed := r.gone[id]; !destroyed {
			// A lost key is named by who reads; what comes is under another.
			if key, err := r.get(id); !errors.Is(err, ErrMissing) {
				return id, key, err
			}
		}
	}
	return r.make(day)
}

// Known tells the identifiers that files carry: a key that is missing is never
// made again under its name.
func (r *Ring) Known(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if m := keyName.FindStringSubmatch(id); m != nil {
			r.note(m[1], m[2])
		}
	}
}

// Renew makes a new key for a day: what is written from now on is under it.
// The older ones stay until they are destroyed.
func (r *Ring) Renew(day string) (id string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, _, err = r.make(day)
	return id, err
}

func (r *Ring) make(day string) (string, sealed.AEAD, error) {
	number := 0
	if n := len(r.days[day]); n > 0 {
		number = r.days[day][n-1] + 1
	}
	id := identifier(day, number)
	if !keyName.MatchString(id) {
		return "", nil, fmt.Errorf("make key of day %q: no day", day)
	}
	if err := makeDir(r.dir); err != nil {
		return "", nil, fmt.Errorf("make key %s: %w", id, err)
	}
	if r.master == nil && errors.Is(r.broken, fs.ErrNotExist) && len(r.days) == 0 {
		if err := r.makeMaster(); err != nil {
			return "", nil, err
		}
	}
	if r.master == nil {
		return "", nil, fmt.Errorf("make key %s: %w", id, r.broken)
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", nil, fmt.Errorf("make key %s: %w", id, err)
	}
	var out bytes.Buffer
	err = handle.WriteWithAssociatedData(keyset.NewJSONWriter(&out), r.master, []byte(purpose+id))
	if err == nil {
		err = writeDurably(r.file(id, keySuffix), out.Bytes())
	}
	if err != nil {
		return "", nil, fmt.Errorf("make key %s: %w", id, err)
	}
	r.days[day] = append(r.days[day], number)
	key, err := r.get(id) // read back what the disk has
	return id, key, err
}

func (r *Ring) file(id, suffix string) string { return filepath.Join(r.dir, id+suffix) }

// Get returns a key by its identifier.
func (r *Ring) Get(id string) (sealed.AEAD, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.get(id)
}

func (r *Ring) get(id string) (sealed.AEAD, error) {
	if key := r.open[id]; key != nil {
		return key, nil
	}
	if !keyName.MatchString(id) {
		return nil, fmt.Errorf("key %q: %w", id, ErrMissing)
	}
	if d, gone := r.gone[id]; gone {
		return nil, fmt.Errorf("key %s: %w on %s: %s", id, ErrDestroyed,
			d.Time.Format(time.RFC3339), d.Reason)
	}
	raw, err := os.ReadFile(r.file(id, keySuffix))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("key %s: %w: %s", id, ErrMissing, r.file(id, keySuffix))
	case err != nil:
		return nil, fmt.Errorf("key %s: %w", id, err)
	case r.master == nil:
		return nil, fmt.Errorf("key %s: %w", id, r.broken)
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewJSONReader(bytes.NewReader(raw)), r.master,
		[]byte(purpose+id))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w: %w", id, ErrWrong, err)
	}
	key, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w: %w", id, ErrWrong, err)
	}
	r.open[id] = key
	return key, nil
}
