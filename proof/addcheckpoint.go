package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxConsistency is the longest consistency proof that the protocol allows.
const maxConsistency = 63

// MaxAddCheckpoint bounds the text of an AddCheckpoint in bytes.
const MaxAddCheckpoint = 64 << 10

// AddCheckpoint is what a log sends to a witness: C2SP tlog-witness,
// add-checkpoint.
type AddCheckpoint struct {
	Old    int64  // size that the witness cosigned last; 0 for none
	Path   []Hash // consistency proof from Old to the checkpoint's size
	Signed []byte // the log's signed checkpoint
}

// Marshal returns the body of the request.
func (a AddCheckpoint) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", a.Old)
	for _, h := range a.Path {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(a.Signed)
	return b.Bytes()
}

// ParseAddCheckpoint reads the body of the request. The checkpoint in it is not
// looked at.
func ParseAddCheckpoint(body []byte) (AddCheckpoint, error) {
	var a AddCheckpoint
	if len(body) > MaxAddCheckpoint {
		return a, fmt.Errorf("parse add-checkpoint: longer than %d bytes", MaxAddCheckpoint)
	}
	head, signed, ok := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) > 1+maxConsistency {
		return a, fmt.Errorf("parse add-checkpoint: want an old size, at most %d hashes, an empty line, "+
			"a checkpoint", maxConsistency)
	}
	old, ok := strings.CutPrefix(lines[0], "old ")
	size, err := strconv.ParseInt(old, 10, 64)
	if !ok || err != nil || size < 0 || size > MaxTreeSize || strconv.FormatInt(size, 10) != old {
		return a, errors.New("parse add-checkpoint: the first line is not an old size in range")
	}
	a.Old, a.Signed = size, signed
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return a, fmt.Errorf("parse add-checkpoint: read consistency proof: %w", err)
		}
		a.Path = append(a.Path, h)
	}
	return a, nil
}

// Origin returns the first line of the checkpoint, which names the log. It is
// not authenticated.
func (a AddCheckpoint) Origin() string {
	line, _, _ := bytes.Cut(a.Signed, []byte("\n"))
	return string(line)
}
