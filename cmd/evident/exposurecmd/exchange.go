package exposurecmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/exchange"
)

type importCmd struct {
	Out   string   `required:"" placeholder:"DIR" type:"path" help:"Folder for the register files; one for each model."`
	Files []string `arg:"" name:"file" type:"path" help:"Models: Threagile, Threat Dragon, OTM, TM-BOM, CycloneDX, SharpHound, OpenGraph, OSCAL, CSV."`
}

// Help shows an example.
func (importCmd) Help() string {
	return "Every entity of a model is imported or listed as skipped, with the reason.\n\n" +
		"Example:\n  evident exposure import --out register threagile.yaml"
}

// Run imports each file; one that cannot be read does not stop the others.
func (c *importCmd) Run(e *console.Env) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	bad := 0
	for _, name := range c.Files {
		if err := c.one(e, name); err != nil {
			fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(err.Error()))
			bad++
		}
	}
	if bad == len(c.Files) {
		return fmt.Errorf("none of %d models could be imported", bad)
	}
	if bad > 0 {
		return console.ErrWrong
	}
	return nil
}

func (c *importCmd) one(e *console.Env, name string) error {
	body, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	got, err := exchange.Import(filepath.Base(name), body)
	if err != nil {
		return err
	}
	out := filepath.Join(c.Out, filepath.Base(name)+".register.yaml")
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	if _, err := f.Write(got.Register.Encode()); err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	fmt.Fprintf(e.Stdout, "%s: %s, %d entities written to %s\n", console.Plain(name), got.Format, len(got.Register.Items()), console.Plain(out))
	var kinds []string
	for k := range got.Taken {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(e.Stdout, "  imported %d %s\n", got.Taken[k], k)
	}
	for _, s := range got.Skipped {
		fmt.Fprintf(e.Stdout, "  skipped %s %s: %s\n", console.Plain(s.Kind), console.Plain(s.Name), s.Reason)
	}
	return nil
}

type exportCmd struct {
	As string `enum:"ssp,assessment,poam,cyclonedx,dot,csv,redacted,register" required:"" help:"ssp, assessment, poam (OSCAL), cyclonedx, dot, csv, redacted (counts only, for vendors), register (one YAML file)."`
	registerArg
}

// Help shows an example.
func (exportCmd) Help() string {
	return "Example:\n  evident exposure export --as redacted examples/harbor/register"
}

// Run writes the register in another format.
func (c *exportCmd) Run(e *console.Env) error {
	r, day, err := c.load(e)
	if err != nil {
		return err
	}
	m := exposure.Derive(r, day)
	switch c.As {
	case "ssp":
		return exchange.WriteSSP(e.Stdout, r, day)
	case "cyclonedx":
		return exchange.WriteCycloneDX(e.Stdout, r)
	case "dot":
		return exchange.WriteDOT(e.Stdout, m)
	case "csv":
		return exchange.WriteCSV(e.Stdout, r)
	case "redacted":
		return exchange.WriteRedacted(e.Stdout, r)
	case "register":
		_, err := e.Stdout.Write(r.Encode())
		return err
	}
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		return fmt.Errorf("load checks: %w", err)
	}
	found := checks.Run(pack, r, m, day)
	if c.As == "poam" {
		return exchange.WritePOAM(e.Stdout, r, found, day)
	}
	return exchange.WriteAssessment(e.Stdout, r, found, day)
}
