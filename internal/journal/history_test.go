package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// historyDirEnv makes the test binary the child of TestHistory.
const historyDirEnv = "EVIDENT_JOURNAL_HISTORY_DIR"

// step is one operation of a history. seq is the sequence that an append was
// given or a read asked for; id names the entry, 0 for none.
type step struct {
	read    bool
	seq, id uint64
}

// logModel is what a journal has to be: a log that only grows at its end. Its
// state is the identifiers in order.
func logModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return []uint64(nil) },
		Step: func(state, input, output any) (bool, any) {
			log, in, out := state.([]uint64), input.(step), output.(step)
			switch {
			case !in.read:
				if uint64(len(log))+1 != out.seq || slices.Contains(log, in.id) {
					return false, log
				}
				return true, append(slices.Clip(log), in.id)
			case in.seq > uint64(len(log)):
				return out.id == 0, log
			default:
				return log[in.seq-1] == out.id, log
			}
		},
		Equal: func(a, b any) bool { return slices.Equal(a.([]uint64), b.([]uint64)) },
	}
}

// history collects operations. The place of a line in the children's output is its
// time: each is written at once, before the call and after its answer.
type history struct {
	*testing.T
	now  int64
	ops  []porcupine.Operation
	open map[int]porcupine.Operation // by client: called, not answered
	lost []porcupine.Operation       // of killed children: never answered
}

// line takes in what a child said: "call CLIENT r|a SEQ ID" or "done CLIENT SEQ ID".
func (h *history) line(text string) {
	h.Helper()
	h.now++
	var client int
	var kind string
	var s step
	if _, err := fmt.Sscanf(text, "call %d %s %d %d", &client, &kind, &s.seq, &s.id); err == nil {
		s.read = kind == "r"
		h.open[client] = porcupine.Operation{ClientId: client, Input: s, Call: h.now}
		return
	}
	if _, err := fmt.Sscanf(text, "done %d %d %d", &client, &s.seq, &s.id); err != nil {
		h.Fatalf("child said %q", text)
	}
	op := h.open[client]
	delete(h.open, client)
	op.Output, op.Return = s, h.now
	h.ops = append(h.ops, op)
}

// killed closes the operations of a child that is gone: what it appended may be
// there or not.
func (h *history) killed() {
	for _, op := range h.open {
		if !op.Input.(step).read {
			h.lost = append(h.lost, op)
		}
	}
	clear(h.open)
}

// complete gives appends that nobody answered the place where they are found; those
// that are nowhere never happened.
func (h *history) complete(found []uint64) []porcupine.Operation {
	ops := slices.Clone(h.ops)
	for _, op := range h.lost {
		if at := slices.Index(found, op.Input.(step).id); at >= 0 {
			op.Output, op.Return = step{seq: uint64(at) + 1}, h.now+1
			ops = append(ops, op)
		}
	}
	return ops
}

// TestHistory appends and reads from several goroutines of processes that are killed
// again and again, and has every answer checked: there is one order of all
// operations, each between its call and its answer, in which a simple log gives
// the same answers.
func TestHistory(t *testing.T) {
	rounds, seed := envInt(killRoundsEnv, 8), envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("%d kills, seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 11))
	h := &history{T: t, open: map[int]porcupine.Operation{}}
	dir := t.TempDir()
	var found []uint64
	for range rounds {
		h.child(dir, time.Duration(20+random.IntN(130))*time.Millisecond)
		found = h.readAll(dir)
	}
	ops := h.complete(found)
	t.Logf("%d operations, %d entries, %d appends without an answer", len(ops), len(found), len(h.lost))
	if len(found) < 10 {
		t.Error("hardly anything was appended: the test shows nothing")
	}
	if got := porcupine.CheckOperationsTimeout(logModel(), ops, time.Minute); got != porcupine.Ok {
		t.Errorf("the history of the journal is %v", got)
	}
	h.wantCaught(ops, found)
}

// wantCaught makes the history wrong in the ways that matter; each has to be seen.
func (h *history) wantCaught(ops []porcupine.Operation, found []uint64) {
	h.Helper()
	end, last := h.now+10, uint64(len(found))
	read := func(seq, id uint64) porcupine.Operation {
		return porcupine.Operation{
			ClientId: 99, Input: step{read: true, seq: seq}, Output: step{seq: seq, id: id}, Call: end, Return: end + 1,
		}
	}
	for name, one := range map[string]porcupine.Operation{
		"a lost entry":               read(last, 0),
		"a doubled entry":            read(last+1, found[last-1]),
		"another entry in its place": read(last, found[0]),
		"a sequence given twice": {
			ClientId: 99, Input: step{id: 1 << 60}, Output: step{seq: last}, Call: end, Return: end + 1,
		},
		"an entry taken twice": {
			ClientId: 99, Input: step{id: found[0]}, Output: step{seq: last + 1}, Call: end, Return: end + 1,
		},
	} {
		if porcupine.CheckOperationsTimeout(logModel(), append(slices.Clip(ops), one), time.Minute) != porcupine.Illegal {
			h.Errorf("%s goes unnoticed", name)
		}
	}
}

// child runs a process for a while after it began to append, then kills it.
func (h *history) child(dir string, after time.Duration) {
	h.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), historyDirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		h.line(lines.Text())
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		h.Fatalf("child ended by itself: %v", err)
	}
	h.killed()
}

// readAll reads the journal after a kill, as operations of the history too, and
// returns the identifiers in order.
func (h *history) readAll(dir string) (found []uint64) {
	h.Helper()
	s := mustOpen(h, dir)
	defer s.Close()
	_, last, err := s.Bounds(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	for seq := uint64(1); seq <= last+1; seq++ {
		h.line(fmt.Sprintf("call 50 r %d 0", seq))
		id, err := readID(h.Context(), s, seq)
		if err != nil {
			h.Fatal(err)
		}
		h.line(fmt.Sprintf("done 50 %d %d", seq, id))
		if id != 0 {
			found = append(found, id)
		}
	}
	return found
}

// readID reads an entry whose time of arrival is its identifier; 0 for none.
func readID(ctx context.Context, s *journal.Stream, seq uint64) (uint64, error) {
	e, err := s.Get(ctx, seq)
	if errors.Is(err, journal.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return uint64(e.Received.UnixNano()), nil
}

// makeHistory is the child: four goroutines append, two read.
func makeHistory(dir string) error {
	ctx := context.Background()
	s, err := journal.Open(ctx, journal.Config{Dir: dir})
	if err != nil {
		return err
	}
	_, first, err := s.Bounds(ctx)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { os.Stdout.WriteString(fmt.Sprintf(format+"\n", args...)) }
	var group errgroup.Group
	for client := range 6 {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(first, uint64(client)))
			for n := uint64(1); ; n++ {
				if client >= 4 {
					seq := 1 + random.Uint64N(first+n+2)
					say("call %d r %d 0", client, seq)
					id, err := readID(ctx, s, seq)
					if err != nil {
						return err
					}
					say("done %d %d %d", client, seq, id)
					time.Sleep(2 * time.Millisecond)
					continue
				}
				id := first<<24 | uint64(client)<<20 | n
				say("call %d a 0 %d", client, id)
				seq, err := s.Append(ctx, journaltest.Entry(id, 1, 50))
				if err != nil {
					return err
				}
				say("done %d %d %d", client, seq, id)
			}
		})
	}
	return group.Wait()
}
