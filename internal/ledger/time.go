package ledger

import (
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera/api/layout"
)

// CheckpointTime returns when the current checkpoint was written, by this
// machine's clock; the zero time where there is none.
func (l *Log) CheckpointTime() time.Time {
	info, err := os.Stat(filepath.Join(string(l.files), layout.CheckpointPath))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().UTC()
}
