package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

// TestSlowDisk serves from a disk on which every sync takes 40 ms and every write 1 ms:
// senders wait, nothing is lost, and searches answer meanwhile.
func TestSlowDisk(t *testing.T) {
	const senders, lines = 4, 500
	data, at := filepath.Join(t.TempDir(), "d"), freePort(t)
	cmd := evidentCommand(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--syslog", at)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var slow, watched int
	process, err := faultfs.Start(cmd, data, func(c faultfs.Call) faultfs.Verdict {
		watched++
		switch {
		case strings.HasSuffix(c.Name, "sync"):
			slow++
			return faultfs.Verdict{Delay: 40 * time.Millisecond}
		case strings.Contains(c.Name, "write"):
			return faultfs.Verdict{Delay: time.Millisecond}
		}
		return faultfs.Verdict{}
	})
	if errors.Is(err, faultfs.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &served{cmd: cmd}
	s.listen(t, bufio.NewScanner(out), func() string { return "" })
	var group sync.WaitGroup
	for sender := range senders {
		group.Go(func() {
			conn, err := net.Dial("tcp", at)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for i := range lines {
				fmt.Fprintf(conn, "<38>Nov 18 02:11:00 slow-%d sshd[%d]: session %s\n", sender, i, strings.Repeat("x", 2000))
			}
		})
	}
	asked := time.Now()
	s.found(t, "device.hostname:slow-0") // answers, whatever it finds by now
	t.Logf("a search while the disk is slow took %v", time.Since(asked).Round(time.Millisecond))
	group.Wait()
	waitFor(t, "all lines", func() bool { return s.found(t, "device.hostname:slow-*") == senders*lines })
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if err := process.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d calls, %d slow syncs", watched, slow)
	if slow < 20 {
		t.Error("hardly any sync was slow: the test shows nothing")
	}
	evident(t, nil, "verify", "--data", data).done(t)
}
