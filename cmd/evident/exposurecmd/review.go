package exposurecmd

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/register"
)

type reviewCmd struct {
	Base   string `placeholder:"DIR" required:"" help:"Folder of the register."`
	Change string `placeholder:"DIR" xor:"change" help:"Folder of the proposal: what it adds or replaces."`
	Range  string `placeholder:"A..B" xor:"change" help:"Review the register between two Git revisions instead."`
	Day    string `placeholder:"DATE" help:"Judge as of this day, e.g. 2026-11-22; default is today."`
	Output string `enum:"text,json,markdown,html,sarif" default:"text" help:"What to print: text, json, markdown, html, sarif."`
}

// Help shows an example.
func (reviewCmd) Help() string {
	return "Exit code 0 is a pass; 1 is conditions, refer or deny.\n\nExample:\n  evident exposure review " +
		"--base examples/harbor/register --change examples/harbor/proposals/gap-consultant"
}

// Run reviews and exits 1 unless the change may pass as it is.
func (c *reviewCmd) Run(e *console.Env) error {
	day, err := dayOf(c.Day)
	if err != nil {
		return err
	}
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		return fmt.Errorf("load checks: %w", err)
	}
	in := review.Input{Pack: pack, Day: day}
	if c.Range != "" {
		err = c.fromGit(e, &in)
	} else {
		err = c.fromFolders(e, &in)
	}
	if err != nil {
		return err
	}
	r := review.Run(in)
	if err := c.print(e, r); err != nil {
		return fmt.Errorf("print review: %w", err)
	}
	if r.Result != review.Pass {
		return console.ErrWrong
	}
	return nil
}

func (c *reviewCmd) fromFolders(e *console.Env, in *review.Input) error {
	if c.Change == "" {
		return errors.New("name the change: --change DIR or --range A..B")
	}
	var err error
	if in.Base, err = loadRegister(e, c.Base); err != nil {
		return err
	}
	next, change, problems, err := register.Apply(in.Base, os.DirFS(c.Change))
	if err != nil {
		return fmt.Errorf("%s: %w", c.Change, err)
	}
	in.Next, in.Change = next, change
	return printProblems(e, c.Change, problems)
}

// fromGit reads the register's folder as it is at two revisions.
func (c *reviewCmd) fromGit(e *console.Env, in *review.Input) error {
	from, to, ok := strings.Cut(c.Range, "..")
	if !ok || from == "" || to == "" {
		return fmt.Errorf("read --range: %q is not A..B", console.Plain(c.Range))
	}
	load := func(revision string) (*register.Register, error) {
		dir, err := os.MkdirTemp("", "evident-register-")
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", console.Plain(revision), err)
		}
		defer os.RemoveAll(dir)
		if err := checkOut(e, c.Base, revision, dir); err != nil {
			return nil, err
		}
		r, problems, err := register.Load(os.DirFS(dir))
		if err != nil {
			return nil, fmt.Errorf("%s at %s: %w", c.Base, console.Plain(revision), err)
		}
		return r, printProblems(e, revision, problems)
	}
	var err error
	if in.Base, err = load(from); err != nil {
		return err
	}
	if in.Next, err = load(to); err != nil {
		return err
	}
	in.Change = register.Diff(in.Base, in.Next)
	return nil
}

// maxTree bounds what is read of a revision.
const maxTree = 256 << 20

// checkOut writes the files of a folder at a revision into another folder.
func checkOut(e *console.Env, dir, revision, into string) error {
	if strings.HasPrefix(revision, "-") {
		return fmt.Errorf("read revision: %q is none", console.Plain(revision))
	}
	var out, problem bytes.Buffer
	git := exec.CommandContext(e.Context, "git", "-C", dir, "archive", "--format=tar", revision, ".")
	git.Stdout, git.Stderr = &out, &problem
	if err := git.Run(); err != nil {
		first, _, _ := strings.Cut(problem.String(), "\n")
		return fmt.Errorf("read %s at %s: git: %s: %w", dir, console.Plain(revision), console.Plain(first), err)
	}
	root, err := os.OpenRoot(into)
	if err != nil {
		return fmt.Errorf("read %s at %s: %w", dir, console.Plain(revision), err)
	}
	defer root.Close()
	if err := unpack(root, io.LimitReader(&out, maxTree)); err != nil {
		return fmt.Errorf("read %s at %s: %w", dir, console.Plain(revision), err)
	}
	return nil
}

// unpack writes the regular files of an archive below a root that they cannot
// leave.
func unpack(root *os.Root, in io.Reader) error {
	archive := tar.NewReader(in)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if err := root.MkdirAll(path.Dir(h.Name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(h.Name, body, 0o600); err != nil {
			return err
		}
	}
}

func (c *reviewCmd) print(e *console.Env, r *review.Report) error {
	switch c.Output {
	case "json":
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = e.Stdout.Write(append(console.PlainJSON(body), '\n'))
		return err
	case "markdown":
		return r.WriteMarkdown(e.Stdout)
	case "html":
		return r.WriteHTML(e.Stdout)
	case "sarif":
		return r.WriteSARIF(e.Stdout)
	}
	return printReview(e.Stdout, r)
}

// printReview prints what a reader needs first.
func printReview(w io.Writer, r *review.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Result, console.Plain(r.Sentence))
	for _, s := range r.Reasons {
		fmt.Fprintf(&b, "  because %s\n", console.Plain(s))
	}
	if len(r.Conditions) > 0 {
		b.WriteString("conditions:\n")
	}
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "  %s:%d: %s (%s)\n", console.Plain(c.File), c.Line, console.Plain(c.Text), console.Plain(c.Why))
	}
	for _, p := range append(r.NewPaths, r.CheaperPaths...) {
		before := string(p.Before)
		if before == "" {
			before = "out of reach"
		}
		fmt.Fprintf(&b, "  %s to %s: was %s, would be %s\n", console.Plain(p.Foothold), console.Plain(p.Holding), before, p.After)
	}
	for _, f := range r.Flags {
		fmt.Fprintf(&b, "  %s %s:%d: %s: %s [%s, %s]\n", f.Severity, console.Plain(f.File), f.Line, console.Plain(f.Entity), console.Plain(f.Text),
			f.Check, f.Standard)
	}
	for _, k := range r.Knowers {
		fmt.Fprintf(&b, "  %s would learn of %s (%s, from %s)\n", console.Plain(k.Party), console.Plain(k.About), k.Kind, console.Plain(k.From))
	}
	fmt.Fprintf(&b, "registers %.12s and %.12s\n", r.Inputs.Base, r.Inputs.Next)
	_, err := io.WriteString(w, b.String())
	return err
}
