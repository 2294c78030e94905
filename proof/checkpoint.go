package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxCheckpointBytes bounds a signed checkpoint: text and all signatures.
const maxCheckpointBytes = 32 << 10

// Checkpoint is the signed state of the transparency log: C2SP tlog-checkpoint,
// see docs/formats/checkpoint.md.
type Checkpoint struct {
	Origin string // name of the log, and of the key that signs it
	Size   int64  // number of entries
	Root   Hash   // Root over the entries
}

// ParseCheckpoint opens a signed checkpoint with the log's verifier (further
// verifiers, such as witnesses, may be in the list) and returns what it states.
// It wants a valid signature under the checkpoint's own origin; signatures by
// unknown keys are ignored, as the signed-note specification demands.
func ParseCheckpoint(signed []byte, verifiers note.Verifiers) (Checkpoint, error) {
	if len(signed) > maxCheckpointBytes {
		return Checkpoint{}, fmt.Errorf("open checkpoint: longer than %d bytes", maxCheckpointBytes)
	}
	n, err := note.Open(signed, verifiers)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := parseCheckpointText(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: %w", err)
	}
	for _, sig := range n.Sigs {
		// Package note reads base64 leniently; a strict reading keeps a
		// changed byte in the signature line from passing unnoticed.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("open checkpoint: signature by %s: %w", sig.Name, err)
		}
		if sig.Name == c.Origin {
			return c, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("open checkpoint: not signed by its origin %q", c.Origin)
}

// parseCheckpointText reads the three lines; extension lines are refused
// because no log of Evident's writes them and nobody could audit them.
func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("not three lines: origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > MaxTreeSize || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("size is not a number in range")
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read root: %w", err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// Text returns the checkpoint's note text, ready to be signed with note.Sign.
func (c Checkpoint) Text() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	return b.String()
}
