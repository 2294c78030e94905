package journald

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key is a verification key, as "journalctl --setup-keys" prints it.
type Key struct {
	seed     [seedBytes]byte
	start    uint64 // of epoch 0, microseconds
	interval uint64 // of an epoch, microseconds

	once sync.Once
	base *generator // at epoch 0
}

// MaxKeys bounds the keys of one file.
const MaxKeys = 64

var errKey = errors.New("expected four groups of six hex digits, a slash, and two hex numbers, as " +
	`"journalctl --setup-keys" prints: 1a2b3c-4d5e6f-718293-a4b5c6/1a2b3c-35a4e900`)

// ParseKeys reads a file with one verification key a line. Empty lines and those
// that begin with # are left out. Errors name the line and never show the key.
func ParseKeys(text []byte) ([]*Key, error) {
	var keys []*Key
	for n, line := range bytes.Split(text, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := parseKey(string(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if len(keys) == MaxKeys {
			return nil, fmt.Errorf("line %d: more than %d keys", n+1, MaxKeys)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("no key in it: %w", errKey)
	}
	return keys, nil
}

func parseKey(text string) (*Key, error) {
	seed, times, ok := strings.Cut(text, "/")
	start, interval, both := strings.Cut(times, "-")
	raw, err := hex.DecodeString(strings.ReplaceAll(seed, "-", ""))
	if !ok || !both || err != nil || len(raw) != seedBytes {
		return nil, errKey
	}
	k := &Key{seed: [seedBytes]byte(raw)}
	first, err := strconv.ParseUint(start, 16, 64)
	if err != nil {
		return nil, errKey
	}
	if k.interval, err = strconv.ParseUint(interval, 16, 64); err != nil || k.interval == 0 {
		return nil, errKey
	}
	if first > math.MaxInt64/k.interval {
		return nil, fmt.Errorf("its first interval lies beyond any clock: %w", errKey)
	}
	k.start = first * k.interval
	return k, nil
}

// generator returns a generator of its own at epoch 0.
func (k *Key) generator() *generator {
	k.once.Do(func() { k.base = newGenerator(k.seed[:]) })
	g := *k.base
	g.state = clone(k.base.state)
	return &g
}

// begin is when an epoch begins, in microseconds; the last moment of all where
// that is beyond any clock.
func (k *Key) begin(epoch uint64) uint64 {
	if epoch > (math.MaxInt64-k.start)/k.interval {
		return math.MaxInt64
	}
	return k.start + epoch*k.interval
}

func micros(us uint64) time.Time {
	return time.UnixMicro(int64(min(us, math.MaxInt64))).UTC()
}
