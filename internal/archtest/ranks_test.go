package archtest

import (
	"slices"
	"strings"
	"testing"
)

// ranks are the layers of docs/architecture.md; imports go down only.
var ranks = map[string]int{
	"event": 0, "proof": 0, "internal/safeguard": 0, "mappings": 0, "rules": 0, "web/ui": 0,
	"exposure/graph": 0, "exposure/packs": 0, "register": 1, "exposure": 2, "exposure/checks": 3, "exposure/review": 4, "internal/exchange": 4,
	"internal/printable": 0, "internal/yamltree": 0, "internal/textmatch": 0, "internal/evtx": 0, "internal/cloudtrail": 0, "internal/journald": 0, "internal/sourceseal": 2, "internal/receipt": 1,
	"sigma": 1, "internal/normalize": 1, "internal/causal": 1, "internal/retention": 1, "internal/causal/edge": 1, "internal/simulate": 1,
	"sigma/processing": 2, "sigma/correlate": 2, "sigma/lint": 2,
	"internal/attack": 2, "internal/ruletest": 2,
	"internal/journal": 2, "internal/ledger": 2, "internal/lake": 2, "internal/search": 2, "internal/durable": 0, "internal/flaw": 0, "internal/daykey": 2, "internal/sealed": 0, "internal/search/records": 2,
	"internal/state": 2, "internal/journal/blocks": 2, "internal/faultfs": 2, "internal/replay": 3, "internal/tally": 3, "internal/lake/sums": 2, "internal/lake/originals": 2,
	"internal/source": 3, "internal/pipeline": 3, "internal/detect": 3, "internal/reconstruct": 3,
	"internal/retro": 3, "internal/edgelake": 3, "internal/disposal": 3, "internal/story": 3, "internal/rerun": 3,
	"internal/node": 4, "internal/score": 4, "internal/report": 4, "web/api": 5, "web": 6, "cmd/evident": 7,
	"internal/console": 2, "cmd/evident/detectcmd": 6, "cmd/evident/searchcmd": 6, "internal/export": 3,
	"internal/instant": 0, "internal/search/sqlguard": 1, "internal/search/turns": 1, "internal/search/glob": 0, "internal/search/typing": 0, "internal/search/plain": 0, "internal/search/names": 1, "internal/search/sieve": 0, "cmd/evident/exposurecmd": 6,
	"internal/posture": 4, "examples/harbor": 0, "internal/witness": 2, "cmd/evident-verify": 7, "cmd/evident-witness": 7,
	"internal/archtest": 8, "bench/endtoend": 8, "bench/lake": 8, "bench/reconstruct": 8, "bench/sigma": 8,
}

// sideways are the imports inside one rank that are meant to be.
var sideways = map[string][]string{
	"internal/story":     {"internal/reconstruct"},                          // tells what it found
	"internal/rerun":     {"internal/reconstruct", "internal/story"},        // runs it again, and compares
	"internal/pipeline":  {"internal/detect"},                               // judges what it carries
	"internal/causal":    {"internal/causal/edge"},                          // joins what single events say
	"internal/lake":      {"internal/lake/sums", "internal/lake/originals"}, // its metadata's hashes, its records
	"internal/search":    {"internal/search/records"},                       // its table function
	"internal/journal":   {"internal/journal/blocks"},                       // reads the server's files before it
	"internal/evtx":      {"event", "internal/flaw"},                        // gives records as native fields
	"internal/safeguard": {"internal/yamltree"},                             // reads its table and the rules it judges
	"internal/journald":  {"internal/flaw"},                                 // the same
	"internal/posture":   {"exposure/review"},                               // reviews the proposals of its register
}

// conformance suites belong to the package above them.
var suites = []string{"journaltest", "laketest", "searchtest", "evtxtest", "trailtest", "registertest"}

func TestRanks(t *testing.T) {
	for _, p := range load(t).pkgs {
		if isSuite(p.path) {
			continue
		}
		rank, known := ranks[p.path]
		if !known {
			t.Errorf("package %s has no rank: add it to docs/architecture.md and to this test", p.path)
			continue
		}
		for _, f := range p.code() {
			for _, imp := range f.imports() {
				to, ours := strings.CutPrefix(imp, module+"/")
				if !ours || ranks[to] < rank || slices.Contains(sideways[p.path], to) {
					continue
				}
				t.Errorf("%s (rank %d) imports %s (rank %d): imports go down the ranks only",
					f.path, rank, to, ranks[to])
			}
		}
	}
}

func isSuite(path string) bool {
	for _, s := range suites {
		if strings.HasSuffix(path, "/"+s) {
			return true
		}
	}
	return false
}

// owners says which package alone may import a technology.
var owners = map[string][]string{
	"github.com/nats-io/":                 {"internal/journal"},
	"github.com/transparency-dev/":        {"internal/ledger"},
	"github.com/apache/":                  {"internal/lake", "internal/lake/originals"},
	"github.com/duckdb/":                  {"internal/search", "internal/search/records"}, // its table function
	"github.com/tink-crypto/":             {"internal/daykey"},
	"modernc.org/sqlite":                  {"internal/state", "internal/lake"}, // the lake's catalog
	"github.com/alecthomas/kong":          {"cmd/evident"},
	"github.com/prometheus/client_golang": {"web/api"},
	"github.com/leodido/go-syslog":        {"internal/normalize"},
	"github.com/goccy/go-yaml":            {"internal/yamltree", "internal/normalize"},
	"golang.org/x/mod/sumdb":              {"proof", "internal/retention", "internal/ledger", "internal/witness", "internal/node", "web/api", "exposure/review", "internal/console", "cmd/evident", "cmd/evident/exposurecmd"},
}

func TestTechnologiesStayBehindOnePackage(t *testing.T) {
	for _, p := range load(t).pkgs {
		for _, f := range p.code() {
			for _, imp := range f.imports() {
				for prefix, allowed := range owners {
					if strings.HasPrefix(imp, prefix) && !slices.Contains(allowed, p.path) {
						t.Errorf("%s imports %s: only %v may, so that it can be replaced there",
							f.path, imp, allowed)
					}
				}
			}
		}
	}
}

// forbidden imports keep pure packages pure.
var forbidden = map[string]string{
	"net/http": "no network below the services", "net": "no network below the services",
	"os": "no I/O in values and pure engines", "os/exec": "no I/O in values and pure engines",
	"database/sql": "no I/O in values and pure engines",
}

// parsesWithNet are files that use net to read addresses, not to reach them: the
// naive oracle of sigma must not share the engine's netip.
var parsesWithNet = []string{"sigma/naive_text.go"}

// pureButReads may open files: they load rules, write simulations, or are about
// files alone.
var pureButReads = []string{"sigma", "internal/simulate", "internal/durable"}

func TestPurePackagesDoNoIO(t *testing.T) {
	for _, p := range load(t).pkgs {
		if rank, ok := ranks[p.path]; !ok || rank > 1 {
			continue
		}
		for _, f := range p.code() {
			for _, imp := range f.imports() {
				why, bad := forbidden[imp]
				if imp == "net" && slices.Contains(parsesWithNet, f.path) {
					continue
				}
				if bad && (imp != "os" || !slices.Contains(pureButReads, p.path)) {
					t.Errorf("%s imports %s: %s", f.path, imp, why)
				}
			}
		}
	}
}

func TestProofLinksNoNetwork(t *testing.T) {
	allowed := []string{"golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog"}
	for _, p := range load(t).pkgs {
		if p.path != "proof" {
			continue
		}
		for _, f := range p.code() {
			for _, imp := range f.imports() {
				first, _, _ := strings.Cut(imp, "/")
				if strings.Contains(first, ".") && !slices.Contains(allowed, imp) ||
					strings.HasPrefix(imp, "net") {
					t.Errorf("%s imports %s: a verifier that anyone can trust links almost nothing",
						f.path, imp)
				}
			}
		}
	}
}
