package attack

import (
	"fmt"
	"strings"
)

// The versions that a layer names. Navigator 4.9.0 is the first that reads
// layer format 4.5.
const (
	layerFormat    = "4.5"
	layerNavigator = "4.9.0"
)

// colours of a layer: rules that can fire from light to dark, and techniques
// that only rules without data look for.
const (
	colourFew   = "#d7e8f7"
	colourMany  = "#0b4a8f"
	colourBlind = "#e8a33d"
)

// maxComment bounds the rule titles in one technique's comment.
const maxComment = 12

// Layer is a layer of the ATT&CK Navigator, layer format 4.5: the fields that
// we set.
type Layer struct {
	Name        string           `json:"name"`
	Versions    LayerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	Layout      LayerLayout      `json:"layout"`
	Techniques  []LayerTechnique `json:"techniques"`
	Gradient    LayerGradient    `json:"gradient"`
	Legend      []LayerLegend    `json:"legendItems"`
}

// LayerVersions is the format's version object.
type LayerVersions struct {
	Attack    string `json:"attack,omitempty"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

// LayerLayout says how the matrix is drawn.
type LayerLayout struct {
	Layout   string `json:"layout"`
	ShowID   bool   `json:"showID"`
	ShowName bool   `json:"showName"`
	Expanded string `json:"expandedSubtechniques"`
}

// LayerTechnique is one cell. Score is the number of rules that can fire.
type LayerTechnique struct {
	ID       string          `json:"techniqueID"`
	Score    int             `json:"score"`
	Color    string          `json:"color,omitempty"`
	Comment  string          `json:"comment"`
	Metadata []LayerMetadata `json:"metadata"`
}

// LayerMetadata is a named text of a cell.
type LayerMetadata struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// LayerGradient colours scores.
type LayerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

// LayerLegend explains a colour.
type LayerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

// Layer draws the coverage: a technique's score is the number of rules that
// can fire for it.
func (c *Coverage) Layer(name string) *Layer {
	l := &Layer{
		Name: name, Domain: c.Domain, Sorting: 3,
		Versions: LayerVersions{
			Attack: major(c.Attack), Navigator: layerNavigator, Layer: layerFormat,
		},
		Description: c.describe(),
		Layout:      LayerLayout{Layout: "side", ShowID: true, ShowName: true, Expanded: "annotated"},
		Techniques:  []LayerTechnique{},
		Legend:      []LayerLegend{{"one rule", colourFew}, {"most rules", colourMany}},
	}
	most := 1
	for i := range c.Techniques {
		t := &c.Techniques[i]
		most = max(most, t.Able)
		l.Techniques = append(l.Techniques, t.cell(c.Judged))
	}
	if c.Judged {
		l.Legend = append(l.Legend, LayerLegend{"rules, but their data does not arrive", colourBlind})
	}
	l.Gradient = LayerGradient{Colors: []string{colourFew, colourMany}, Min: 0, Max: most}
	return l
}

func (c *Coverage) describe() string {
	text := fmt.Sprintf("%d rules look for %d techniques; the score is the number of rules.",
		c.Rules, len(c.Techniques))
	if c.Judged {
		text += fmt.Sprintf(" %d of the rules cannot fire, because their data does not arrive.", c.Blind)
	}
	return text
}

func (t *Technique) cell(judged bool) LayerTechnique {
	out := LayerTechnique{
		ID: t.ID, Score: t.Able, Comment: comment(t.Titles),
		Metadata: []LayerMetadata{{"rules", fmt.Sprint(t.Rules)}},
	}
	if judged {
		out.Metadata = append(out.Metadata, LayerMetadata{"rules with data", fmt.Sprint(t.Able)})
	}
	if t.Able == 0 {
		out.Color = colourBlind
	}
	return out
}

func comment(titles []string) string {
	shown := titles[:min(len(titles), maxComment)]
	text := strings.Join(shown, "\n")
	if more := len(titles) - len(shown); more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return text
}

// major is the version as layers write it: "18" for "18.1".
func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}
