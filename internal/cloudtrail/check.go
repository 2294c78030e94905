package cloudtrail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Verdict is what the digests say of one log file.
type Verdict struct {
	Name    string // of the log file, as it was given
	Digest  string // object name of the digest that lists it; "" for none
	Proven  bool   // the digest's signature was verified
	Problem string // why the file is not as it was delivered; "" where it is
}

// Report is the outcome for a set of files.
type Report struct {
	From, To string    // the first and the last digest's end: what lies outside is not covered
	Logs     []Verdict // by name
	Missing  []string  // log files that a digest lists and that were not given
	Problems []string  // of digests and their chains
}

// Checker collects files. The zero value with Keys is ready.
type Checker struct {
	Keys Keys

	digests    map[string]*digest // by object name
	signatures map[string]string  // by object name of the digest: hex
	logs       map[string]log     // by base name
	problems   []string
}

type log struct {
	name string
	hash [sha256.Size]byte
}

// IsDigest reports whether a file is a digest, by its name.
func IsDigest(name string) bool { return strings.Contains(path.Base(name), "_CloudTrail-Digest_") }

// IsLog reports whether a file is a log file of CloudTrail, by its name.
func IsLog(name string) bool { return strings.Contains(path.Base(name), "_CloudTrail_") }

// AddDigest takes the uncompressed content of a digest file.
func (c *Checker) AddDigest(name string, body []byte) {
	d, err := parseDigest(body)
	if err != nil {
		c.problems = append(c.problems, fmt.Sprintf("%s: %v", name, err))
		return
	}
	if c.digests == nil {
		c.digests = map[string]*digest{}
	}
	if base := path.Base(d.Object); strings.TrimSuffix(base, ".gz") != strings.TrimSuffix(path.Base(name), ".gz") {
		c.problems = append(c.problems, fmt.Sprintf("%s: it was delivered as %s", name, base))
	}
	if old := c.digests[d.Object]; old != nil && old.hash != d.hash {
		c.problems = append(c.problems, fmt.Sprintf("%s: two different digests have that name", d.Object))
		return
	}
	c.digests[d.Object] = d
}

// AddSignature takes the hex signature of a digest that was kept beside it, by
// the digest's file name.
func (c *Checker) AddSignature(name string, signature string) {
	if c.signatures == nil {
		c.signatures = map[string]string{}
	}
	c.signatures[path.Base(name)] = signature
}

// AddLog takes the SHA-256 of the uncompressed content of a log file.
func (c *Checker) AddLog(name string, sum [sha256.Size]byte) {
	if c.logs == nil {
		c.logs = map[string]log{}
	}
	c.logs[path.Base(name)] = log{name, sum}
}

// Empty reports whether no digest was given.
func (c *Checker) Empty() bool { return len(c.digests) == 0 && len(c.problems) == 0 }

// Check says what the digests say of the log files.
func (c *Checker) Check() Report {
	out := Report{Problems: slices.Clone(c.problems)}
	proven := c.chain(&out)
	listed := map[string]Verdict{}
	for _, object := range slices.Sorted(maps.Keys(c.digests)) {
		end := c.digests[object].EndTime
		if out.From == "" || end < out.From {
			out.From = end
		}
		out.To = max(out.To, end)
		for _, l := range c.digests[object].Logs {
			base := path.Base(l.Object)
			file, given := c.logs[base]
			if !given {
				out.Missing = append(out.Missing, l.Object)
				continue
			}
			v := Verdict{Name: file.name, Digest: object, Proven: proven[object]}
			if l.Algorithm != "SHA-256" {
				v.Problem = fmt.Sprintf("its digest gives a hash by %q, not SHA-256", l.Algorithm)
			} else if !strings.EqualFold(l.Hash, hex.EncodeToString(file.hash[:])) {
				v.Problem = "its content is not what its digest says"
			}
			if old, twice := listed[base]; !twice || old.Problem == "" && v.Problem != "" {
				listed[base] = v
			}
		}
	}
	for _, base := range slices.Sorted(maps.Keys(c.logs)) {
		v, known := listed[base]
		if !known {
			v = Verdict{Name: c.logs[base].name, Problem: "no digest lists it"}
		}
		out.Logs = append(out.Logs, v)
	}
	slices.Sort(out.Missing)
	out.Missing = slices.Compact(out.Missing)
	return out
}

// chain verifies every digest's signature, which the next digest holds, and that
// the digest before is there and unchanged.
func (c *Checker) chain(out *Report) (proven map[string]bool) {
	proven = map[string]bool{}
	signature := map[string]string{}
	for _, object := range slices.Sorted(maps.Keys(c.digests)) {
		d := c.digests[object]
		if d.PreviousObject == "" {
			continue
		}
		before := c.digests[d.PreviousObject]
		switch {
		case before == nil:
			continue // the chain begins before what was given
		case !strings.EqualFold(d.PreviousHash, hex.EncodeToString(before.hash[:])):
			out.Problems = append(out.Problems,
				fmt.Sprintf("%s: it is not what the digest after it says", d.PreviousObject))
		}
		signature[d.PreviousObject] = d.PreviousSignature
	}
	for _, object := range slices.Sorted(maps.Keys(c.digests)) {
		s := signature[object]
		if beside := c.signatures[path.Base(object)]; beside != "" {
			s = beside
		}
		if s == "" {
			continue
		}
		if err := c.digests[object].verify(c.Keys, s); err != nil {
			out.Problems = append(out.Problems, fmt.Sprintf("%s: %v", object, err))
			continue
		}
		proven[object] = true
	}
	return proven
}
