package cloudtrail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/cloudtrail"
	"github.com/evident-sec/evident/internal/cloudtrail/trailtest"
)

func newTrail(t testing.TB, digests, logs int) *trailtest.Trail {
	t.Helper()
	tr, err := trailtest.New(digests, logs)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func keysOf(t testing.TB, tr *trailtest.Trail) cloudtrail.Keys {
	t.Helper()
	keys, err := cloudtrail.ParseKeys(tr.Keys)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// check gives everything to a checker; beside says whether the newest signature
// was kept.
func check(tr *trailtest.Trail, keys cloudtrail.Keys, beside bool) cloudtrail.Report {
	c := cloudtrail.Checker{Keys: keys}
	for i, d := range tr.Digests {
		c.AddDigest("in/"+tr.Names[i], d)
	}
	if beside {
		last := len(tr.Names) - 1
		c.AddSignature("in/"+tr.Names[last], tr.Signatures[last]+"\n")
	}
	for name, body := range tr.Logs {
		c.AddLog("in/"+name, sha256.Sum256(body))
	}
	return c.Check()
}

func problems(r cloudtrail.Report) []string {
	out := slices.Clone(r.Problems)
	for _, v := range r.Logs {
		if v.Problem != "" {
			out = append(out, v.Name+": "+v.Problem)
		}
	}
	return append(out, r.Missing...)
}

func TestIntactTrail(t *testing.T) {
	tr := newTrail(t, 3, 4)
	r := check(tr, keysOf(t, tr), false)
	if p := problems(r); len(p) > 0 || len(r.Logs) != 12 {
		t.Fatalf("%d logs, problems %q", len(r.Logs), p)
	}
	for _, v := range r.Logs {
		if newest := strings.Contains(v.Digest, tr.Names[2]); v.Proven == newest {
			t.Errorf("%s: proven %t by %s", v.Name, v.Proven, v.Digest)
		}
	}
	for _, v := range check(tr, keysOf(t, tr), true).Logs {
		if !v.Proven {
			t.Errorf("%s is not proven with the newest signature", v.Name)
		}
	}
}

// TestEveryChangeIsFound changes one thing at random and wants it named.
func TestEveryChangeIsFound(t *testing.T) {
	base := newTrail(t, 3, 2)
	keys := keysOf(t, base)
	rapid.Check(t, func(rt *rapid.T) {
		tr := &trailtest.Trail{
			Digests: slices.Clone(base.Digests), Names: base.Names,
			Signatures: slices.Clone(base.Signatures), Logs: map[string][]byte{},
		}
		for k, v := range base.Logs {
			tr.Logs[k] = v
		}
		names := make([]string, 0, len(tr.Logs))
		for k := range tr.Logs {
			names = append(names, k)
		}
		slices.Sort(names)
		victim := rapid.SampledFrom(names).Draw(rt, "log")
		place := rapid.IntRange(0, 2).Draw(rt, "digest")
		switch what := rapid.SampledFrom([]string{"edit log", "lose log", "add log", "edit digest", "sign"}).Draw(rt, "what"); what {
		case "edit log":
			tr.Logs[victim] = append(bytes.Clone(tr.Logs[victim]), ' ')
		case "lose log":
			delete(tr.Logs, victim)
		case "add log":
			tr.Logs["111122223333_CloudTrail_us-east-2_20261119T1400Z_new.json.gz"] = []byte("{}")
		case "edit digest": // and the log with it, as a forger would
			sum, forged := sha256.Sum256(tr.Logs[names[0]]), sha256.Sum256([]byte("forged"))
			edited := bytes.Replace(tr.Digests[0], []byte(hex.EncodeToString(sum[:])), []byte(hex.EncodeToString(forged[:])), 1)
			tr.Digests[0], tr.Logs[names[0]] = edited, []byte("forged")
		case "sign":
			if place == 2 {
				place = 1 // the newest signature is not asked about here
			}
			tr.Digests[place] = bytes.Replace(tr.Digests[place], []byte("aa55"), []byte("bb66"), 1)
		}
		if p := problems(check(tr, keys, false)); len(p) == 0 {
			rt.Fatal("the change was not found")
		}
	})
}

func TestBadKeys(t *testing.T) {
	for _, body := range []string{"", "{}", `{"PublicKeyList":[{"Value":"!"}]}`, `{"PublicKeyList":[{"Value":"AAAA"}]}`} {
		if _, err := cloudtrail.ParseKeys([]byte(body)); err == nil {
			t.Errorf("%q was taken as keys", body)
		}
	}
}

func FuzzDigest(f *testing.F) {
	tr := newTrail(f, 1, 1)
	f.Add(tr.Digests[0])
	f.Add([]byte(`{"digestEndTime":"x","digestS3Bucket":"b","digestS3Object":"o","logFiles":[{}]}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		var c cloudtrail.Checker
		c.AddDigest("a_CloudTrail-Digest_b", body)
		c.AddLog("o", sha256.Sum256(body))
		c.Check()
	})
}
