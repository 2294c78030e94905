package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/sigma"
)

// findingUID is "F-" and 16 hex digits of SHA-256 over the rule's id and what
// tells its findings apart, a line each. A rule without an id has its file's
// hash and its line there.
func findingUID(m *sigma.Meta, parts ...string) string {
	name := m.ID
	if name == "" {
		name = m.SHA256 + ":" + strconv.Itoa(m.Line)
	}
	sum := sha256.Sum256([]byte(name + "\n" + strings.Join(parts, "\n")))
	return "F-" + hex.EncodeToString(sum[:8])
}
