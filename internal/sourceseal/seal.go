package sourceseal

import (
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/journald"
)

// maxList bounds the ranges and lines of one record.
const maxList = 1000

// Seal is the verdict on a source in the form of the journal.
type Seal struct {
	Source    string   `json:"source"`
	Kind      string   `json:"kind"` // evtx, cloudtrail, journald or journald-numbers
	Records   int      `json:"records"`
	Chunks    int      `json:"chunks"`
	Unsound   int      `json:"unsound_chunks"`
	Unclosed  bool     `json:"unclosed"`
	Unordered bool     `json:"unordered"`
	Missing   []string `json:"missing"`  // record numbers, "7" or "7 to 9"
	Repeated  []string `json:"repeated"` // likewise
	Problems  []string `json:"problems"`

	Journal *JournalSeal `json:"journal,omitempty"` // of kind journald
}

// JournalSeal is what a systemd journal says about itself.
type JournalSeal struct {
	Summary    string     `json:"summary"`
	SHA256     string     `json:"sha256"` // of the file, hex
	FileID     string     `json:"file_id"`
	MachineID  string     `json:"machine_id"`
	SeqnumID   string     `json:"seqnum_id"`
	State      string     `json:"state"`   // offline, online or archived
	Numbers    []string   `json:"numbers"` // sequence numbers, "7" or "7 to 9"
	Unsound    int        `json:"unsound"` // fields and entries that do not match their hash
	Hidden     int        `json:"hidden"`  // entries that journalctl would not show
	ClockBack  int        `json:"clock_back"`
	Sealed     bool       `json:"sealed"`
	Continuous bool       `json:"continuous"` // every interval has a seal
	Seals      int        `json:"seals"`
	Epochs     []uint64   `json:"epochs"` // of the first and last seal; empty for none
	Jumps      int        `json:"jumps"`
	Unsealed   int        `json:"unsealed"`              // entries behind the last seal
	Checked    bool       `json:"checked"`               // with a verification key
	Good       int        `json:"good"`                  // seals that match
	Verified   int        `json:"verified"`              // entries under them
	VerifiedTo *time.Time `json:"verified_to,omitempty"` // the end of the last epoch without a break before it
}

// Holds reports whether nothing was found to be wrong.
func (s *Seal) Holds() bool { return len(s.Problems) == 0 }

// Sentence says the verdict in words.
func (s *Seal) Sentence() string {
	switch {
	case s.Kind == KindNumbers:
		return fmt.Sprintf("%s: sequence numbers %s are in none of the journals that were read", s.Source,
			strings.Join(s.Missing, ", "))
	case s.Journal != nil:
		return strings.Join(append([]string{s.Source + ": " + s.Journal.Summary}, s.Problems...), "; ")
	case s.Holds():
		return fmt.Sprintf("%s: %d records, every checksum and record number holds", s.Source, s.Records)
	}
	return fmt.Sprintf("%s: %d records; %s", s.Source, s.Records, strings.Join(s.Problems, "; "))
}

// EventLog is the verdict on a Windows event log.
func EventLog(source string, v evtx.Verdict, problems []string) *Seal {
	return &Seal{
		Source: source, Kind: "evtx", Records: v.Records, Chunks: v.Chunks, Unsound: v.Unsound,
		Unclosed: v.Unclosed, Unordered: v.Unordered, Missing: texts(v.Missing), Repeated: texts(v.Repeated),
		Problems: bounded(problems),
	}
}

// KindNumbers is the kind of a verdict on all journals of one machine that were
// read together: which sequence numbers none of them has.
const KindNumbers = "journald-numbers"

// Journal is the verdict on a systemd journal with the SHA-256 of the file.
func Journal(source string, v *journald.Verdict, digest string, problems []string) *Seal {
	s := &v.Seals
	j := &JournalSeal{
		Summary: v.String(), SHA256: digest, FileID: v.FileID, MachineID: v.MachineID, SeqnumID: v.SeqnumID,
		State: v.State, Numbers: texts(v.Numbers), Unsound: v.Unsound, Hidden: v.Hidden, ClockBack: v.ClockBack,
		Sealed: s.Sealed, Continuous: s.Continuous, Seals: s.Count, Epochs: []uint64{}, Jumps: s.Jumps,
		Unsealed: s.Unsealed, Checked: s.Checked, Good: s.Good, Verified: s.Verified,
	}
	if s.Count > 0 {
		j.Epochs = []uint64{s.First, s.Last}
	}
	if s.Verified > 0 {
		j.VerifiedTo = &s.Until
	}
	return &Seal{
		Source: source, Kind: "journald", Records: v.Records, Unclosed: v.State == "online",
		Missing: []string{}, Repeated: []string{}, Problems: bounded(problems), Journal: j,
	}
}

// Numbers is the verdict on the sequence numbers of the journals of one machine.
func Numbers(source string, missing []journald.Range) *Seal {
	return &Seal{
		Source: source, Kind: KindNumbers, Missing: texts(missing), Repeated: []string{}, Problems: []string{},
	}
}

func texts[R fmt.Stringer](list []R) []string {
	out := []string{}
	for _, r := range list[:min(len(list), maxList)] {
		out = append(out, r.String())
	}
	return out
}

func bounded(problems []string) []string {
	return append([]string{}, problems[:min(len(problems), maxList)]...)
}
