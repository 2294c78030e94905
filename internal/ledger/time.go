package ledger

import (
	"context"
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

// maxClockAhead is how far in the future a checkpoint may seem to be written.
const maxClockAhead = time.Second

// followClock looks, until ctx ends, whether the clock was set back behind the time
// of the current checkpoint. Tessera publishes the next one only when the current one
// is old enough by its file's time, which then would be in an hour.
func (l *Log) followClock(ctx context.Context) {
	tick := time.NewTicker(max(l.interval, maxClockAhead))
	defer tick.Stop()
	for {
		l.files.notAhead()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// notAhead gives a checkpoint that is written in the future the time of now.
func (d files) notAhead() {
	path := filepath.Join(string(d), layout.CheckpointPath)
	now := time.Now()
	if info, err := os.Stat(path); err == nil && info.ModTime().Sub(now) > maxClockAhead {
		// What cannot be changed now is tried again; the content stays as it is.
		_ = os.Chtimes(path, now, now)
	}
}
