package detect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// tactics are the ATT&CK Enterprise tactics in their order.
var tactics = []string{
	"Reconnaissance", "Resource Development", "Initial Access", "Execution", "Persistence",
	"Privilege Escalation", "Defense Evasion", "Credential Access", "Discovery",
	"Lateral Movement", "Collection", "Command and Control", "Exfiltration", "Impact",
}

// Tactics returns the names of the tactics in their order.
func Tactics() []string { return slices.Clone(tactics) }

// TacticName returns the tactic as ATT&CK writes it, from a Sigma tag such as
// "credential-access" or "credential_access".
func TacticName(tag string) string {
	plain := strings.NewReplacer("-", " ", "_", " ").Replace(tag)
	for _, name := range tactics {
		if strings.EqualFold(name, plain) {
			return name
		}
	}
	return plain
}

// TacticOrder returns the tactic's place in the order of ATT&CK; unknown ones
// come last.
func TacticOrder(name string) int {
	if i := slices.Index(tactics, name); i >= 0 {
		return i
	}
	return len(tactics)
}

// TacticsOf returns the tactics of an encoded finding.
func TacticsOf(body []byte) ([]string, error) {
	var f struct {
		Info struct {
			Attacks []Attack `json:"attacks"`
		} `json:"finding_info"`
	}
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("read finding: %w", err)
	}
	var out []string
	for _, a := range f.Info.Attacks {
		if a.Tactic != nil {
			out = append(out, a.Tactic.Name)
		}
	}
	return out, nil
}
