package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/internal/evtx"
)

// frameEVTX cuts the records out of a Windows event log. Each chunk has a chain
// of its own, because Windows writes a log in a circle: a copy made later has
// some chunks replaced, and the others are known.
func frameEVTX(in *bufio.Reader, b *batcher) error {
	log, err := evtx.NewReader(in)
	if errors.Is(err, evtx.ErrFormat) {
		b.r.problem(b.name, "", "is not a Windows event log (EVTX); leave the format out, "+
			"so that it is recognised")
		return nil
	}
	if err != nil {
		return err
	}
	err = eachChunk(log, b)
	if stop(err) {
		return err
	}
	return errors.Join(err, b.sealed(log))
}

// sealed reports what the log's own checksums and record numbers say.
func (b *batcher) sealed(log *evtx.Reader) error {
	for _, p := range log.Problems() {
		if p.Lost {
			b.r.problem(b.name, p.Where, "%s", p.Text)
		} else {
			b.r.damage(b.name, p.Where, "%s", p.Text)
		}
	}
	v := log.Verdict()
	b.r.cfg.Log.Debug("event log read", "source", b.name, "chunks", v.Chunks, "records", v.Records,
		"unsound_chunks", v.Unsound, "unclosed", v.Unclosed, "old_records_not_read", v.Old)
	if b.r.cfg.Sealed == nil || v.Records == 0 {
		return nil
	}
	seal := Seal{Source: b.name, Verdict: v}
	for _, p := range log.Problems() {
		line := p.Text
		if p.Where != "" {
			line = p.Where + ": " + p.Text
		}
		seal.Problems = append(seal.Problems, line)
	}
	if err := b.r.cfg.Sealed(b.ctx, seal); err != nil {
		return &appendError{fmt.Errorf("seal the verdict on %s: %w", b.name, err)}
	}
	return nil
}

func eachChunk(log *evtx.Reader, b *batcher) error {
	begun := map[[24]byte]int{} // chunks by the head of their first record
	var raw []byte
	for {
		chunk, err := log.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read event log: %w", err)
		}
		key := chunk.Key()
		if err := b.restart(begun[key]); err != nil {
			return err
		}
		begun[key]++
		for _, record := range chunk.Records() {
			raw = chunk.AppendRaw(raw[:0], record)
			if err := b.add(raw); err != nil {
				return err
			}
		}
	}
}
