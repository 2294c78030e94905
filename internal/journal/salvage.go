package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal/blocks"
)

// damagedDir keeps block files as they were found, before the server cut them.
const damagedDir = "damaged"

// serverDir is the server's part of the folder.
const serverDir = "jetstream"

func recordsOf() blocks.Stream { return blocks.Stream{Name: streamName, Subject: subject} }

// whole reports whether a record is what was appended: by the server's hash and
// by the checksum that came with it.
func whole(r *blocks.Record) bool {
	if r.Err != nil {
		return false
	}
	header, err := nats.DecodeHeadersMsg(r.Header)
	return err == nil && header.Get(headerCRC) == checksum(r.Body)
}

// survey is what the block files held before the server opened them.
type survey struct {
	files []string
	seqs  []span // of whole records, ascending
	bad   []hurt
}

// span is a run of sequences.
type span struct{ first, last uint64 }

// hurt is a damaged stretch of a block.
type hurt struct {
	file    string
	between [2]uint64 // last whole sequence before it and first behind it, 0 for none
	loss    Loss
}

// inspect reads every block, as the server does after a kill.
func inspect(dir string) (*survey, error) {
	files, err := blocks.Files(filepath.Join(dir, serverDir))
	if err != nil {
		return nil, err
	}
	v := &survey{files: files}
	open := 0 // stretches whose end is not known yet begin here
	for _, file := range files {
		err := recordsOf().Scan(file, func(r blocks.Record) bool {
			if whole(&r) {
				v.add(r.Seq)
				for ; open < len(v.bad); open++ {
					v.bad[open].between[1] = r.Seq
				}
				return true
			}
			if r.Err == nil {
				r.Err = errors.New("its checksum does not match")
			}
			v.bad = append(v.bad, hurt{file, [2]uint64{v.last(), 0}, newLoss(r.Seq, r.Err.Error(), r.Body)})
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *survey) add(seq uint64) {
	if n := len(v.seqs); n > 0 && v.seqs[n-1].last+1 == seq {
		v.seqs[n-1].last = seq
		return
	}
	v.seqs = append(v.seqs, span{seq, seq})
}

// last is the highest whole sequence so far.
func (v *survey) last() uint64 {
	if n := len(v.seqs); n > 0 {
		return v.seqs[n-1].last
	}
	return 0
}

// missing returns the losses from first through last: entries that no block
// holds whole. Those that no damaged stretch explains have no reason.
func (v *survey) missing(first, last uint64) []Loss {
	var out []Loss
	next := first
	for _, s := range append(v.seqs, span{last + 1, last + 1}) {
		for ; next < s.first && next <= last; next++ {
			out = append(out, v.explain(next))
		}
		next = max(next, s.last+1)
	}
	return out
}

func (v *survey) explain(seq uint64) Loss {
	loss := Loss{Entry: seq, Found: time.Now().UTC()}
	for _, h := range v.bad {
		if h.loss.Entry == seq {
			return h.loss
		}
		if h.between[0] < seq && (h.between[1] == 0 || seq < h.between[1]) {
			loss.Reason = "its record is damaged beyond recognition"
			loss.Source, loss.Batch, loss.Records = "", "", 0
			if h.loss.Entry == 0 && h.between[1] == h.between[0]+2 { // it can be no other
				loss.Batch, loss.Source, loss.Records = h.loss.Batch, h.loss.Source, h.loss.Records
			}
		}
	}
	return loss
}

// keep copies the block files that hold a damaged stretch through a sequence, as
// they are. What is behind it was never acknowledged: a write that a kill cut
// off. It returns the files to read entries from.
func (v *survey) keep(dir string, through uint64) ([]string, error) {
	files := append([]string(nil), v.files...)
	for _, h := range v.bad {
		if h.between[0] >= through {
			continue
		}
		for i, file := range v.files {
			if file != h.file || files[i] != file {
				continue
			}
			kept, err := keepFile(dir, file)
			if err != nil {
				return nil, fmt.Errorf("keep damaged block: %w", err)
			}
			files[i] = kept
		}
	}
	return files, nil
}

// keepFile copies a block under a name that says when; the number of the block
// stays the file's name, because its hashes depend on it.
func keepFile(dir, file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for n := 0; ; n++ {
		to := filepath.Join(dir, damagedDir, strconv.Itoa(n), filepath.Base(file))
		old, err := os.ReadFile(to)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := os.MkdirAll(filepath.Dir(filepath.Dir(to)), 0o700); err != nil {
				return "", err
			}
			return to, writeSynced(to, data)
		case err != nil:
			return "", err
		case string(old) == string(data):
			return to, nil // the last start kept it
		}
	}
}

// find reads the entry of a sequence from block files; nil where none holds it
// whole.
func find(files []string, seq uint64) (body []byte, err error) {
	for _, file := range files {
		err := recordsOf().Scan(file, func(r blocks.Record) bool {
			if r.Seq == seq && whole(&r) {
				body = r.Body
			}
			return body == nil
		})
		if err != nil || body != nil {
			return body, err
		}
	}
	return nil, nil
}

// recovery is what a start has to bring back.
type recovery struct {
	*survey
	files       []string // to read entries from
	first, last uint64   // what the stream has to hold
	losses      []Loss   // of these
}

// plan reads the blocks before the server cuts them and says what is to be done.
func (s *Stream) plan() (*recovery, error) {
	v, err := inspect(s.cfg.Dir)
	if err != nil {
		return nil, err
	}
	known := max(s.mark.seq(), s.cfg.FirstSeq-1)
	r := &recovery{survey: v, first: s.cfg.Need, last: max(known, v.last())}
	if r.first == 0 {
		r.first = known + 1
		if len(v.seqs) > 0 {
			r.first = min(r.first, v.seqs[0].first)
		}
	}
	for _, l := range v.missing(r.first, known) {
		if s.aside.has(l.Entry) {
			continue
		}
		if l.Reason == "" && !s.cfg.AcceptLoss {
			return nil, fmt.Errorf("%w: entry %d is gone without a trace, entries through %d were "+
				"acknowledged; restore %s from a backup, or go on without them: evident recover "+
				"--accept-loss", ErrLost, l.Entry, known, s.cfg.Dir)
		}
		if l.Reason == "" {
			l.Reason = "its record is gone"
		}
		r.losses = append(r.losses, l)
	}
	r.files, err = v.keep(s.cfg.Dir, known)
	return r, err
}

// create makes the stream. Where the server does not know it though its blocks
// are there, they are moved out of the way, to be read from there.
func (s *Stream) create(ctx context.Context, eng *engine, r *recovery) (*engine, error) {
	if r.first > r.last {
		if known := s.mark.seq(); s.cfg.Need == 0 && known >= s.cfg.FirstSeq && !s.cfg.AcceptLoss {
			return eng, fmt.Errorf("%w: the stream is gone, entries through %d were acknowledged; restore "+
				"%s from a backup", ErrLost, known, s.cfg.Dir)
		}
		return eng, eng.createStream(ctx, r.last+1)
	}
	s.log.Error("the journal's server has lost its stream; it is made anew from its blocks", "dir", s.cfg.Dir)
	eng.stop()
	from := filepath.Join(s.cfg.Dir, serverDir)
	to, err := freeName(filepath.Join(s.cfg.Dir, damagedDir, serverDir))
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		return eng, fmt.Errorf("move the lost stream away: %w", err)
	}
	for i, file := range r.files {
		if in, err := filepath.Rel(from, file); err == nil && filepath.IsLocal(in) {
			r.files[i] = filepath.Join(to, in)
		}
	}
	again, err := startEngine(ctx, s.cfg.Dir, s.log)
	if err != nil {
		return eng, err
	}
	return again, again.createStream(ctx, r.first)
}

// freeName returns a name that nothing has; its folder exists.
func freeName(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	for n := 0; ; n++ {
		name := path + "-" + strconv.Itoa(n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
}

// restore brings the stream, whose server has just started, to hold every
// sequence of r: found in the files, or as a loss.
func (s *Stream) restore(ctx context.Context, eng *engine, r *recovery) error {
	state, err := eng.state(ctx)
	if err != nil {
		return err
	}
	lost := make(map[uint64]Loss, len(r.losses))
	for _, l := range r.losses {
		lost[l.Entry] = l
	}
	for _, seq := range s.dropped(&state, r) {
		if l, ok := lost[seq]; ok {
			err = s.lose(l)
		} else {
			err = s.salvage(r.files, seq)
		}
		if err != nil {
			return err
		}
	}
	for _, l := range r.losses { // what the server has, but cannot read
		if l.Entry >= state.FirstSeq && l.Entry <= state.LastSeq && !s.aside.has(l.Entry) {
			if err := s.lose(l); err != nil {
				return err
			}
		}
	}
	if state.LastSeq+1 < r.first {
		return fmt.Errorf("%w: the journal ends at %d, entries through %d are elsewhere: it is an older "+
			"copy; move %s away to begin a new one", ErrLost, state.LastSeq, r.first-1, s.cfg.Dir)
	}
	return s.refill(ctx, eng, r.files, lost, state.LastSeq+1, r.last)
}

// dropped lists what the server does not have, though it has entries behind it.
func (s *Stream) dropped(state *jetstream.StreamState, r *recovery) (out []uint64) {
	add := func(seq uint64) {
		if seq >= r.first && seq <= r.last && !s.aside.has(seq) {
			out = append(out, seq)
		}
	}
	if s.cfg.Need != 0 { // else nobody knows whether what is before the first was purged
		for seq := r.first; seq < state.FirstSeq && seq <= state.LastSeq; seq++ {
			add(seq)
		}
	}
	for _, seq := range state.Deleted {
		add(seq)
	}
	return out
}

// salvage sets an entry aside that the server no longer has.
func (s *Stream) salvage(files []string, seq uint64) error {
	body, err := find(files, seq)
	if err != nil {
		return err
	}
	if body == nil {
		return s.lose(Loss{Entry: seq, Found: time.Now().UTC(), Reason: "its record is missing or unreadable"})
	}
	s.log.Warn("journal entry was behind a damaged one; it is whole", "entry", seq)
	return s.aside.put(seq, body)
}

// lose sets a loss aside in the place of its entry.
func (s *Stream) lose(l Loss) error {
	e, err := l.entry()
	if err != nil {
		return err
	}
	body, err := e.MarshalBinary()
	if err != nil {
		return fmt.Errorf("describe lost entry %d: %w", l.Entry, err)
	}
	s.log.Error(l.Sentence(), "dir", s.cfg.Dir)
	return s.aside.put(l.Entry, body)
}

// refill appends again, in order and under their own sequences, entries that the
// server cut off at the end.
func (s *Stream) refill(
	ctx context.Context, eng *engine, files []string, lost map[uint64]Loss, next, last uint64,
) error {
	for _, file := range files {
		if next > last {
			return nil // as always but after damage
		}
		var failed error
		err := recordsOf().Scan(file, func(r blocks.Record) bool {
			if !whole(&r) || r.Seq < next || r.Seq > last {
				return true
			}
			if failed = s.fill(ctx, eng, lost, next, r.Seq-1); failed == nil {
				failed = s.again(ctx, eng, r.Seq, r.Body)
			}
			next = r.Seq + 1
			return failed == nil
		})
		if err = errors.Join(err, failed); err != nil {
			return err
		}
	}
	return s.fill(ctx, eng, lost, next, last)
}

// fill appends losses. They are set aside as well, so that who reads the journal
// hears of them, whatever happens in between.
func (s *Stream) fill(ctx context.Context, eng *engine, lost map[uint64]Loss, first, last uint64) error {
	for seq := first; seq <= last; seq++ {
		if !s.aside.has(seq) {
			l, ok := lost[seq]
			if !ok {
				l = Loss{Entry: seq, Found: time.Now().UTC(), Reason: "its record is missing"}
			}
			if err := s.lose(l); err != nil {
				return err
			}
		}
		body, err := s.aside.get(seq)
		if err != nil {
			return fmt.Errorf("restore journal entry %d: %w", seq, err)
		}
		if err := s.again(ctx, eng, seq, body); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stream) again(ctx context.Context, eng *engine, seq uint64, body []byte) error {
	got, err := eng.publish(ctx, message(body))
	if err != nil {
		return fmt.Errorf("restore journal entry %d: %w", seq, err)
	}
	if got != seq {
		return fmt.Errorf("restore journal entry %d: it got sequence %d", seq, got)
	}
	return nil
}

// SetAside puts the entry of a *DamageError out of the way: from now on Get and
// Read give, in its place, the entry itself where its block still holds it whole,
// else an entry that says what is lost (LossOf). For a caller who has made sure
// that nobody else holds the entry.
func (s *Stream) SetAside(damaged *DamageError) (*event.Entry, error) {
	v, err := inspect(s.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("set entry aside: %w", err)
	}
	files, err := v.keep(s.cfg.Dir, s.mark.seq())
	if err != nil {
		return nil, fmt.Errorf("set entry aside: %w", err)
	}
	body, err := find(files, damaged.Seq)
	switch {
	case err != nil:
	case body != nil:
		s.log.Warn("journal entry is whole though the server cannot read it", "entry", damaged.Seq)
		err = s.aside.put(damaged.Seq, body)
	default:
		l := v.explain(damaged.Seq)
		if l.Reason == "" {
			l.Reason = damaged.Err.Error()
		}
		err = s.lose(l)
	}
	if err != nil {
		return nil, fmt.Errorf("set entry aside: %w", err)
	}
	return s.asideEntry(damaged.Seq)
}
