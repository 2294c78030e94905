package sigma

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// modifierClass groups modifiers that may not meet in one chain.
type modifierClass uint8

const (
	classAny    modifierClass = iota // all, neq: go with everything
	classText                        // change or place a string
	classRegex                       // re
	classFlag                        // i, m, s after re
	classCIDR                        // cidr
	classExists                      // exists
	classNumber                      // lt, lte, gt, gte
	classTime                        // minute … year
	classRef                         // fieldref
)

// modifiers are those of the specification's appendix 2.1.0.
var modifiers = map[string]modifierClass{
	"all": classAny, "neq": classAny,
	"contains": classText, "startswith": classText, "endswith": classText, "cased": classText,
	"windash": classText, "base64": classText, "base64offset": classText, "wide": classText,
	"utf16le": classText, "utf16be": classText, "utf16": classText, "expand": classText,
	"re": classRegex, "i": classFlag, "m": classFlag, "s": classFlag,
	"cidr": classCIDR, "exists": classExists,
	"lt": classNumber, "lte": classNumber, "gt": classNumber, "gte": classNumber,
	"minute": classTime, "hour": classTime, "day": classTime,
	"week": classTime, "month": classTime, "year": classTime,
	"fieldref": classRef,
}

var compareOps = map[string]compareOp{"lt": opLt, "lte": opLte, "gt": opGt, "gte": opGte}

var timeParts = map[string]timePart{
	"minute": partMinute, "hour": partHour, "day": partDay,
	"week": partWeek, "month": partMonth, "year": partYear,
}

// placing are the modifiers that say where in the text the value stands.
var placing = []string{"contains", "startswith", "endswith"}

// encodings are the modifiers that turn the value into other characters.
var encodings = []string{"base64", "base64offset", "wide", "utf16le", "utf16be", "utf16"}

// chain is the modifiers of one detection item, in order.
type chain []string

func (c chain) has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(c, n) })
}

// main returns the class that decides what the value is.
func (c chain) main() modifierClass {
	out := classText
	for _, m := range c {
		switch class := modifiers[m]; class {
		case classRegex, classCIDR, classExists, classRef, classTime:
			return class
		case classNumber:
			out = class
		}
	}
	return out
}

// place returns the placing modifier, "" for the whole text.
func (c chain) place() string {
	for _, m := range c {
		if slices.Contains(placing, m) {
			return m
		}
	}
	return ""
}

// parseChain checks the modifiers after a field name and that they go
// together.
func parseChain(names []string, line int) (chain, error) {
	c := chain(names)
	placed := 0
	for i, m := range c {
		if _, ok := modifiers[m]; !ok {
			return nil, yamltree.Errorf(line, "unknown modifier %q", m)
		}
		if slices.Contains(c[:i], m) {
			return nil, yamltree.Errorf(line, "modifier %q stands twice", m)
		}
		if slices.Contains(placing, m) {
			placed++
		}
	}
	if placed > 1 {
		return nil, yamltree.Errorf(line, "contradictory modifiers %s: only one of contains, startswith, "+
			"endswith", strings.Join(c, "|"))
	}
	if err := c.checkOrder(line); err != nil {
		return nil, err
	}
	return c, c.checkClasses(line)
}

// checkOrder refuses modifiers where they have no meaning.
func (c chain) checkOrder(line int) error {
	encoded := ""
	for i, m := range c {
		switch {
		case (m == "re" || m == "cidr" || m == "exists") && i > 0:
			return yamltree.Errorf(line, "modifier %q must come first", m)
		case modifiers[m] == classFlag && !c[:i].has("re"):
			return yamltree.Errorf(line, "modifier %q only follows re", m)
		case slices.Contains(encodings, m):
			if c[:i].has(placing...) {
				return yamltree.Errorf(line, "modifier %q after %q would encode wildcards", m, c[:i].place())
			}
			if isBase64(m) && isBase64(encoded) || isUTF16(m) && isUTF16(encoded) {
				return yamltree.Errorf(line, "contradictory modifiers %q and %q", encoded, m)
			}
			encoded = m
		case (m == "windash" || m == "expand") && encoded != "":
			return yamltree.Errorf(line, "modifier %q after %q would change encoded text", m, encoded)
		}
	}
	return nil
}

func isBase64(m string) bool { return m == "base64" || m == "base64offset" }

func isUTF16(m string) bool { return m == "wide" || strings.HasPrefix(m, "utf16") }

// checkClasses refuses modifiers of classes that exclude each other.
func (c chain) checkClasses(line int) error {
	main := c.main()
	for _, m := range c {
		class, ok := modifiers[m], false
		switch main {
		case classRegex:
			ok = class == classFlag || class == classRegex || slices.Contains(placing, m)
		case classRef:
			ok = class == classRef || slices.Contains(placing, m) || m == "cased"
		case classTime:
			ok = class == classTime || class == classNumber
		default:
			ok = class == main
		}
		if main == classExists && m != "exists" || class != classAny && !ok {
			return yamltree.Errorf(line, "modifier %q cannot be combined with %q", m, c.lead(main))
		}
	}
	if n := c.count(classTime); n > 1 || c.count(classNumber) > 1 {
		return yamltree.Errorf(line, "contradictory modifiers %s", strings.Join(c, "|"))
	}
	return nil
}

// count returns how many modifiers are of the class.
func (c chain) count(class modifierClass) int {
	n := 0
	for _, m := range c {
		if modifiers[m] == class {
			n++
		}
	}
	return n
}

// lead returns the first modifier of the class.
func (c chain) lead(class modifierClass) string {
	for _, m := range c {
		if modifiers[m] == class {
			return m
		}
	}
	return ""
}
