package node

import (
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/pipeline"
)

// masterKeyEnv names the file of the master key set, for who keeps it outside
// the data folder.
const masterKeyEnv = "EVIDENT_MASTER_KEY"

// openKeys opens the keys of originals. One that cannot be used is told, and
// again by whoever needs it: columns are read without.
func (n *Node) openKeys() (err error) {
	path := n.cfg.MasterKey
	if path == "" {
		path = os.Getenv(masterKeyEnv)
	}
	n.keys, err = daykey.Open(daykey.Config{Dir: filepath.Join(n.cfg.Dir, "keys"), Master: path})
	if err != nil {
		return err
	}
	if err := n.keys.Broken(); err != nil {
		n.cfg.Log.Warn("original bytes cannot be read or written", "error", err)
	}
	return nil
}

// Keys lists the keys of originals, and tells why the master key cannot be used
// where it cannot.
func (n *Node) Keys() ([]daykey.Key, error) { return n.keys.Keys(), n.keys.Broken() }

// mapping is the version of what makes columns.
func (n *Node) mapping() string { return pipeline.MappingVersion(n.norm.Version(), n.cfg.Masker) }

// columnsOf derives what columns hold of an entry's records.
func (n *Node) columnsOf(e *event.Entry) ([]event.Event, error) {
	evs := n.norm.Entry(e)
	return evs, pipeline.Mask(n.cfg.Masker, evs)
}
