package node_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/retention"
)

var update = flag.Bool("update", false, "write docs/tamper.md anew")

const tamperDoc = "../../docs/tamper.md"

// tampering is one class of the tamper suite.
type tampering struct {
	number int
	class  string
	act    string                        // what the test does, for the document
	do     func(s *stored) *node.Outside // commits it; returns what is held outside
	found  string                        // class of the failure
	where  string                        // pattern of where it is, or of its detail
	window string                        // how long nobody would notice
}

const (
	sealedAtOnce = "from arrival to the checkpoint after it, 0.5 s; none afterwards"
	pinnedWindow = "since the last pinned or cosigned checkpoint"
)

// tamperings are the seventeen classes. Besides its own file nothing of the
// attacker's work gives him away: hashes in the catalog and check values of
// records fit what he wrote.
var tamperings = []tampering{
	{
		1, "edit a byte of the original", "changes a byte of a record, its check value, the file's hash in the catalog and the columns",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool {
				if e.Seq == 2 {
					e.Records[7].Raw = bytes.Replace(e.Records[7].Raw, []byte("4624"), []byte("4634"), 1)
				}
				return true
			}})
		}, "record", `^records 2-0 to 2-99$`, sealedAtOnce,
	},
	{
		2, "edit a derived row", "changes the host of an event in the columns only, with the file's hash in the catalog",
		func(s *stored) *node.Outside {
			return s.forge(forger{rows: func(evs []event.Event) {
				if evs[0].ID.Entry == 1 {
					evs[3].Attrs.Set(event.AttrHost, "somebody-else")
				}
			}})
		}, "row", `^record 1-3$`, "none: columns are derived again at every verification",
	},
	{
		3, "delete an event", "takes a record out of an entry and out of the columns",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool {
				if e.Seq == 2 {
					e.Records = append(e.Records[:5:5], e.Records[6:]...)
				}
				return true
			}})
		}, "entry", `^entry 2$`, sealedAtOnce,
	},
	{
		4, "delete a batch or file", "removes a pair of files and their line in the catalog",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool { return e.Seq > 2 }})
		}, "missing", `^entry 1, records 1-0 to 1-499$`, sealedAtOnce,
	},
	{
		5, "reorder", "swaps two records of an entry",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool {
				if a, b := &e.Records[0], &e.Records[1%len(e.Records)]; e.Seq == 1 {
					a.Raw, b.Raw, a.Salt, b.Salt = b.Raw, a.Raw, b.Salt, a.Salt
				}
				return true
			}})
		}, "record", `^records 1-0 to 1-499$`, sealedAtOnce,
	},
	{
		6, "insert or backdate", "lets an entry have arrived an hour earlier",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool {
				if e.Seq == 2 {
					e.Received = e.Received.Add(-time.Hour)
				}
				return true
			}})
		}, "entry", `^entry 2$`, sealedAtOnce,
	},
	{
		7, "truncate the tail", "cuts ledger, journal and lake back behind an earlier entry",
		func(s *stored) *node.Outside {
			s.copy(s.early, "ledger", "journal")
			s.forge(forger{entry: func(e *event.Entry) bool { return e.Seq < 4 }})
			return s.pinned()
		}, "rollback", `entries 4 to 4 are gone`, pinnedWindow,
	},
	{
		8, "roll back to an old backup", "puts an earlier copy of the whole folder in place",
		func(s *stored) *node.Outside {
			s.copy(s.early, ".")
			return s.pinned()
		}, "rollback", `entries 4 to 4 are gone`, pinnedWindow,
	},
	{
		9, "swap keys", "makes a whole new folder with other records and a key of its own",
		func(s *stored) *node.Outside {
			s.must(os.RemoveAll(s.dir))
			n := open(s.T, node.Config{Dir: s.dir})
			for i := range 5 {
				ingest(s.T, n, logons(fmt.Sprint("forged-", i), 20))
			}
			s.settle(n)
			return s.pinned()
		}, "history", `not of this ledger's key`, "none for who has the key or a checkpoint; else until they compare",
	},
	{
		10, "split view", "goes on from an earlier copy with other records, under the same key",
		func(s *stored) *node.Outside {
			s.copy(s.early, ".")
			n := open(s.T, node.Config{Dir: s.dir})
			ingest(s.T, n, logons("other-view", 20))
			s.settle(n)
			return s.pinned()
		}, "history", `another root|are others`, pinnedWindow,
	},
	{
		11, "duplicate or replay", "stores a record a second time, and sends a file again",
		func(s *stored) *node.Outside {
			n := open(s.T, node.Config{Dir: s.dir})
			if records, already := ingest(s.T, n, logons("ws-2", 100)); records != 0 || already != 100 {
				s.Errorf("sent again: %d records taken, %d known", records, already)
			}
			s.settle(n)
			return s.forge(forger{entry: func(e *event.Entry) bool {
				if e.Seq == 4 {
					e.Records = append(e.Records, e.Records[len(e.Records)-1])
				}
				return true
			}})
		}, "entry", `^entry 4$`, "none: what is known is not taken again",
	},
	{
		12, "clock shift", "sends a record of next week",
		func(s *stored) *node.Outside {
			n := open(s.T, node.Config{Dir: s.dir})
			ahead := time.Now().AddDate(0, 0, 7).UTC().Format("2006-01-02T15:04:05Z")
			ingest(s.T, n, []byte(`{"Channel":"Security","EventID":4624,"Hostname":"ws-9","@timestamp":"`+ahead+`"}`+"\n"))
			s.settle(n)
			return &node.Outside{}
		}, "notice clock", `later than their arrival`, "none for a clock that is ahead; one that is behind shows as late arrival only",
	},
	{
		13, "mapper swap", "writes the columns by another mapping and says so in the file",
		func(s *stored) *node.Outside {
			return s.forge(forger{mapping: strings.Repeat("0", 64), rows: func(evs []event.Event) {
				for i := range evs {
					evs[i].Class = 0
				}
			}})
		}, "mapping", `says that mapping 000000000000 made it`, "none: a mapping counts only while the ledger says it was in use",
	},
	{
		14, "strip a custody entry", "removes the record that says who searched for what",
		func(s *stored) *node.Outside {
			return s.forge(forger{entry: func(e *event.Entry) bool { return e.Seq != 3 }})
		}, "missing", `^entry 3, records 3-0 to 3-0$`, sealedAtOnce,
	},
	{
		15, "silent source", "lets a source deliver nothing between two heartbeats",
		func(s *stored) *node.Outside {
			n := open(s.T, node.Config{Dir: s.dir})
			s.must(n.Heartbeat(s.Context()))
			ingest(s.T, n, logons("ws-2-more", 3))
			s.must(n.Settle(s.Context()))
			s.must(n.Heartbeat(s.Context()))
			s.settle(n)
			return &node.Outside{}
		}, "notice silent", `windows/security of host "ws-1"`, "between two heartbeats, 15 minutes",
	},
	{
		16, "source seal break", "changes a byte in a Windows event log before it is read",
		func(s *stored) *node.Outside {
			n := open(s.T, node.Config{Dir: s.dir})
			if _, err := n.Ingest(s.Context(), []string{s.brokenLog()}, nil, node.IngestOptions{}); err != nil {
				s.Fatal(err)
			}
			s.settle(n)
			return &node.Outside{}
		}, "source seal", `chunk|checksum`, "before the source wrote its own checksums",
	},
	{
		17, "forged tombstone", "destroys a record under a tombstone that strangers signed",
		func(s *stored) *node.Outside {
			s.bury()
			return &node.Outside{}
		}, "tombstone", `check signatures`, "none: a tombstone counts with two approvers' signatures only",
	},
}

// stored is one data folder that is tampered with.
type stored struct {
	*testing.T
	dir         string
	base, early string // copies: of all, and of the time before the last entry
	pin         []byte // checkpoint of all
}

func (s *stored) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stored) settle(n *node.Node) {
	s.Helper()
	s.must(n.Settle(s.Context()))
	shut(s.T, n)
}

// copy puts parts of a copy in the place of the folder's own.
func (s *stored) copy(from string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		s.must(os.RemoveAll(filepath.Join(s.dir, part)))
		s.must(os.CopyFS(filepath.Join(s.dir, part), os.DirFS(filepath.Join(from, part))))
	}
}

func (s *stored) forge(f forger) *node.Outside {
	s.Helper()
	f.T, f.dir = s.T, filepath.Join(s.dir, "lake")
	f.forge()
	return &node.Outside{}
}

func (s *stored) pinned() *node.Outside { return &node.Outside{Pin: s.pin} }

// newStored makes a folder with two entries of logons, one of custody, and one
// of logons more.
func newStored(t *testing.T) *stored {
	t.Helper()
	s := &stored{T: t, dir: filepath.Join(t.TempDir(), "d"), base: t.TempDir(), early: t.TempDir()}
	n := open(t, node.Config{Dir: s.dir})
	ingest(t, n, logons("ws-1", 600))
	s.must(n.Settle(t.Context()))
	s.must(n.Record(t.Context(), node.Act{Operation: "search", Caller: "uid-7", Detail: "host:ws-1"}))
	s.settle(n)
	s.must(os.CopyFS(s.early, os.DirFS(s.dir)))
	n = open(t, node.Config{Dir: s.dir})
	ingest(t, n, logons("ws-2", 100))
	s.settle(n)
	s.must(os.CopyFS(s.base, os.DirFS(s.dir)))
	v := s.verify(&node.Outside{})
	if !v.OK || v.Entries != 4 || len(v.Notices) != 0 {
		t.Fatalf("untouched: %+v", v)
	}
	s.pin = []byte(v.Checkpoint)
	return s
}

// verify opens the folder as evident verify does; a folder that does not open
// is a failure of class store.
func (s *stored) verify(outside *node.Outside) *node.Verification {
	s.Helper()
	n, err := node.Open(s.Context(), node.Config{
		Dir: s.dir, Command: "test", NoSearch: true, Frozen: true,
	})
	if err != nil {
		return &node.Verification{Failures: []node.Failure{{Class: "store", Detail: err.Error()}}}
	}
	defer n.Close()
	v, err := n.VerifyAgainst(s.Context(), *outside, nil)
	s.must(err)
	return v
}

// TestTamperClasses commits each class of tampering on a real store and wants
// the check to find it that docs/tamper.md names, and where.
func TestTamperClasses(t *testing.T) {
	s := newStored(t)
	var doc strings.Builder
	for _, c := range tamperings {
		s.must(os.RemoveAll(s.dir))
		s.must(os.CopyFS(s.dir, os.DirFS(s.base)))
		t.Run(strconv.Itoa(c.number)+" "+c.class, func(t *testing.T) {
			one := *s
			one.T = t
			v := one.verify(c.do(&one))
			text, ok := c.in(v)
			if !ok {
				t.Errorf("want %s at %s; verify says %+v, notices %+v", c.found, c.where, v.Failures, v.Notices)
			}
			t.Log(text)
		})
		fmt.Fprintf(&doc, "| %d | %s | %s | %s | %s |\n", c.number, c.class, c.act, c.found, c.window)
	}
	checkTamperDoc(t, doc.String())
}

// in looks for what the class has to be found as.
func (c *tampering) in(v *node.Verification) (string, bool) {
	list := v.Failures
	class, notice := strings.CutPrefix(c.found, "notice ")
	if notice {
		list = v.Notices
	}
	if c.found == "source seal" && v.Seals != nil {
		for _, b := range v.Seals.Broken {
			list = append(list, node.Failure{Class: c.found, Where: b.Source, Detail: strings.Join(b.Problems, "; ")})
		}
	}
	pattern := regexp.MustCompile(c.where)
	for _, f := range list {
		if f.Class == class && (pattern.MatchString(f.Where) || pattern.MatchString(f.Detail)) {
			return fmt.Sprintf("%s: %s: %s", f.Class, f.Where, f.Detail), true
		}
	}
	return "", false
}

// brokenLog writes a Windows event log of the test data with a byte changed.
func (s *stored) brokenLog() string {
	s.Helper()
	found, _ := filepath.Glob("../../../shared/data/evtx/*/*.evtx")
	if len(found) == 0 {
		s.Skip("needs ../shared/data/evtx")
	}
	body, err := os.ReadFile(found[0])
	s.must(err)
	body[4096+512+600] ^= 1 // in the first records of the first chunk
	path := filepath.Join(s.TempDir(), "broken.evtx")
	s.must(os.WriteFile(path, body, 0o600))
	return path
}

// bury destroys records under a tombstone whose signers the policy does not
// know, by everything but the commands, which refuse.
func (s *stored) bury() {
	s.Helper()
	o, strangers := newOffice(s.T, linuxNow), newOffice(s.T, linuxNow)
	n := open(s.T, node.Config{Dir: s.dir})
	o.keep(n, retention.Document{Policy: &o.policy})
	survey, err := n.Disposal().Survey(s.Context(), time.Now())
	s.must(err)
	forged := strangers.sign(retention.Document{Plan: survey.Plan}, 2)
	text, err := (&retention.Document{
		Time: time.Now().UTC(), Tombstone: &retention.Tombstone{Approved: string(forged), By: "uid-0"},
	}).Text()
	s.must(err)
	id, err := n.ForgeDocument(s.Context(), []byte(text))
	s.must(err)
	_, err = n.Lake().Erase(s.Context(), n.Lake().Files()[0], nil, func(event.ID) uint64 { return id.Entry })
	s.must(err)
	s.settle(n)
}

func checkTamperDoc(t *testing.T, table string) {
	t.Helper()
	body, err := os.ReadFile(tamperDoc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- generated: begin -->\n", "<!-- generated: end -->"
	head, rest, ok := strings.Cut(string(body), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", tamperDoc)
	}
	table = "\n| # | class | what the test does | verify says | nobody notices |\n|---|---|---|---|---|\n" + table + "\n"
	want := head + begin + table + end + tail
	if *update {
		if err := os.WriteFile(tamperDoc, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(body) {
		t.Errorf("%s is not in step: run go test ./internal/node -run TamperClasses -update", tamperDoc)
	}
}

// TestCleanVerifications verifies what nobody touched, again and again: no
// failure and no notice. EVIDENT_CLEAN says how often.
func TestCleanVerifications(t *testing.T) {
	times, err := strconv.Atoi(os.Getenv("EVIDENT_CLEAN"))
	if err != nil {
		times = 20
	}
	s := newStored(t)
	n := open(t, node.Config{Dir: s.dir})
	for i := range times {
		if i%10 == 9 {
			ingest(t, n, logons(fmt.Sprint("ws-1", i), 30))
			_, err := n.CompactAll(t.Context())
			s.must(err)
			s.must(n.Settle(t.Context()))
		}
		v, err := n.VerifyAgainst(t.Context(), *s.pinned(), nil)
		s.must(err)
		if !v.OK || len(v.Notices) != 0 {
			t.Fatalf("verification %d: %+v %+v", i, v.Failures, v.Notices)
		}
	}
}
