package journal

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/evident-sec/evident/event"
)

// MaxEntryBytes bounds an encoded entry: a batch just below
// event.MaxEntryBytes and one more record of event.MaxRecordBytes, plus room
// for header and salts.
const MaxEntryBytes = event.MaxEntryBytes + event.MaxRecordBytes + 1<<20

const headerCRC = "Evident-CRC32C"

// checksum returns the CRC-32C of the body in hex. It guards against damage,
// not against forgery, which the ledger does, so a fast code is enough.
func checksum(body []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// Append writes and syncs the entry, sets e.Seq and returns it; the bytes of its
// records must not change afterwards, since Read may yield them. On an error
// there is no acknowledgement and e is unchanged; where the error is the
// context's, the entry may be in the journal all the same. A full disk is
// syscall.ENOSPC; later calls work again once there is room.
func (s *Stream) Append(ctx context.Context, e *event.Entry) (uint64, error) {
	body, err := e.MarshalBinary()
	if err != nil {
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	if len(body) > MaxEntryBytes {
		return 0, fmt.Errorf("append to journal: %w: %d bytes, at most %d",
			ErrTooLarge, len(body), MaxEntryBytes)
	}
	if err := s.repair(ctx); err != nil {
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	if err := s.recent.room(ctx, s.done); err != nil {
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	seq, err := s.publish(ctx, message(body), e)
	if err != nil {
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	e.Seq = seq
	return seq, nil
}

// message is an encoded entry as the stream keeps it.
func message(body []byte) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: body, Header: nats.Header{headerCRC: {checksum(body)}}}
}

// publish writes the message of e.
func (s *Stream) publish(ctx context.Context, msg *nats.Msg, e *event.Entry) (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return 0, err
	}
	seq, err := s.engine.publish(ctx, msg)
	if err != nil {
		return 0, err
	}
	if err := s.mark.raise(seq); err != nil {
		s.log.Warn("keep highest journal sequence", "error", err)
	}
	s.recent.put(seq, e) // before Read looks
	s.tail.advance(seq)
	return seq, nil
}

// repair restarts the server after it failed a write: JetStream refuses all
// later writes to a stream once one has failed.
func (s *Stream) repair(ctx context.Context) error {
	s.mu.RLock()
	ok := s.healthy()
	s.mu.RUnlock()
	if ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.healthy() {
		return nil
	}
	if s.engine != nil {
		s.engine.stop()
		s.engine = nil
	}
	if err := s.start(ctx); err != nil {
		s.broken = diskError(err)
		return fmt.Errorf("restart journal server: %w", s.broken)
	}
	return nil
}

// healthy reports whether a restart would not help; the caller holds s.mu.
func (s *Stream) healthy() bool {
	return s.closed || s.engine != nil && s.engine.down.Err() == nil
}

// diskError makes a full disk recognisable, which the server reports as text.
func diskError(err error) error {
	full := syscall.ENOSPC
	if !errors.Is(err, full) && strings.Contains(err.Error(), full.Error()) {
		return fmt.Errorf("%w: %w", full, err)
	}
	return err
}
