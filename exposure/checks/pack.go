package checks

import (
	"fmt"
	"io/fs"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/internal/yamltree"
)

// Check is one entry of the pack.
type Check struct {
	ID, Standard, Control string
	Severity, Title       string
	Source                string // of the standard, with its date
	Attested              bool
}

// Pack is the dated data that a register is judged by.
type Pack struct {
	AsOf   string
	Checks []Check
	Makers []string // prohibited, lower case
	Bulk   *exposure.BulkRule
}

// LoadPack reads checks.yaml, prohibited.yaml and bulk-data.yaml of a folder.
// Every decided check must be one that this package can decide, and the other
// way round.
func LoadPack(folder fs.FS) (*Pack, error) {
	doc, err := document(folder, "checks.yaml")
	if err != nil {
		return nil, err
	}
	p := &Pack{AsOf: doc.Str("as_of")}
	for _, section := range []string{"checks", "attested"} {
		if list := doc.Get(section); list != nil {
			for _, n := range list.Items {
				p.Checks = append(p.Checks, Check{
					ID: n.Str("id"), Standard: n.Str("standard"), Control: n.Str("control"),
					Severity: n.Str("severity"), Title: n.Str("title"), Attested: section == "attested",
					Source: doc.Get("standards").Str(n.Str("standard")),
				})
			}
		}
	}
	if err := p.complete(); err != nil {
		return nil, err
	}
	makers, err := document(folder, "prohibited.yaml")
	if err != nil {
		return nil, err
	}
	p.Makers = makers.Strs("makers")
	if p.Bulk, err = exposure.LoadBulkRule(folder); err != nil {
		return nil, err
	}
	return p, nil
}

// complete holds the pack to the functions.
func (p *Pack) complete() error {
	listed := map[string]bool{}
	for _, c := range p.Checks {
		_, decided := deciders[c.ID]
		if c.Source == "" || c.Title == "" || decided == c.Attested || listed[c.ID] {
			return fmt.Errorf("read pack checks.yaml: check %q is unknown, incomplete or stands twice", c.ID)
		}
		listed[c.ID] = true
	}
	for id := range deciders {
		if !listed[id] {
			return fmt.Errorf("read pack checks.yaml: check %q is missing", id)
		}
	}
	return nil
}

func document(folder fs.FS, name string) (*yamltree.Node, error) {
	src, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("read pack: %w", err)
	}
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("read pack %s: line %d: %w", name, yamltree.LineOf(err, 1), err)
	}
	if len(docs) != 1 || docs[0].Str("version") != "1" {
		return nil, fmt.Errorf("read pack %s: want one document with version: 1", name)
	}
	return docs[0], nil
}
