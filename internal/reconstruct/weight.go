package reconstruct

import (
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal"
)

// Weights decide what is shown when there are more actions than steps; at
// weightShown and above an action is told even when nothing else is.
const (
	weightSeed    = 1000
	weightArrival = 100
	weightOrigin  = 94
	weightStart   = 72
	weightShown   = 60
	weightLeaf    = 60
)

// verbWeights are the weights of actions by verb alone.
var verbWeights = map[causal.Verb]int{
	causal.VerbSpawned: 70, causal.VerbInjected: 95, causal.VerbReadMemory: 95,
	causal.VerbOpened: 5, causal.VerbCleared: 96, causal.VerbInstalled: 90,
	causal.VerbRegistered: 90, causal.VerbUsedCredential: 80, causal.VerbChangedAccount: 85,
	causal.VerbSetValue: 78, causal.VerbRanScript: 35, causal.VerbDeleted: 15,
	causal.VerbAltered: 15, causal.VerbRenamed: 30, causal.VerbRead: 10,
	causal.VerbAccessedShare: 30, causal.VerbWroteShare: 75, causal.VerbLoggedOn: 80,
	causal.VerbFailedLogon: 30, causal.VerbCalled: 65, causal.VerbMailed: 40,
	causal.VerbRequested: 30, causal.VerbActed: 20, causal.VerbResolved: 10,
}

func (w *writer) weigh(r *causal.Rel) int {
	if r.Dst < 0 {
		return verbWeights[r.Verb]
	}
	dst := w.g.Node(r.Dst)
	switch r.Verb {
	case causal.VerbWrote, causal.VerbRenamed:
		return fileWeight(dst.Key)
	case causal.VerbConnected:
		if w.breach(r.Src, r.Time) {
			return max(connWeight(r.Facts), weightBreach)
		}
		return connWeight(r.Facts)
	}
	return verbWeights[r.Verb]
}

// weightBreach is the weight of what a program heard and fetched just before it
// began to run commands, and of connections of what runs commands.
const weightBreach = 70

// breachWindow is how long before the first command that is.
const breachWindow = 30 * time.Second

// breach reports whether a connection at t belongs to a program that runs
// commands of others, or that started one within the half minute after: a server
// does that when somebody makes it.
func (w *writer) breach(n int, t time.Time) bool {
	if n < 0 || w.members[n] == nil || w.node(n).Portal() || w.node(n).Boundary() {
		return false
	}
	if causal.Interpreter(causal.Base(w.node(n).Name)) {
		return true
	}
	for _, r := range w.g.Out(n) {
		d := r.Time.Sub(t)
		if r.Verb == causal.VerbSpawned && r.Dst >= 0 && d >= -time.Second && d <= breachWindow &&
			causal.Interpreter(causal.Base(w.node(r.Dst).Name)) {
			return true
		}
	}
	return false
}

func fileWeight(path string) int {
	switch {
	case causal.Archive(path):
		return 80
	case isDump(path):
		return 82
	case isScratch(path):
		return 5
	case causal.Code(path):
		return 61
	}
	return 20
}

func isDump(path string) bool {
	for _, ext := range []string{".dmp", ".mdmp", ".dit"} {
		if strings.HasSuffix(strings.ToLower(path), ext) {
			return true
		}
	}
	return false
}

// scratch names files that the operating system writes beside any program.
var scratch = []string{
	`__psscriptpolicytest_`, `\prefetch\`, `\usagelogs\`, `startupprofiledata`, `\inetcache\`,
	`\moduleanalysiscache`, `\recent\`, `\webcache\`, `\logs\`,
}

func isScratch(path string) bool {
	path = strings.ToLower(path)
	for _, s := range scratch {
		if strings.Contains(path, s) {
			return true
		}
	}
	return false
}

// bulk is how many bytes sent out make a transfer worth telling by itself.
const bulk = 10 << 20

func connWeight(f *causal.Facts) int {
	if f == nil || f.DstIP == "" {
		return 5
	}
	if !causal.PrivateAddress(f.DstIP) {
		if f.Bytes >= bulk {
			return 96
		}
		return 65
	}
	if adminService(f.DstPort) != "" {
		return 61
	}
	return 25
}

func adminService(port string) string {
	switch port {
	case "22":
		return "SSH"
	case "135":
		return "DCOM"
	case "139", "445":
		return "SMB"
	case "3389":
		return "remote desktop"
	case "5985", "5986":
		return "WinRM"
	}
	return ""
}

// levels orders Sigma levels; index 0 is the weakest.
var levels = []string{"informational", "low", "medium", "high", "critical"}

func levelOf(level string) int {
	for i, l := range levels {
		if l == level {
			return i
		}
	}
	return 0
}

func levelWeight(level string) int { return []int{25, 40, 66, 85, 98}[levelOf(level)] }

// severityOf returns the level a step has without any rule.
func severityOf(v causal.Verb, weight int) int {
	switch v {
	case causal.VerbReadMemory, causal.VerbInjected, causal.VerbCleared:
		return 3
	case causal.VerbInstalled, causal.VerbRegistered, causal.VerbUsedCredential,
		causal.VerbChangedAccount, causal.VerbSetValue, causal.VerbLoggedOn, causal.VerbWroteShare:
		return 2
	}
	if weight >= 90 && v == causal.VerbConnected {
		return 3
	}
	if weight >= weightShown {
		return 1
	}
	return 0
}
