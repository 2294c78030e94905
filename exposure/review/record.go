package review

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// recordHeader is the first line of a record's text.
const recordHeader = "evident.review-record/v1"

// NewRecord returns the text that the two signers of a review sign: what was
// decided, over which inputs, and the hash of the whole report. docs/formats/
// review-record.md specifies it.
func NewRecord(report []byte) (string, error) {
	var r Report
	if err := json.Unmarshal(report, &r); err != nil {
		return "", fmt.Errorf("read report: %w", err)
	}
	if r.Format != Format {
		return "", fmt.Errorf("read report: format %q is not %s", r.Format, Format)
	}
	for _, s := range []string{r.Proposal.ID, r.Proposal.Requester, string(r.Result), r.Day} {
		if strings.ContainsAny(s, "\n\r") {
			return "", errors.New("read report: a line end inside a name")
		}
	}
	sum := sha256.Sum256(report)
	return fmt.Sprintf("%s\nproposal %s\nrequester %s\nresult %s\nday %s\nbase %s\nnext %s\nreport %s\n",
		recordHeader, r.Proposal.ID, r.Proposal.Requester, r.Result, r.Day, r.Inputs.Base, r.Inputs.Next,
		hex.EncodeToString(sum[:])), nil
}

// Sign adds a signature to a record: to its bare text, or to a note that others
// have signed already. The key's name is the identifier of the signer's role.
func Sign(record []byte, signer note.Signer, others note.Verifiers) ([]byte, error) {
	n := &note.Note{Text: string(record)}
	if opened, err := note.Open(record, others); err == nil {
		n = opened
	} else if strings.Contains(string(record), "\n\n— ") {
		return nil, fmt.Errorf("sign record: its signature does not hold: %w", err)
	}
	if !strings.HasPrefix(n.Text, recordHeader+"\n") {
		return nil, fmt.Errorf("sign record: the text does not begin with %s", recordHeader)
	}
	if field(n.Text, "requester") == signer.Name() {
		return nil, fmt.Errorf("sign record: %s asked for the change and cannot sign for it", signer.Name())
	}
	for _, s := range n.Sigs {
		if s.Name == signer.Name() {
			return nil, fmt.Errorf("sign record: %s has signed already", signer.Name())
		}
	}
	out, err := note.Sign(n, signer)
	if err != nil {
		return nil, fmt.Errorf("sign record: %w", err)
	}
	return out, nil
}

// field returns the value of a line of the record's text.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+" "); ok {
			return v
		}
	}
	return ""
}

// Check verifies a record: it is of this report, and two different roles with
// known keys, neither of them the requester, have signed it. It returns the
// roles.
func Check(record, report []byte, known note.Verifiers) ([]string, error) {
	n, err := note.Open(record, known)
	if err != nil {
		return nil, fmt.Errorf("check record: no signature by a known key holds: %w", err)
	}
	want, err := NewRecord(report)
	if err != nil {
		return nil, err
	}
	if n.Text != want {
		return nil, errors.New("check record: it is not a record of this report")
	}
	var roles []string
	for _, s := range n.Sigs {
		if s.Name != field(n.Text, "requester") && !slices.Contains(roles, s.Name) {
			roles = append(roles, s.Name)
		}
	}
	if len(roles) < 2 {
		return roles, fmt.Errorf("check record: signed by %d role, want two", len(roles))
	}
	slices.Sort(roles)
	return roles, nil
}
