package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// update rewrites identifiers and figures of the documents' transcripts to
// those of this version: go test ./cmd/evident -run Transcripts -update.
var update = flag.Bool("update", false, "rewrite figures and identifiers in the transcripts of the documents")

// repository is the root of the repository, seen from this package.
const repository = "../.."

// TestTranscripts runs the documents. A fence marked console is a transcript:
//
//	$ command          run by bash in one folder for the whole document, in order
//	> more             the command's next line
//	$ command # exit 1 the command must end with 1; without the comment, with 0
//	text               what it prints, standard output and error together
//	te…xt              … within a line is any text
//	…                  a line of it is any lines, also none
//	^C                 the command is interrupted once it has printed what is above
//
// Commands that begin with make are not run; their targets must exist. The folder
// examples of the repository is there.
func TestTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every command of the documents; left out by -short")
	}
	for _, name := range []string{"README.md", "docs/tutorial.md", "docs/reload.md", "docs/correlations.md", "docs/rules.md", "docs/exposure.md", "docs/reconstruct.md", "docs/recovery.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newTranscript(t, filepath.Join(repository, name)).run()
		})
	}
}

// transcript is one document that is being run.
type transcript struct {
	t      *testing.T
	path   string
	lines  []string
	dir    string // where the commands run
	env    []string
	now    map[string]string // identifiers in the text and what they are now
	fresh  map[int]bool      // lines that -update has put in
	edited bool
}

func newTranscript(t *testing.T, path string) *transcript {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nEVIDENT_TEST_COMMAND=1 exec %q \"$@\"\n", exe)
	if err := os.WriteFile(filepath.Join(bin, "evident"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	examples, err := filepath.Abs(filepath.Join(repository, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(examples, filepath.Join(dir, "examples")); err != nil {
		t.Fatal(err)
	}
	return &transcript{
		t: t, path: path, lines: strings.Split(string(text), "\n"), dir: dir,
		now: make(map[string]string), fresh: make(map[int]bool),
		env: append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC",
			"XDG_DATA_HOME="+filepath.Join(dir, "xdg")),
	}
}

// run goes through the document's fences; with -update it writes it again.
func (d *transcript) run() {
	ran := 0
	for i := 0; i < len(d.lines); i++ {
		if d.lines[i] != "```console" {
			continue
		}
		for i++; i < len(d.lines) && d.lines[i] != "```"; {
			if !strings.HasPrefix(d.lines[i], "$ ") {
				d.t.Fatalf("%s:%d: a transcript begins with a command", d.path, i+1)
			}
			i = d.step(i)
			ran++
		}
	}
	if ran == 0 {
		d.t.Fatalf("%s has no transcript", d.path)
	}
	if d.edited {
		for i, line := range d.lines {
			if !d.fresh[i] {
				d.lines[i] = replaceIDs(line, d.now)
			}
		}
		if err := os.WriteFile(d.path, []byte(strings.Join(d.lines, "\n")), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

var exitComment = regexp.MustCompile(` +# exit (\d)$`)

// step runs the command at line i, compares what it prints and returns the line
// after its output.
func (d *transcript) step(i int) int {
	at := i
	command := strings.TrimPrefix(d.lines[i], "$ ")
	for i++; strings.HasPrefix(d.lines[i], "> "); i++ {
		command += "\n" + strings.TrimPrefix(d.lines[i], "> ")
	}
	from := i
	for d.lines[i] != "```" && !strings.HasPrefix(d.lines[i], "$ ") {
		i++
	}
	want := slices.Clone(d.lines[from:i])
	if targets, ok := strings.CutPrefix(command, "make "); ok {
		checkTargets(d.t, targets)
		return i
	}
	exit := "0"
	if m := exitComment.FindStringSubmatch(command); m != nil {
		exit = m[1]
	}
	command = replaceIDs(command, d.now)
	var got []string
	var code int
	if n := len(want); n > 0 && want[n-1] == "^C" {
		want = want[:n-1]
		got, code = d.interrupted(command, want)
	} else {
		got, code = d.output(command)
	}
	if fmt.Sprint(code) != exit {
		d.t.Fatalf("%s:%d: %s\nends with %d, want %s:\n%s", d.path, at+1, command, code, exit,
			strings.Join(got, "\n"))
	}
	if *update && !matchLines(want, got) {
		d.refresh(from, want, got)
		copy(want, d.lines[from:])
	}
	for k, line := range want {
		if !d.fresh[from+k] {
			want[k] = replaceIDs(line, d.now)
		}
	}
	if !matchLines(want, got) {
		d.t.Errorf("%s:%d: %s\nprints\n%s\nbut the document says\n%s\n(the lines from %q on; "+
			"go test ./cmd/evident -run Transcripts -update rewrites figures and identifiers)",
			d.path, at+1, command, strings.Join(got, "\n"), strings.Join(want, "\n"), firstOff(want, got))
	}
	return i
}

// output runs a command to its end.
func (d *transcript) output(command string) (lines []string, code int) {
	cmd := d.command(command)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return printed(out), cmd.ProcessState.ExitCode()
}

// interrupted runs a command until it printed what is wanted, and interrupts
// it as the keyboard would.
func (d *transcript) interrupted(command string, want []string) (lines []string, code int) {
	cmd := d.command(command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	stop := func(s syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, s) } // it may have ended
	late := time.AfterFunc(2*time.Minute, func() { stop(syscall.SIGKILL) })
	defer late.Stop()
	for in := bufio.NewScanner(out); in.Scan(); {
		lines = append(lines, printed(in.Bytes())...)
		if matchLines(want, lines) {
			stop(syscall.SIGINT)
		}
	}
	_ = cmd.Wait() // the exit code says it
	return lines, cmd.ProcessState.ExitCode()
}

func (d *transcript) command(text string) *exec.Cmd {
	cmd := exec.Command("bash", "-c", text)
	cmd.Dir, cmd.Env = d.dir, d.env
	return cmd
}

// progress lines appear on a slow machine only.
var progress = regexp.MustCompile(`^[a-zA-Z ()]+: +\d+% `)

func printed(out []byte) []string {
	var lines []string
	for line := range strings.Lines(string(bytes.TrimRight(out, "\n"))) {
		if line = strings.TrimRight(line, " \n"); !progress.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// matchLines tells whether the lines are those wanted.
func matchLines(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] == "…" {
		for skip := 0; skip <= len(got); skip++ {
			if matchLines(want[1:], got[skip:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && matchLine(want[0], got[0]) && matchLines(want[1:], got[1:])
}

func matchLine(want, got string) bool {
	parts := strings.Split(strings.TrimRight(want, " "), "…")
	if len(parts) == 1 {
		return parts[0] == got
	}
	rest, ok := strings.CutPrefix(got, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// firstOff is the first wanted line up to which nothing matches.
func firstOff(want, got []string) string {
	for n := range want {
		if !matchLines(append(slices.Clone(want[:n+1]), "…"), got) {
			return want[n]
		}
	}
	return "the end"
}

// identifier of a finding, an incident, an event or a log.
var identifier = regexp.MustCompile(`\bF-[0-9a-f]{16}\b|\binc-[0-9a-f]+\b|\b\d+-\d+(?:-\d+)?\b`)

// replaceIDs puts the identifiers of today in place of those of the text. A
// date looks like an identifier with one part more and stays.
func replaceIDs(text string, now map[string]string) string {
	return identifier.ReplaceAllStringFunc(text, func(id string) string {
		if to, ok := now[id]; ok {
			return to
		}
		return id
	})
}

var figure = regexp.MustCompile(`[0-9]+`)

// skeleton is a line without its identifiers, figures and widths of columns.
func skeleton(line string) string {
	line = figure.ReplaceAllString(identifier.ReplaceAllString(line, "#"), "#")
	return strings.Join(strings.Fields(line), " ")
}

// refresh gives the wanted lines, which begin at line from of the document, the
// figures and identifiers of those printed, as far as lines of the same skeleton
// are found in the same order.
func (d *transcript) refresh(from int, want, got []string) {
	d.edited = true
	for i, line := range want {
		if line == "…" {
			continue
		}
		for k := range got {
			to, ok := renew(line, got[k])
			if !ok {
				continue
			}
			was, is := identifier.FindAllString(line, -1), identifier.FindAllString(to, -1)
			for n := range min(len(was), len(is)) {
				if strings.Count(was[n], "-") == 1 { // not a date
					d.now[was[n]] = is[n]
				}
			}
			d.lines[from+i], d.fresh[from+i] = to, true
			got = got[k+1:]
			break
		}
	}
}

// renew gives the printed line in the form of the wanted one, cut where that
// one is cut.
func renew(want, got string) (string, bool) {
	head, _, cut := strings.Cut(want, "…")
	if !cut {
		return got, skeleton(want) == skeleton(got)
	}
	if matchLine(want, got) {
		return want, true
	}
	for n := len(got); n > 0; n-- {
		if skeleton(head) == skeleton(got[:n]) && strings.HasSuffix(want, "…") {
			return got[:n] + "…", true
		}
	}
	return "", false
}

// checkTargets wants the targets in the Makefile.
func checkTargets(t *testing.T, targets string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range strings.Fields(targets) {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(text) {
			t.Errorf("the documents say make %s, which the Makefile does not have", target)
		}
	}
}
