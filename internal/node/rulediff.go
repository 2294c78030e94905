package node

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/sigma"
)

// maxChanges bounds each list of a RuleDiff; the counts are of all.
const maxChanges = 1000

// RuleDiff says how a new set of rules differs from the current one.
type RuleDiff struct {
	Added        []RuleChange `json:"added"`
	Removed      []RuleChange `json:"removed"`
	Changed      []RuleChange `json:"changed"` // other text, or other filters
	AddedCount   int          `json:"added_count"`
	RemovedCount int          `json:"removed_count"`
	ChangedCount int          `json:"changed_count"`
}

// RuleChange names a document of one of two sets.
type RuleChange struct {
	UID   string   `json:"uid"`
	Title string   `json:"title"`
	Kind  RuleKind `json:"kind"`
	Level string   `json:"level"`
	File  string   `json:"file"`
	Line  int      `json:"line"`
}

func (d RuleDiff) String() string {
	return fmt.Sprintf("%d added, %d removed, %d changed",
		d.AddedCount, d.RemovedCount, d.ChangedCount)
}

// diffRules compares two sets by the documents' identifiers.
func diffRules(old, now *sigma.RuleSet) RuleDiff {
	before := byUID(old)
	after := byUID(now)
	out := RuleDiff{Added: []RuleChange{}, Removed: []RuleChange{}, Changed: []RuleChange{}}
	for uid, d := range after {
		was, ok := before[uid]
		switch {
		case !ok:
			out.Added = append(out.Added, changeOf(d))
		case was.version() != d.version():
			out.Changed = append(out.Changed, changeOf(d))
		}
	}
	for uid, d := range before {
		if _, ok := after[uid]; !ok {
			out.Removed = append(out.Removed, changeOf(d))
		}
	}
	out.AddedCount, out.Added = len(out.Added), firstChanges(out.Added)
	out.RemovedCount, out.Removed = len(out.Removed), firstChanges(out.Removed)
	out.ChangedCount, out.Changed = len(out.Changed), firstChanges(out.Changed)
	return out
}

func byUID(set *sigma.RuleSet) map[string]*RuleDoc {
	all := docs(set)
	out := make(map[string]*RuleDoc, len(all))
	for i := range all {
		out[all[i].UID()] = &all[i]
	}
	return out
}

func changeOf(d *RuleDoc) RuleChange {
	return RuleChange{
		UID: d.UID(), Title: d.Title, Kind: d.Kind, Level: d.Level, File: d.File, Line: d.Line,
	}
}

func firstChanges(list []RuleChange) []RuleChange {
	slices.SortFunc(list, func(a, b RuleChange) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.UID, b.UID))
	})
	return list[:min(len(list), maxChanges)]
}

// LostRule is a document of the current set that a new set does not have
// although nobody took it out: its file is there and cannot be read as a rule.
type LostRule struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// lostRules finds what would be lost by a switch from old to now. Deleting a
// rule is a decision; a rule that can no longer be read, or a folder that is
// suddenly empty, is taken for a mistake.
func lostRules(old, now *rulebook) []LostRule {
	before, after := byUID(old.set), byUID(now.set)
	byFile := make(map[string][]*RuleDoc)
	for _, d := range before {
		byFile[d.File] = append(byFile[d.File], d)
	}
	known := make(map[sigma.Rejection]bool)
	for _, r := range old.set.Rejected {
		known[r] = true
	}
	var out []LostRule
	told := make(map[string]bool)
	for _, r := range now.set.Rejected {
		meant := byFile[r.File]
		if d, ok := before[r.UID]; ok && r.UID != "" {
			meant = []*RuleDoc{d}
		}
		for _, d := range meant {
			uid := d.UID()
			if _, there := after[uid]; there || told[uid] || known[r] {
				continue
			}
			told[uid] = true
			out = append(out, LostRule{uid, d.Title, r.File, r.Line, r.Reason})
		}
	}
	out = append(out, emptied(old, now)...)
	slices.SortStableFunc(out, func(a, b LostRule) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out
}

// emptied finds folders that gave rules and give none now, as one does that is
// not mounted.
func emptied(old, now *rulebook) []LostRule {
	var out []LostRule
	for _, p := range now.paths {
		if !slices.Contains(old.paths, p) {
			continue
		}
		before, after := under(old.set, p), under(now.set, p)
		if before > 0 && after == 0 {
			out = append(out, LostRule{
				File:   p,
				Reason: fmt.Sprintf("it had %d rules and has none now; is the folder mounted?", before),
			})
		}
	}
	return out
}

// under counts the documents of the set in files at or below the path, loaded
// or rejected: those that are rejected are reported one by one.
func under(set *sigma.RuleSet, path string) int {
	inside := func(file string) bool {
		return file == path || strings.HasPrefix(file, filepath.Clean(path)+string(filepath.Separator))
	}
	n := 0
	for _, d := range docs(set) {
		if inside(d.File) {
			n++
		}
	}
	for _, r := range set.Rejected {
		if inside(r.File) {
			n++
		}
	}
	return n
}
