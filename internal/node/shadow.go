package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// Errors of shadow mode that a caller can do something about.
var (
	ErrNoShadow    = errors.New("no set of rules runs in the shadow")
	ErrShadowStale = errors.New("the current rules changed since the comparison began")
	ErrShadowPath  = errors.New("the path is not one that rules may be read from")
)

// MaxShadowHours bounds how far back a comparison goes: ten years.
const MaxShadowHours = 10 * 365 * 24

// ShadowOrder asks for a set of rules to be compared with the current one.
type ShadowOrder struct {
	Caller string
	Paths  []string // empty: the paths of the current set, as they are now
	Hours  int      // of the sealed lake, back from its newest event; 0 for none
	Live   bool     // go on with the entries that arrive
}

// shadow is one comparison. It ends by itself, or with stop.
type shadow struct {
	order   ShadowOrder
	started time.Time
	old     *rulebook
	book    *rulebook
	lost    []LostRule
	diff    RuleDiff
	stop    context.CancelFunc
	done    chan struct{}
	result  comparison
}

// StartShadow reads a set of rules and compares its verdicts with those of the
// current one, in place of an earlier comparison. Its findings are counted and
// never kept. The error wraps ErrShadowPath for a path outside the folders that
// the process was started with: who may call the API may not read any file.
func (n *Node) StartShadow(ctx context.Context, o ShadowOrder) error {
	if err := n.beginReload(); err != nil {
		return err
	}
	defer n.reloading.Unlock()
	old := n.book.Load()
	if len(o.Paths) == 0 {
		o.Paths = old.paths
	}
	for _, p := range o.Paths {
		if err := n.mayRead(p); err != nil {
			return err
		}
	}
	book, err := readBook(o.Paths)
	if err != nil {
		return err
	}
	err = n.Record(ctx, Act{
		Operation: "shadow-rules", Caller: o.Caller,
		Detail: fmt.Sprintf("plan %s beside %s", book.planHash(), old.planHash()),
	})
	if err != nil {
		return err
	}
	s := &shadow{
		order: o, started: time.Now().UTC(), old: old, book: book,
		lost: lostRules(old, book), diff: diffRules(old.set, book.set), done: make(chan struct{}),
	}
	life, stop := context.WithCancel(n.life)
	s.stop = stop
	s.result.begin(old, book)
	n.replaceShadow(s)
	go func() {
		defer close(s.done)
		defer stop()
		s.result.end(n.compare(life, s))
	}()
	return nil
}

// replaceShadow puts s, which may be nil, in the place of the comparison that
// runs and waits for the end of that one.
func (n *Node) replaceShadow(s *shadow) {
	if was := n.shadow.Swap(s); was != nil {
		was.stop()
		<-was.done
		debug.FreeOSMemory() // its plan and tables go back to the system
	}
}

// mayRead allows the folders of the start, and what is below them.
func (n *Node) mayRead(path string) error {
	place, err := realPath(path)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	for _, root := range n.roots {
		if root, err = realPath(root); err != nil {
			continue // gone; another may hold the path
		}
		below, err := filepath.Rel(root, place)
		if err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
			return nil
		}
	}
	return fmt.Errorf("read rules at %s: %w", path, ErrShadowPath)
}

// realPath is the absolute path that a path means, without links.
func realPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// AcceptShadow lets the set of the comparison judge from now on.
func (n *Node) AcceptShadow(ctx context.Context, o Order) (*Reload, error) {
	if err := n.beginReload(); err != nil {
		return nil, err
	}
	defer n.reloading.Unlock()
	s := n.shadow.Load()
	if s == nil {
		return nil, ErrNoShadow
	}
	old := n.book.Load()
	if old.planHash() != s.old.planHash() {
		return nil, ErrShadowStale
	}
	began := time.Now()
	out := &Reload{Time: began.UTC(), By: o.Caller, OldPlan: old.planHash(), Lost: []LostRule{}}
	if err := n.change(ctx, s.book, o, out); err != nil {
		return nil, err
	}
	out.TookMS = time.Since(began).Milliseconds()
	if out.Result != ReloadRefused {
		n.replaceShadow(nil)
	}
	return out, n.noteReload(ctx, out)
}

// DiscardShadow ends the comparison.
func (n *Node) DiscardShadow(ctx context.Context, caller string) error {
	s := n.shadow.Load()
	if s == nil {
		return ErrNoShadow
	}
	err := n.Record(ctx, Act{
		Operation: "discard-shadow-rules", Caller: caller, Detail: "plan " + s.book.planHash(),
	})
	if err != nil {
		return err
	}
	n.replaceShadow(nil)
	return nil
}
