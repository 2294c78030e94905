package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Limits of a policy; the specification wants 32 of each at least. A note
// holds at most 100 signatures.
const (
	maxPolicyBytes = 256 << 10
	maxPolicyParts = 64 // logs, witnesses and groups, each
)

// Policy says whom a checker believes: which logs, which witnesses, and how
// many of them have to agree. Its text form is a C2SP tlog-policy, see
// docs/formats/policy.md.
type Policy struct {
	Logs      []PolicyLog
	Witnesses []PolicyWitness
	quorum    *member // nil: no cosignature is asked for
}

// PolicyLog is a log whose checkpoints are accepted.
type PolicyLog struct {
	Origin string // name of the log and of its key
	Key    string // verifier key
	URL    string // empty where the policy has none

	verifier note.Verifier
}

// PolicyWitness is a witness that may count towards the quorum.
type PolicyWitness struct {
	Name string // within the policy
	Key  string // verifier key, algorithm byte 4
	URL  string // submission prefix; empty where the policy has none

	verifier *cosignatureKey
}

// member is a witness (of is empty) or a group of which need must agree.
type member struct {
	witness int // index in Witnesses
	need    int
	of      []*member
	used    bool // each name may be a member of one group only
}

func (m *member) satisfied(by map[int]bool) bool {
	if len(m.of) == 0 {
		return by[m.witness]
	}
	n := 0
	for _, child := range m.of {
		if child.satisfied(by) {
			n++
		}
	}
	return n >= m.need
}

// ParsePolicy reads a policy. The error names the line.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > maxPolicyBytes {
		return nil, fmt.Errorf("parse policy: longer than %d bytes", maxPolicyBytes)
	}
	r := policyReader{policy: new(Policy), names: map[string]*member{}, keys: map[string]bool{}}
	for i, line := range strings.Split(string(text), "\n") {
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("parse policy: line %d: %w", i+1, err)
		}
	}
	if !r.quorum {
		return nil, errors.New("parse policy: no quorum line")
	}
	return r.policy, nil
}

// KeyPolicy returns the policy that accepts one log's checkpoints and asks for
// no witness.
func KeyPolicy(key string) (*Policy, error) {
	return ParsePolicy([]byte("log " + key + "\nquorum none\n"))
}

// AddLog accepts another log's key, as a log line would.
func (p *Policy) AddLog(key string) error {
	r := policyReader{policy: p, keys: map[string]bool{}}
	for _, l := range p.Logs {
		_, _, public, _ := splitKey(l.Key)
		r.keys["log "+string(public)] = true
	}
	return r.log([]string{key})
}

// policyReader is the state of reading one policy.
type policyReader struct {
	policy *Policy
	names  map[string]*member
	keys   map[string]bool // kind and public key of logs and witnesses
	groups int
	quorum bool
}

func (r *policyReader) line(line string) error {
	if i := bytes.IndexFunc([]byte(line), isControl); i >= 0 {
		return fmt.Errorf("control character at column %d", i+1)
	}
	fields := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' })
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return nil
	}
	switch keyword, args := fields[0], fields[1:]; keyword {
	case "log":
		return r.log(args)
	case "witness":
		return r.witness(args)
	case "group":
		return r.group(args)
	case "quorum":
		return r.setQuorum(args)
	default:
		keyword = keyword[:min(len(keyword), 40)]
		return fmt.Errorf("unknown keyword %q: want log, witness, group or quorum", keyword)
	}
}

func isControl(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }

// once refuses a second line with the same public key.
func (r *policyReader) once(kind string, public []byte) error {
	if r.keys[kind+" "+string(public)] {
		return fmt.Errorf("the key of this %s is in the policy already", kind)
	}
	r.keys[kind+" "+string(public)] = true
	return nil
}

func (r *policyReader) log(args []string) error {
	if len(args) < 1 || len(args) > 2 || len(r.policy.Logs) == maxPolicyParts {
		return fmt.Errorf("want: log KEY [URL], at most %d", maxPolicyParts)
	}
	name, algorithm, public, err := splitKey(args[0])
	if err != nil {
		return fmt.Errorf("read log key: %w", err)
	}
	if algorithm != algEd25519 {
		return fmt.Errorf("read log key of %s: not an Ed25519 key", name)
	}
	verifier, err := note.NewVerifier(args[0])
	if err != nil {
		return fmt.Errorf("read log key of %s: %w", name, err)
	}
	for _, l := range r.policy.Logs {
		if l.Origin == name {
			return fmt.Errorf("there are two keys for the log %s", name)
		}
	}
	log := PolicyLog{Origin: name, Key: args[0], verifier: verifier}
	if len(args) == 2 {
		log.URL = args[1]
	}
	r.policy.Logs = append(r.policy.Logs, log)
	return r.once("log", public)
}

func (r *policyReader) witness(args []string) error {
	if len(args) < 2 || len(args) > 3 || len(r.policy.Witnesses) == maxPolicyParts {
		return fmt.Errorf("want: witness NAME KEY [URL], at most %d", maxPolicyParts)
	}
	key, err := parseCosignatureKey(args[1])
	if err != nil {
		return err
	}
	for _, w := range r.policy.Witnesses {
		if w.verifier.name == key.name && w.verifier.hash == key.hash {
			return fmt.Errorf("there are two keys %s with one identifier", key.name)
		}
	}
	w := PolicyWitness{Name: args[0], Key: args[1], verifier: key}
	if len(args) == 3 {
		w.URL = args[2]
	}
	r.policy.Witnesses = append(r.policy.Witnesses, w)
	if err := r.once("witness", key.public); err != nil {
		return err
	}
	return r.define(args[0], &member{witness: len(r.policy.Witnesses) - 1})
}

func (r *policyReader) define(name string, m *member) error {
	if name == "none" {
		return errors.New(`the name "none" is taken`)
	}
	if r.names[name] != nil {
		return fmt.Errorf("the name %q is defined twice", name)
	}
	r.names[name] = m
	return nil
}

func (r *policyReader) group(args []string) error {
	if r.groups++; len(args) < 3 || r.groups > maxPolicyParts {
		return fmt.Errorf("want: group NAME all|any|K NAME..., at most %d", maxPolicyParts)
	}
	g := &member{}
	for _, name := range args[2:] {
		child := r.names[name]
		if child == nil {
			return fmt.Errorf("member %q is not defined above", name)
		}
		if child.used {
			return fmt.Errorf("%q is a member of a group already", name)
		}
		child.used = true
		g.of = append(g.of, child)
	}
	switch args[1] {
	case "all":
		g.need = len(g.of)
	case "any":
		g.need = 1
	default:
		need, err := strconv.ParseUint(args[1], 10, 16)
		if err != nil || need < 1 || need > uint64(len(g.of)) ||
			strconv.FormatUint(need, 10) != args[1] {
			return fmt.Errorf("threshold %q: want all, any or a number from 1 to %d", args[1], len(g.of))
		}
		g.need = int(need)
	}
	return r.define(args[0], g)
}

func (r *policyReader) setQuorum(args []string) error {
	if len(args) != 1 || r.quorum {
		return errors.New("want: quorum NAME, once")
	}
	r.quorum = true
	if args[0] == "none" {
		return nil
	}
	if r.policy.quorum = r.names[args[0]]; r.policy.quorum == nil {
		return fmt.Errorf("quorum %q is not defined above", args[0])
	}
	return nil
}
