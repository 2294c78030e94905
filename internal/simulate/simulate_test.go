package simulate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// memory collects written files.
type memory struct{ files map[string]*bytes.Buffer }

type memoryFile struct{ *bytes.Buffer }

func (memoryFile) Close() error { return nil }

func (m *memory) create(name string) (io.WriteCloser, error) {
	if m.files[name] != nil {
		return nil, errors.New("created twice: " + name)
	}
	m.files[name] = &bytes.Buffer{}
	return memoryFile{m.files[name]}, nil
}

// names returns the log files in order, without the answer key.
func (m *memory) names() []string {
	var names []string
	for name := range m.files {
		if name != KeyFile {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (m *memory) hash() [32]byte {
	h := sha256.New()
	for _, name := range append(m.names(), KeyFile) {
		h.Write([]byte(name))
		h.Write(m.files[name].Bytes())
	}
	return [32]byte(h.Sum(nil))
}

func generate(t testing.TB, cfg Config) (*memory, *Key) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{files: map[string]*bytes.Buffer{}}
	key, err := s.Write(context.Background(), m.create, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m, key
}

// standard is the default organisation on thin days, generated and read once.
func standard(t testing.TB) *sample {
	t.Helper()
	once.Do(func() {
		shared.memory, shared.key = generate(t, Config{Seed: 1, Scale: 0.3})
		shared.windows = windowsRecords(t, shared.memory)
	})
	return &shared
}

type sample struct {
	*memory
	key     *Key
	windows []*winRecord
}

var (
	once   sync.Once
	shared sample
)

func TestSameSeedSameBytes(t *testing.T) {
	small := Config{Seed: 7, Users: 30, Days: 2}
	one, _ := generate(t, small)
	two, _ := generate(t, small)
	if one.hash() != two.hash() {
		t.Error("seed 7 gave other bytes the second time")
	}
	small.Seed = 8
	if three, _ := generate(t, small); three.hash() == one.hash() {
		t.Error("seeds 7 and 8 gave the same bytes")
	}
}

func TestVolumes(t *testing.T) {
	m, _ := generate(t, Config{Seed: 1})
	kinds := map[string]int{}
	total := 0
	for _, name := range m.names() {
		n := len(split(name, m.files[name].String()))
		kind, _, _ := bytes.Cut([]byte(name), []byte("/"))
		kinds[string(kind)] += n
		total += n
	}
	t.Logf("%d records: %v", total, kinds)
	if total < 60_000 || total > 120_000 {
		t.Errorf("%d records, want 60,000 to 120,000", total)
	}
	for _, kind := range []string{"windows", "linux", "zeek", "idp", "mdm"} {
		if kinds[kind] < 500 {
			t.Errorf("%s: %d records, want at least 500", kind, kinds[kind])
		}
	}
}

func TestScaleRaisesVolume(t *testing.T) {
	count := func(scale float64) int {
		m, _ := generate(t, Config{Users: 30, Days: 1, Scale: scale})
		return len(windowsRecords(t, m))
	}
	if one, four := count(1), count(4); four < 2*one {
		t.Errorf("scale 1 gave %d records, scale 4 only %d", one, four)
	}
}

// Any organisation and length works: the intrusion fits into one day, no
// department is empty, and starts may fall on a weekend.
func TestConfigurations(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	for range 3 {
		cfg := Config{
			Seed: d.Uint64(), Users: d.between(30, 70), Days: d.between(1, 4),
			Scale: 0.1, Start: time.Date(2027, 3, d.between(1, 28), 0, 0, 0, 0, time.UTC),
		}
		s, err := New(cfg)
		if err != nil {
			continue // only a weekend
		}
		m := &memory{files: map[string]*bytes.Buffer{}}
		key, err := s.Write(context.Background(), m.create, nil)
		if err != nil {
			t.Fatalf("%+v: %v", cfg, err)
		}
		if n := len(key.Incidents[0].Steps); n < 12 {
			t.Errorf("%+v: %d steps in the main incident, want at least 12", cfg, n)
		}
		if n := len(key.Lookalikes); n < 10 {
			t.Errorf("%+v: %d look-alikes, want at least 10", cfg, n)
		}
		checkKey(t, m, key)
		records := windowsRecords(t, m)
		checkConnections(t, m, records)
		checkProcesses(t, records)
	}
}

func TestConfigErrors(t *testing.T) {
	saturday := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, cfg := range []Config{
		{Users: 3},
		{Users: 9999},
		{Days: -1},
		{Days: 1000},
		{Scale: -2},
		{Scale: 1e9},
		{Start: saturday, Days: 2},
		{Start: time.Unix(0, 0)},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

func TestWriteStops(t *testing.T) {
	s, err := New(Config{Users: 30, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	fails := func(string) (io.WriteCloser, error) { return nil, full }
	_, err = s.Write(context.Background(), fails, nil)
	if !errors.Is(err, full) {
		t.Errorf("error of create was lost: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &memory{files: map[string]*bytes.Buffer{}}
	_, err = s.Write(ctx, m.create, func(done, _ int) {
		if done > 100 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run returned %v", err)
	}
}

func TestProgressReachesTotal(t *testing.T) {
	s, err := New(Config{Users: 30, Days: 1, Scale: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	last, total := -1, 0
	_, err = s.WriteDir(context.Background(), t.TempDir(), func(done, of int) {
		if done < last {
			t.Errorf("progress went back from %d to %d", last, done)
		}
		last, total = done, of
	})
	if err != nil || last != total || total != 24*60 {
		t.Errorf("ended at %d of %d: %v", last, total, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	s, err := New(Config{Seed: 1, Days: 2})
	if err != nil {
		b.Fatal(err)
	}
	records, size := 0, 0
	for b.Loop() {
		var count counter
		if _, err := s.Write(context.Background(), count.create, nil); err != nil {
			b.Fatal(err)
		}
		records, size = records+count.lines, size+count.bytes
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(size)/float64(records), "bytes/line")
}

// counter counts lines and throws them away.
type counter struct{ lines, bytes int }

func (c *counter) create(string) (io.WriteCloser, error) { return c, nil }
func (c *counter) Close() error                          { return nil }

func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte{'\n'})
	c.bytes += len(p)
	return len(p), nil
}
