package node_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/disposal"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/retention"
)

// office is the two approvers of a test and the policy that names them.
type office struct {
	*testing.T
	signers [2]note.Signer
	known   note.Verifiers
	policy  string
}

func newOffice(t *testing.T, schedules string) *office {
	t.Helper()
	o := &office{T: t, policy: "approvers:\n"}
	var keys []note.Verifier
	for i, name := range []string{"counsel", "records"} {
		private, public, err := note.GenerateKey(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(private)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := note.NewVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		o.signers[i], keys = signer, append(keys, verifier)
		o.policy += fmt.Sprintf("  - name: %s\n    key: %s\n", name, public)
	}
	o.known, o.policy = note.VerifierList(keys...), o.policy+schedules
	return o
}

// sign signs a document with the first n approvers.
func (o *office) sign(d retention.Document, n int) []byte {
	o.Helper()
	d.Time = time.Now().UTC()
	text, err := d.Text()
	if err != nil {
		o.Fatal(err)
	}
	out := []byte(text)
	for _, signer := range o.signers[:n] {
		if out, err = retention.Sign(out, signer, o.known); err != nil {
			o.Fatal(err)
		}
	}
	return out
}

// keep signs a document twice and keeps it.
func (o *office) keep(n *node.Node, d retention.Document) {
	o.Helper()
	if _, err := n.Disposal().Keep(o.Context(), "test", "uid-1", o.sign(d, 2)); err != nil {
		o.Fatal(err)
	}
}

// plan makes, signs and returns the plan of everything that is due now.
func (o *office) plan(n *node.Node, signatures int) []byte {
	o.Helper()
	s, err := n.Disposal().Survey(o.Context(), time.Now())
	if err != nil {
		o.Fatal(err)
	}
	return o.sign(retention.Document{Plan: s.Plan}, signatures)
}

const linuxNow = `schedules:
  - id: LINUX-0
    authority: test item 1
    products: [windows]
    keep: 0d
  - id: ALL
    classes: [3002]
    keep: 0d
`

// image makes a file system in a file and mounts it, without a journal: that
// of ext4 drops writes to the blocks of its own trees when the file that filled
// the disk goes; it returns where, and a
// function that reads the whole image.
func image(t *testing.T, size string) (dir string, read func() []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	mount := t.TempDir()
	for _, args := range [][]string{
		{"truncate", "-s", size, path},
		{"mkfs.ext4", "-q", "-F", "-O", "^has_journal", path},
		{"mount", "-o", "loop", path, mount},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("needs to mount a file system: %v: %s", err, out)
		}
	}
	umount := sync.OnceFunc(func() {
		if out, err := exec.Command("umount", mount).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	t.Cleanup(umount)
	noReserve(t, mount)
	return filepath.Join(mount, "d"), func() []byte {
		umount()
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
}

// noReserve lets files take the blocks that ext4 keeps back for itself, so that
// filling the disk overwrites all that is free.
func noReserve(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.Command("findmnt", "-n", "-o", "SOURCE", dir).Output()
	if err == nil {
		device := filepath.Base(strings.TrimSpace(string(out)))
		err = os.WriteFile("/sys/fs/ext4/"+device+"/reserved_clusters", []byte("0"), 0o600)
	}
	if err != nil {
		t.Skipf("needs to set the reserve of ext4: %v", err)
	}
}

// TestDestroyOnDisk destroys the records of one product, all the way down to
// an image of the disk: neither bytes nor salts nor what was found in them is
// on it any more, while all other records stay, and everything verifies.
func TestDestroyOnDisk(t *testing.T) {
	dir, read := image(t, "128M")
	destroyOn(t, dir, read, true)
}

// TestDestroyInFolder is the same for every file of the folder, where no file
// system can be mounted.
func TestDestroyInFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	destroyOn(t, dir, func() []byte {
		var all bytes.Buffer
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			body, err := os.ReadFile(path)
			all.Write(body)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all.Bytes()
	}, false)
}

func destroyOn(t *testing.T, dir string, read func() []byte, wipeFree bool) {
	o := newOffice(t, linuxNow)
	n := open(t, node.Config{Dir: dir, Rules: []string{ownRules(t)}})
	ingest(t, n, logons("erase-me-7f3a", 700))
	if _, err := n.IngestStream(t.Context(), "other", strings.NewReader(
		strings.Repeat("Nov 22 07:00:00 keep-me-55c1 sshd[1]: session opened\n", 300)),
		node.IngestOptions{Format: event.FormatSyslog}); err != nil {
		t.Fatal(err)
	}
	o.keep(n, retention.Document{Policy: &o.policy})
	if n := found(t, n); n != 700 {
		t.Fatalf("%d findings", n)
	}
	before, err := n.Entry(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(n.Lake().Files()[0].Originals)
	if err != nil {
		t.Fatal(err)
	}
	oldKey := keyFile(t, n, dir)
	keptProof, err := n.Prove(t.Context(), event.ID{Entry: 3, Leaf: 5})
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := n.Entry(t.Context(), 3)
	if _, err := n.Compact(t.Context(), lake.CompactOptions{All: true}); err != nil {
		t.Fatal(err)
	}

	grave, err := n.Disposal().Destroy(t.Context(), "uid-1", o.plan(n, 2), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if grave.Count != 700 || found(t, n) != 0 {
		t.Errorf("%d records destroyed, %d findings left", grave.Count, found(t, n))
	}
	checkDestroyed(t, n, keptProof.Verify(kept.Records[5].Raw, n.Verifier()))
	left, err := os.ReadFile(n.Lake().Files()[0].Originals)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, n)
	if wipeFree {
		if err := disposal.WipeFree(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}

	disk := read()
	if !bytes.Contains(disk, left[len(left)/2:][:64]) {
		t.Error("the image does not even hold what was kept")
	}
	if bytes.Contains(disk, oldKey[len(oldKey)/2:][:64]) {
		t.Error("the key of what was destroyed is still on the disk")
	}
	for i := 3; i < len(before.Records); i += 12 {
		for _, bytesOf := range [][]byte{before.Records[i].Salt[:], before.Records[i].Raw} {
			if at := bytes.Index(disk, bytesOf); at >= 0 {
				t.Fatalf("record 1-%d is still on the disk at byte %d: %q", i, at, disk[max(0, at-100):at+200])
			}
		}
	}
	if at := bytes.Index(disk, []byte("erase-me-7f3a")); at >= 0 {
		t.Errorf("a destroyed value is still on the disk: %q", disk[max(0, at-80):at+80])
	}
	for at := 4096; at+64 < len(old)-16384; at += 2999 {
		if bytes.Contains(disk, old[at:at+64]) {
			t.Errorf("bytes %d to %d of the old file are still on the disk", at, at+64)
		}
	}
}

// keyFile returns the wrapped key that the first file's originals are under.
func keyFile(t *testing.T, n *node.Node, dir string) []byte {
	t.Helper()
	id, err := n.Lake().KeyOf(n.Lake().Files()[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "keys", id+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkDestroyed wants proofs, verification and errors to say what happened.
func checkDestroyed(t *testing.T, n *node.Node, earlier error) {
	t.Helper()
	if earlier != nil {
		t.Errorf("a proof made before does not verify: %v", earlier)
	}
	gone := event.ID{Entry: 1, Leaf: 9}
	p, err := n.Prove(t.Context(), gone)
	if err != nil || p.Salt != nil {
		t.Fatalf("prove %s: salt %v: %v", gone, p.Salt, err)
	}
	if err := p.VerifySealed(n.Verifier()); err != nil {
		t.Errorf("what remains of %s does not verify: %v", gone, err)
	}
	_, _, err = n.Event(t.Context(), gone)
	var destroyed *node.DestroyedError
	if !errors.As(err, &destroyed) || !strings.Contains(destroyed.Text,
		"under LINUX-0 (test item 1), approved by counsel and records") {
		t.Errorf("event %s: %v", gone, err)
	}
	v, err := n.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !v.OK || len(v.Destroyed) != 1 || v.Destroyed[0].Records != 700 ||
		!strings.HasPrefix(v.Destroyed[0].Text, "lawfully destroyed on ") {
		t.Errorf("verify: %v, %+v", v.Failures, v.Destroyed)
	}
}

// TestDestroyRefused tries what must not work.
func TestDestroyRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	o := newOffice(t, linuxNow)
	n := open(t, node.Config{Dir: dir})
	ingest(t, n, logons("ws-1", 20))
	if _, err := n.Disposal().Survey(t.Context(), time.Now()); err == nil {
		t.Error("a survey without a policy")
	}
	if _, err := n.Disposal().Keep(t.Context(), "policy", "uid-1",
		o.sign(retention.Document{Policy: &o.policy}, 1)); err == nil {
		t.Error("one person set a policy")
	}
	o.keep(n, retention.Document{Policy: &o.policy})
	two := o.plan(n, 2)
	refuse := func(plan []byte, now time.Time, want string) {
		t.Helper()
		if _, err := n.Disposal().Destroy(t.Context(), "uid-1", plan, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	refuse(o.plan(n, 1), time.Now(), "counsel alone")
	refuse(bytes.Replace(two, []byte(`"count":20`), []byte(`"count":21`), 1), time.Now(), "check signatures")
	refuse(two, time.Now().AddDate(0, 0, -1), "nothing is due under LINUX-0")
	o.keep(n, retention.Document{Hold: &retention.Hold{ID: "H1", Scope: retention.Scope{Hosts: []string{"WS-1"}}}})
	refuse(two, time.Now(), "in force are [H1]")
	s, err := n.Disposal().Survey(t.Context(), time.Now())
	if err != nil || s.Due != 0 || len(s.Groups) == 0 || s.Groups[len(s.Groups)-1].Why == "" {
		t.Errorf("%+v: %v", s, err)
	}
	v, err := n.Verify(t.Context(), nil)
	if err != nil || !v.OK || len(v.Destroyed) != 0 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	o.keep(n, retention.Document{Release: &retention.Release{ID: "H1"}})
	if _, err := n.Disposal().Destroy(t.Context(), "uid-1", two, time.Now()); err != nil {
		t.Errorf("after the release: %v", err)
	}
}
