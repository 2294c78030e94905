package node

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
)

// RuleText returns the text of the document's file as it was loaded. Where the
// file is another by now, it returns no text and false: what judges is not what
// lies there.
func (n *Node) RuleText(d *RuleDoc) (text string, current bool) {
	for _, open := range []func() (fs.File, error){
		func() (fs.File, error) { return rules.FS.Open(d.File) },
		func() (fs.File, error) { return os.Open(d.File) },
	} {
		f, err := open()
		if err != nil {
			continue
		}
		src, err := io.ReadAll(io.LimitReader(f, yamltree.MaxFileBytes+1))
		f.Close()
		sum := sha256.Sum256(src)
		if err == nil && hex.EncodeToString(sum[:]) == d.SHA256 {
			return string(src), true
		}
	}
	return "", false
}

// Kinds says in words which events a log source means, none where the mapping
// does not know it.
func (n *Node) Kinds(ls sigma.Logsource) []string { return n.mapped.Kinds(ls) }
