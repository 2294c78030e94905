package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// Fault is one part of the database that is not as it was written.
type Fault struct {
	Where string // e.g. a finding's uid
	Text  string
}

// maxFaults bounds the report of a database that is broken all over.
const maxFaults = 100

// Path returns the database's file.
func (s *Store) Path() string { return s.path }

// check is the first 8 bytes of SHA-256 over the finding as it was applied, each
// field after its length (8 bytes, big endian). It finds damage, not forgery.
func (f *Finding) check() []byte {
	h := sha256.New()
	numbers := make([]byte, 0, 32)
	for _, n := range []uint64{
		uint64(f.Time.UnixNano()), uint64(f.Severity), f.Event.Entry, uint64(f.Event.Leaf),
	} {
		numbers = binary.BigEndian.AppendUint64(numbers, n)
	}
	for _, field := range [][]byte{
		[]byte(f.UID), numbers, []byte(f.Rule), []byte(f.Title), []byte(f.Host), f.Body,
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write(field)
	}
	return h.Sum(nil)[:8]
}

// Check reads the whole database and returns what is not as it was written. An
// error means that it cannot be read on.
func (s *Store) Check(ctx context.Context) ([]Fault, error) {
	faults, err := s.checkPages(ctx)
	if err != nil || len(faults) > 0 {
		return faults, err
	}
	return s.checkFindings(ctx)
}

func (s *Store) checkPages(ctx context.Context) ([]Fault, error) {
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFaults))
	if err != nil {
		return nil, fmt.Errorf("check state: %w", err)
	}
	defer rows.Close()
	var faults []Fault
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return faults, fmt.Errorf("check state: %w", err)
		}
		if text != "ok" {
			faults = append(faults, Fault{Where: "database", Text: text})
		}
	}
	return faults, rows.Err()
}

func (s *Store) checkFindings(ctx context.Context) ([]Fault, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT uid, time, severity, rule, title, host, entry, leaf,
		body, check_value FROM findings WHERE check_value IS NOT NULL ORDER BY uid`)
	if err != nil {
		return nil, fmt.Errorf("check findings: %w", err)
	}
	defer rows.Close()
	var faults []Fault
	for rows.Next() && len(faults) < maxFaults {
		var f Finding
		var ns int64
		var want []byte
		if err := rows.Scan(&f.UID, &ns, &f.Severity, &f.Rule, &f.Title, &f.Host, &f.Event.Entry,
			&f.Event.Leaf, &f.Body, &want); err != nil {
			return faults, fmt.Errorf("check findings: %w", err)
		}
		f.Time = time.Unix(0, ns).UTC()
		if !bytes.Equal(f.check(), want) {
			faults = append(faults, Fault{
				Where: "finding " + f.UID + " of record " + f.Event.String(),
				Text:  "is not as it was written; it can be derived again",
			})
		}
	}
	return faults, rows.Err()
}
