package rerun

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/proof"
)

// Format is the first field of every sealed reconstruction.
const Format = "evident.reconstruction/v1"

// Bounds of a document: a record of the journal has at most event.MaxRecordBytes.
const (
	MaxListed   = 20_000    // entries that are named; of more there is the root only
	MaxFindings = 4_000     // findings that are kept; of more there is the digest only
	MaxResult   = 4_000_000 // bytes of a result that is kept whole; of a longer one there is the digest
)

// Sealed is one reconstruction with everything that it depends on.
type Sealed struct {
	Format  string    `json:"format"`
	Made    time.Time `json:"made"`
	Asked   string    `json:"asked"`  // incident, finding or event it was asked for
	Engine  int       `json:"engine"` // see EngineVersion
	Edges   int       `json:"edges"`  // version of the edges of single events
	Seed    string    `json:"seed"`
	Limits  Limits    `json:"limits"`
	Through uint64    `json:"through"`         // it could see the entries 1 to this
	Oldest  time.Time `json:"oldest,omitzero"` // oldest event kept then

	Checkpoint string    `json:"checkpoint"` // of the ledger at that moment, signed
	Events     int64     `json:"events"`     // records read, each once
	Entries    int       `json:"entries"`    // journal entries they are in
	Root       string    `json:"root"`       // Merkle root over entries and their roots, hex
	Inputs     []Input   `json:"inputs,omitempty"`
	Findings   []Finding `json:"findings,omitempty"` // what rules said; absent where they are too many
	Judged     string    `json:"judged"`             // SHA-256 of the findings, hex

	Digest string          `json:"digest"`           // SHA-256 of the result as JSON, hex
	Result json.RawMessage `json:"result,omitempty"` // absent where it is too long
}

// Input is a journal entry that was read, and the root of its records.
type Input struct {
	Entry uint64 `json:"entry"`
	Root  string `json:"root"`
}

// Limits are those of a search, none left to a default.
type Limits struct {
	BeforeSeconds int64 `json:"before_s"`
	AfterSeconds  int64 `json:"after_s"`
	SpanSeconds   int64 `json:"span_s"`
	Events        int   `json:"events"`
	Rounds        int   `json:"rounds"`
	Steps         int   `json:"steps"`
	Backward      int   `json:"backward"`
	Forward       int   `json:"forward"`
	EdgesLookedAt int   `json:"edges_looked_at"`
	Skeleton      int   `json:"skeleton,omitempty"` // 0 in results sealed before there was one
}

func limitsOf(l reconstruct.Limits) Limits {
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	return Limits{
		BeforeSeconds: seconds(l.Before), AfterSeconds: seconds(l.After), SpanSeconds: seconds(l.Span),
		Events: l.Events, Rounds: l.Rounds, Steps: l.Steps, Backward: l.Search.Backward,
		Forward: l.Search.Forward, EdgesLookedAt: l.Search.Rels, Skeleton: l.Skeleton,
	}
}

func (l Limits) limits() reconstruct.Limits {
	return reconstruct.Limits{
		Before: time.Duration(l.BeforeSeconds) * time.Second,
		After:  time.Duration(l.AfterSeconds) * time.Second,
		Span:   time.Duration(l.SpanSeconds) * time.Second,
		Events: l.Events, Rounds: l.Rounds, Steps: l.Steps,
		Skeleton: cmp.Or(l.Skeleton, math.MaxInt),
		Search:   causal.Limits{Backward: l.Backward, Forward: l.Forward, Rels: l.EdgesLookedAt},
	}
}

// Finding is what a rule had said about an event.
type Finding struct {
	UID        string    `json:"uid"`
	Rule       string    `json:"rule"`
	Title      string    `json:"title"`
	Level      string    `json:"level"`
	Techniques []string  `json:"techniques,omitempty"`
	Tactics    []string  `json:"tactics,omitempty"`
	Event      string    `json:"event"`
	Time       time.Time `json:"time"`
}

func findingOf(f *reconstruct.Finding) Finding {
	return Finding{
		UID: f.UID, Rule: f.Rule, Title: f.Title, Level: f.Level, Techniques: f.Techniques,
		Tactics: f.Tactics, Event: f.Event.String(), Time: f.Time.UTC(),
	}
}

func (f *Finding) finding() (reconstruct.Finding, error) {
	id, err := event.ParseID(f.Event)
	if err != nil {
		return reconstruct.Finding{}, fmt.Errorf("read finding %s: %w", f.UID, err)
	}
	return reconstruct.Finding{
		UID: f.UID, Rule: f.Rule, Title: f.Title, Level: f.Level, Techniques: f.Techniques,
		Tactics: f.Tactics, Event: id, Time: f.Time,
	}, nil
}

// Parse reads a document and checks that its parts agree.
func Parse(body []byte) (*Sealed, error) {
	s := new(Sealed)
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("read sealed reconstruction: %w", err)
	}
	if s.Format != Format {
		return nil, fmt.Errorf("read sealed reconstruction: format is %.40q, want %q", s.Format, Format)
	}
	if _, err := event.ParseID(s.Seed); err != nil {
		return nil, fmt.Errorf("read sealed reconstruction: seed: %w", err)
	}
	if s.Inputs != nil && (len(s.Inputs) != s.Entries || rootOf(s.Inputs) != s.Root) {
		return nil, errors.New("read sealed reconstruction: its list of entries does not have its root")
	}
	if s.Findings != nil && judged(s.Findings) != s.Judged {
		return nil, errors.New("read sealed reconstruction: its findings do not have their digest")
	}
	if s.Result == nil {
		return s, nil
	}
	var long bytes.Buffer // as reconstruct.Result.JSON writes it
	if err := json.Indent(&long, s.Result, "", "  "); err != nil {
		return nil, fmt.Errorf("read sealed reconstruction: result: %w", err)
	}
	if sum(append(long.Bytes(), '\n')) != s.Digest {
		return nil, errors.New("read sealed reconstruction: its result does not have its digest")
	}
	return s, nil
}

// told reads the result; nil where the document has only its digest.
func (s *Sealed) told() (*reconstruct.Result, error) {
	if s.Result == nil {
		return nil, nil
	}
	r := new(reconstruct.Result)
	if err := json.Unmarshal(s.Result, r); err != nil {
		return nil, fmt.Errorf("read sealed reconstruction: result: %w", err)
	}
	return r, nil
}

// digest is the SHA-256 of a result as its own JSON has it.
func digest(r *reconstruct.Result) (string, error) {
	body, err := r.JSON()
	if err != nil {
		return "", err
	}
	return sum(body), nil
}

func sum(body []byte) string {
	h := sha256.Sum256(body)
	return hex.EncodeToString(h[:])
}

// judged is the digest of the findings.
func judged(list []Finding) string {
	body, err := json.Marshal(list)
	if err != nil {
		return "" // texts, times and identifiers: there is nothing that cannot be written
	}
	return sum(body)
}

// rootOf is the Merkle root (RFC 6962) over the entries, each leaf its number and
// root as text, "12 a3f0…".
func rootOf(list []Input) string {
	hashes := make([]proof.Hash, len(list))
	for i, in := range list {
		hashes[i] = sha256.Sum256(fmt.Appendf([]byte{0}, "%d %s", in.Entry, in.Root))
	}
	root := proof.Root(hashes)
	return hex.EncodeToString(root[:])
}

// seal puts what was read and found into the document, whole where it is short.
func (s *Sealed) seal(inputs []Input, findings []Finding, res *reconstruct.Result) error {
	s.Format, s.Entries, s.Root, s.Judged = Format, len(inputs), rootOf(inputs), judged(findings)
	if len(inputs) <= MaxListed {
		s.Inputs = inputs
	}
	if len(findings) <= MaxFindings {
		s.Findings = slices.Clip(findings)
	}
	body, err := res.JSON()
	if err != nil {
		return err
	}
	s.Digest = sum(body)
	var short bytes.Buffer
	if err := json.Compact(&short, body); err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	if short.Len() <= MaxResult {
		s.Result = short.Bytes()
	}
	return nil
}
