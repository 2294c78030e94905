package edgelake

import (
	"syscall"
	"time"

	"github.com/evident-sec/evident/event"
)

// PackAndWrite does what ingest does for the edges of entries.
func PackAndWrite(path string, entries [][]event.Event) (packed, made, wrote time.Duration, err error) {
	at := cpuNow()
	s := Store{}
	for i, evs := range entries {
		s.Append(uint64(i+1), evs)
	}
	packed = cpuNow() - at
	at = cpuNow()
	b := s.pendingBlock()
	made = cpuNow() - at
	at = cpuNow()
	_, err = b.write(path)
	return packed, made, cpuNow() - at, err
}

func cpuNow() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
