package attack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxCatalogBytes bounds an unpacked catalog; Enterprise 18.1 has 50 MB.
const maxCatalogBytes = 1 << 30

// Catalog is the techniques of a published ATT&CK version. The nil Catalog
// knows none.
type Catalog struct {
	Version string // of the collection, "" where the bundle does not say
	Domain  string // enterprise-attack, mobile-attack, ics-attack or ""

	techniques map[string]Info
}

// Info is what ATT&CK says about a technique.
type Info struct {
	Name    string
	Tactics []string // short names in the order of the bundle, e.g. "execution"
	Retired bool     // revoked or deprecated
}

// Technique returns what is known about a technique, by id, e.g. "T1003.001".
func (c *Catalog) Technique(id string) (Info, bool) {
	if c == nil {
		return Info{}, false
	}
	info, ok := c.techniques[id]
	return info, ok
}

// Len returns how many techniques the catalog has, retired ones included.
func (c *Catalog) Len() int {
	if c == nil {
		return 0
	}
	return len(c.techniques)
}

// stixObject is what we read of an object of a bundle.
type stixObject struct {
	Type       string      `json:"type"`
	Name       string      `json:"name"`
	Revoked    bool        `json:"revoked"`
	Deprecated bool        `json:"x_mitre_deprecated"`
	Version    string      `json:"x_mitre_version"`
	Domains    []string    `json:"x_mitre_domains"`
	Phases     []stixPhase `json:"kill_chain_phases"`
	References []struct {
		Source string `json:"source_name"`
		ID     string `json:"external_id"`
	} `json:"external_references"`
}

// stixPhase is a tactic of a technique.
type stixPhase struct {
	Chain string `json:"kill_chain_name"`
	Name  string `json:"phase_name"`
}

// chains are the kill chains of the ATT&CK domains.
var chains = map[string]string{
	"mitre-attack": "enterprise-attack", "mitre-mobile-attack": "mobile-attack",
	"mitre-ics-attack": "ics-attack",
}

// ReadCatalog reads a STIX bundle, plain or gzipped, object by object.
func ReadCatalog(in io.Reader) (*Catalog, error) {
	buf := bufio.NewReader(in)
	if head, _ := buf.Peek(2); bytes.Equal(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(buf)
		if err != nil {
			return nil, fmt.Errorf("read ATT&CK catalog: %w", err)
		}
		return readBundle(z)
	}
	return readBundle(buf)
}

// ReadCatalogFile is ReadCatalog of a file; nil where none is named.
func ReadCatalogFile(path string) (*Catalog, error) {
	if path == "" {
		return nil, nil
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	defer in.Close()
	c, err := ReadCatalog(in)
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK %s: %w", path, err)
	}
	return c, nil
}

func readBundle(in io.Reader) (*Catalog, error) {
	c := &Catalog{techniques: map[string]Info{}}
	dec := json.NewDecoder(io.LimitReader(in, maxCatalogBytes))
	if err := enterObjects(dec); err != nil {
		return nil, fmt.Errorf("read ATT&CK catalog: %w", err)
	}
	for n := 1; dec.More(); n++ {
		var o stixObject
		if err := dec.Decode(&o); err != nil {
			return nil, fmt.Errorf("read ATT&CK catalog: object %d: %w", n, err)
		}
		c.add(&o)
	}
	if len(c.techniques) == 0 {
		return nil, errors.New("read ATT&CK catalog: the bundle has no technique (attack-pattern)")
	}
	return c, nil
}

// enterObjects goes to the members of the bundle's list of objects.
func enterObjects(dec *json.Decoder) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errors.New("not a STIX bundle, which is a JSON object"), err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key == "objects" {
			if t, err := dec.Token(); err != nil || t != json.Delim('[') {
				return errors.Join(errors.New("objects is not a list"), err)
			}
			return nil
		}
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return err
		}
	}
	return errors.New("not a STIX bundle: it has no objects")
}

func (c *Catalog) add(o *stixObject) {
	switch o.Type {
	case "x-mitre-collection":
		c.Version = o.Version
	case "attack-pattern":
		id := o.technique()
		if id == "" {
			return
		}
		info := Info{Name: o.Name, Retired: o.Revoked || o.Deprecated}
		for _, p := range o.Phases {
			if domain, ok := chains[p.Chain]; ok {
				info.Tactics = append(info.Tactics, p.Name)
				c.Domain = domain
			}
		}
		// A revoked technique may share its number with the one that is in use.
		if old, ok := c.techniques[id]; !ok || old.Retired {
			c.techniques[id] = info
		}
	}
}

// technique returns the number under which ATT&CK lists the object.
func (o *stixObject) technique() string {
	for _, r := range o.References {
		if _, ok := chains[r.Source]; ok && strings.HasPrefix(r.ID, "T") {
			return r.ID
		}
	}
	return ""
}
