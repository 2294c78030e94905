package posture

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/register"
)

// ErrUnknown marks identifiers that the register, or the proposals, do not have.
var ErrUnknown = errors.New("nothing has that identifier")

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// Depth is how much an answer tells.
type Depth bool

// The depths.
const (
	Counts Depth = false // bands and numbers
	Detail Depth = true  // moves, register lines, names of what lies between
)

// Config says what to keep.
type Config struct {
	Register  fs.FS
	Proposals fs.FS            // holds a folder for each proposal; nil for none
	Now       func() time.Time // time.Now where nil
}

// Keeper holds a register and what was made of it. Its methods may be called
// from several goroutines.
type Keeper struct {
	cfg  Config
	pack *checks.Pack

	mu     sync.Mutex
	looked time.Time // when the files were last looked at
	stamp  [32]byte  // of the files last read, sound or not
	good   *analysis
	broken *Broken
}

// Broken says that the files as they are now cannot be used.
type Broken struct {
	Since    time.Time `json:"since"`
	Problems int       `json:"problems"`
	Text     string    `json:"text"` // the first problem, with file and line
}

// Open loads a register; one that has problems is an error that names the
// first.
func Open(cfg Config) (*Keeper, error) {
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		return nil, fmt.Errorf("load checks: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	k := &Keeper{cfg: cfg, pack: pack}
	k.current()
	if k.good == nil {
		return nil, fmt.Errorf("load register: %s", k.broken.Text)
	}
	return k, nil
}

// current returns the last good analysis, after a look at the files.
func (k *Keeper) current() (*analysis, *Broken) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.cfg.Now().UTC()
	if k.good != nil && now.Sub(k.looked) < lookEvery && now.Sub(k.looked) >= 0 {
		return k.good, k.broken
	}
	k.looked = now
	stamp, err := stampOf(k.cfg.Register)
	switch {
	case err != nil:
		k.fail(now, 1, err.Error())
	case k.good == nil || stamp != k.stamp:
		k.stamp = stamp
		k.read(now)
	}
	if day := dayOf(now); k.good != nil && !k.good.day.Equal(day) {
		k.good = analyse(k.good.reg, k.pack, day, k.good.read)
	}
	return k.good, k.broken
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// read loads the files and takes them where they are sound.
func (k *Keeper) read(now time.Time) {
	r, problems, err := register.Load(k.cfg.Register)
	switch {
	case err != nil:
		k.fail(now, 1, err.Error())
	case len(problems) > 0:
		k.fail(now, len(problems), problems[0].String())
	default:
		k.good, k.broken = analyse(r, k.pack, dayOf(now), now), nil
	}
}

// fail notes what is wrong; how long it has been stays.
func (k *Keeper) fail(now time.Time, problems int, text string) {
	if k.broken != nil {
		now = k.broken.Since
	}
	k.broken = &Broken{Since: now, Problems: problems, Text: text}
}

// stampOf tells sets of files apart by their names, sizes and times.
func stampOf(folder fs.FS) (stamp [32]byte, err error) {
	h := sha256.New()
	err = fs.WalkDir(folder, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && d.Name()[0] == '.' {
				return fs.SkipDir // as the register reads it
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(h, "%q %d %d\n", p, info.Size(), info.ModTime().UnixNano())
		return err
	})
	if err != nil {
		return stamp, fmt.Errorf("look at register: %w", err)
	}
	h.Sum(stamp[:0])
	return stamp, nil
}

// analysis is one sound register on one day, with what was asked of it.
type analysis struct {
	reg  *register.Register
	pack *checks.Pack
	day  time.Time
	read time.Time // when its files were read
	hash string
	m    *exposure.Model

	zoneOf    map[string]string // node: identifier of its zone
	kindOf    map[string]string // node: kind
	paths     map[exposure.Aim]func() []exposure.Path
	findings  func() []checks.Finding
	knowers   func() []exposure.Known
	footings  func() *footings
	options   func() *options
	sets      func() []exposure.Combination
	choiceMu  sync.Mutex
	choices   map[int]exposure.Choice // by budget
	reviewsMu sync.Mutex
	reviews   map[string]*reviewed // by proposal and stamp
}

func analyse(r *register.Register, pack *checks.Pack, day, read time.Time) *analysis {
	sum := r.Hash()
	a := &analysis{
		reg: r, pack: pack, day: day, read: read, hash: hex.EncodeToString(sum[:]),
		m: exposure.Derive(r, day), kindOf: map[string]string{},
		choices: map[int]exposure.Choice{}, reviews: map[string]*reviewed{},
	}
	for _, n := range a.m.Nodes {
		a.kindOf[n.ID] = n.Kind
	}
	a.zoneOf = zonesOf(r)
	a.paths = map[exposure.Aim]func() []exposure.Path{}
	for _, aim := range []exposure.Aim{exposure.MostLikely, exposure.LeastEffort, exposure.LeastSeen} {
		a.paths[aim] = sync.OnceValue(func() []exposure.Path { return a.m.Paths(aim, a.m.HoldingIDs()) })
	}
	a.findings = sync.OnceValue(func() []checks.Finding { return checks.Run(pack, r, a.m, day) })
	a.knowers = sync.OnceValue(func() []exposure.Known { return exposure.Knowers(r) })
	a.footings = sync.OnceValue(a.footing)
	a.options = sync.OnceValue(a.option)
	a.sets = sync.OnceValue(func() []exposure.Combination { return a.m.Combine(pack.Bulk, false) })
	return a
}

// zonesOf returns the zone of everything that has one: holdings and documents
// stand where their system does.
func zonesOf(r *register.Register) map[string]string {
	out := map[string]string{}
	for _, z := range r.Zones {
		out[z.ID] = z.ID
	}
	for _, s := range r.Systems {
		out[s.ID] = s.Zone
	}
	for _, f := range r.Fleets {
		out[f.ID] = f.Zone
	}
	for _, h := range r.Holdings {
		out[h.ID] = out[h.System]
	}
	for _, p := range r.IdentityProviders {
		out[p.ID] = out[p.System]
	}
	for _, d := range r.Knowledge {
		out[d.ID] = out[d.System]
	}
	return out
}
