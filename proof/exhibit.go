package proof

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
)

// maxExhibit bounds one line of a file of proofs: a record of 8 MiB in base64
// and its proof.
const maxExhibit = 12 << 20

// Exhibit is a record with its proof: one line of JSON of a file of proofs, see
// docs/formats/proofs.md.
type Exhibit struct {
	Event string `json:"event"` // identifier, not authenticated
	Raw   []byte `json:"raw"`   // the record's bytes; nil where they are withheld
	Proof string `json:"proof"` // tlog-proof
}

// Exhibits reads a file of proofs line by line. A line that is none is an error
// that names it, and reading goes on with the next.
func Exhibits(r io.Reader) iter.Seq2[Exhibit, error] {
	return func(yield func(Exhibit, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), maxExhibit)
		for n := 1; lines.Scan(); n++ {
			e, err := parseExhibit(lines.Bytes())
			if err != nil {
				err = fmt.Errorf("read line %d: %w", n, err)
			}
			if !yield(e, err) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Exhibit{}, fmt.Errorf("read proofs: %w", err))
		}
	}
}

func parseExhibit(line []byte) (e Exhibit, err error) {
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("parse proof line: %w", err)
	}
	return e, nil
}

// Check checks the exhibit: of its bytes, or of the leaf hash alone where they
// are withheld. The error is a *Failure, or says that the proof is malformed.
func (e Exhibit) Check(trust Trust) (RecordProof, Head, error) {
	p, err := ParseRecordProof([]byte(e.Proof))
	if err != nil {
		return p, Head{}, err
	}
	if e.Raw == nil {
		head, err := p.VerifySealedUnder(trust)
		return p, head, err
	}
	head, err := p.VerifyUnder(e.Raw, trust)
	return p, head, err
}
