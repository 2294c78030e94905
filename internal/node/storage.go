package node

import (
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/sigma"
)

// Storage is what the data folder takes on disk, in bytes.
type Storage struct {
	Journal int64 `json:"journal_bytes"`
	Lake    int64 `json:"lake_bytes"`
	Ledger  int64 `json:"ledger_bytes"`
	Free    int64 `json:"free_bytes"`
}

// Storage measures the data folder.
func (n *Node) Storage() Storage {
	out := Storage{
		Journal: folderBytes(filepath.Join(n.cfg.Dir, "journal")),
		Lake:    folderBytes(n.lakeDir()), Ledger: folderBytes(filepath.Join(n.cfg.Dir, "ledger")),
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(n.cfg.Dir, &disk); err == nil {
		out.Free = int64(disk.Bavail) * disk.Bsize
	}
	return out
}

// folderBytes leaves out what vanishes while it is counted.
func folderBytes(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// RejectedRule is a rule that could not be loaded.
type RejectedRule struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // from 1
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// RejectedRules lists the rules that could not be loaded, with the reason.
func (n *Node) RejectedRules() []RejectedRule {
	rejected := n.book.Load().set.Rejected
	out := make([]RejectedRule, 0, len(rejected))
	for _, r := range rejected {
		out = append(out, rejectedRule(r))
	}
	return out
}

func rejectedRule(r sigma.Rejection) RejectedRule {
	return RejectedRule{File: r.File, Line: r.Line, UID: r.UID, Title: r.Title, Reason: r.Reason}
}

// ListenSyslog listens on the address; the receiver's Run takes what comes.
func (n *Node) ListenSyslog(address string) (*source.Receiver, error) {
	return source.Receive(address, n.Append, n.cfg.Log)
}
