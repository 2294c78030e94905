package lint_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/sigma/lint"
)

// bases are documents without an issue. An example names the keys in which it
// differs; a key with the value "none" is left out.
var bases = map[string]string{
	"rule": `title: Whoami Started From a Shell
id: 0b7c1a86-2a4e-4a7b-9d1f-6d1f2f0c9a11
status: test
description: Finds the command that attackers run first on a new host.
references:
    - https://example.org/report
author: Jane Doe
date: 2026-01-02
tags:
    - attack.discovery
    - attack.t1033
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\whoami.exe'
    condition: selection
falsepositives:
    - Administrators
level: medium
`,
	"correlation": `title: Many Failed Logons
id: 1b7c1a86-2a4e-4a7b-9d1f-6d1f2f0c9a11
status: test
description: Finds guessing of passwords against one account.
references:
    - https://example.org/report
author: Jane Doe
date: 2026-01-02
correlation:
    type: event_count
    rules:
        - failed_logon
    group-by:
        - TargetUserName
    timespan: 5m
    condition:
        gte: 10
falsepositives:
    - Forgotten passwords
level: medium
`,
	"filter": `title: Whoami by the Inventory
id: 2b7c1a86-2a4e-4a7b-9d1f-6d1f2f0c9a11
description: The inventory runs it every night.
logsource:
    category: process_creation
    product: windows
filter:
    rules:
        - 0b7c1a86-2a4e-4a7b-9d1f-6d1f2f0c9a11
    selection:
        User: svc_inventory
    condition: not selection
`,
}

// patched returns the base with the keys of the patch in place of its own.
func patched(base, patch string) string {
	sections := func(text string) (keys []string, body map[string]string) {
		body = map[string]string{}
		for line := range strings.Lines(text) {
			key := ""
			if len(keys) > 0 {
				key = keys[len(keys)-1]
			}
			if line[0] != ' ' && line[0] != '\n' {
				key, _, _ = strings.Cut(line, ":")
				keys = append(keys, key)
			}
			body[key] += line
		}
		return keys, body
	}
	keys, body := sections(base)
	extra, change := sections(patch)
	var out strings.Builder
	for _, k := range append(keys, extra...) {
		text, changed := change[k]
		if !changed {
			text = body[k]
		}
		delete(change, k)
		delete(body, k)
		if text != k+": none\n" {
			out.WriteString(text)
		}
	}
	return out.String()
}

// TestExamples wants a bad and a good example for every check. The commands
//
//	bad CHECK… [rule|correlation|filter] [file=NAME]
//	good CHECK… …
//
// lint the base document with the keys given, or the input as a whole file when
// there is a name; files after a line "====" belong to the same set.
func TestExamples(t *testing.T) {
	shown := map[string]map[string]bool{"bad": {}, "good": {}}
	datadriven.Walk(t, "testdata/examples", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			issues := example(t, d)
			var out strings.Builder
			for _, i := range issues {
				fmt.Fprintln(&out, strings.TrimPrefix(i.String(), "whoami_from_shell.yml:"))
			}
			for _, arg := range d.CmdArgs {
				if bases[arg.Key] != "" || arg.Key == "file" {
					continue
				}
				shown[d.Cmd][arg.Key] = true
				fires := slices.ContainsFunc(issues, func(i lint.Issue) bool { return i.ID == arg.Key })
				if fires != (d.Cmd == "bad") {
					d.Fatalf(t, "%s: %s, but fires is %t:\n%s", d.Cmd, arg.Key, fires, out.String())
				}
			}
			if out.Len() == 0 {
				return "clean\n"
			}
			return out.String()
		})
	})
	for _, c := range lint.Checks() {
		for cmd, ids := range shown {
			if !ids[c.ID] {
				t.Errorf("%s has no %s example", c.ID, cmd)
			}
			delete(ids, c.ID)
		}
	}
	for cmd, ids := range shown {
		for id := range ids {
			t.Errorf("%s example of %s, which is no check", cmd, id)
		}
	}
}

func example(t *testing.T, d *datadriven.TestData) []lint.Issue {
	t.Helper()
	base, file := bases["rule"], ""
	for _, arg := range d.CmdArgs {
		if b := bases[arg.Key]; b != "" {
			base = b
		}
		if arg.Key == "file" {
			file = arg.Vals[0]
		}
	}
	linter := lint.New(sources(t))
	input := strings.ReplaceAll(d.Input, "{{long}}", strings.Repeat("long text ", 7000))
	if file == "" {
		return linter.File("whoami_from_shell.yml", []byte(patched(base, input+"\n")))
	}
	var out []lint.Issue
	for i, src := range strings.Split(input, "====\n") {
		name := file
		if i > 0 {
			name = strings.Replace(file, ".", fmt.Sprintf("_%d.", i+1), 1)
		}
		out = append(out, linter.File(name, []byte(src))...)
	}
	return append(out, linter.Finish()...)
}

func TestChecksAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range lint.Checks() {
		if seen[c.ID] || c.About == "" || c.Fix == "" {
			t.Errorf("%s stands twice or says too little", c.ID)
		}
		seen[c.ID] = true
	}
	if len(seen) < 70 {
		t.Errorf("only %d checks", len(seen))
	}
}

func TestBasesAreClean(t *testing.T) {
	for name, src := range bases {
		for _, i := range lint.New(sources(t)).File("whoami_from_shell.yml", []byte(src)) {
			t.Errorf("%s: %s", name, i)
		}
	}
}

// TestDocumentation keeps docs/rules-lint.md equal to the checks; the
// environment variable EVIDENT_REWRITE=1 writes it.
func TestDocumentation(t *testing.T) {
	const page = "../../docs/rules-lint.md"
	want := lint.Markdown()
	if os.Getenv("EVIDENT_REWRITE") == "1" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from the checks; write it with EVIDENT_REWRITE=1 go test ./sigma/lint", page)
	}
}

func FuzzFile(f *testing.F) {
	for _, src := range bases {
		f.Add([]byte(src))
	}
	f.Add([]byte("detection:\n  a: {b|re|all: ['(a+)+', null, [x]]}\n" +
		"  condition: 1 of a* and not (them\n"))
	f.Add([]byte("correlation: {type: 1, rules: [[]], timespan: 0s, condition: [gt]," +
		" aliases: {a: b}}\n"))
	f.Add([]byte("filter: []\nlogsource: x\ntags: {a: b}\nrelated: [1, {id: []}]\n"))
	all := sources(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		linter := lint.New(all)
		for _, i := range append(linter.File("a.yml", src), linter.Finish()...) {
			if i.Line < 1 || i.ID == "" || i.Message == "" || i.Hint == "" || i.Severity == 0 {
				t.Fatalf("incomplete issue %+v", i)
			}
		}
	})
}
