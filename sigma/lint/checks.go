package lint

import "slices"

// Check describes one check.
type Check struct {
	ID       string
	Severity Severity
	About    string // what it finds and why that matters
	Fix      string // what to do, said with every issue
}

// Group is a part of the list of checks.
type Group struct {
	Title  string
	Checks []Check
}

// Groups returns all checks, in the order of the documentation.
func Groups() []Group {
	return []Group{
		{"File and kind of document", fileChecks},
		{"Metadata", metadataChecks},
		{"Dates, references and related rules", originChecks},
		{"Tags", tagChecks},
		{"False positives and fields", noteChecks},
		{"Log source", logsourceChecks},
		{"Selections and condition", conditionChecks},
		{"Modifiers", modifierChecks},
		{"Values", valueChecks},
		{"Regular expressions", regexChecks},
		{"Correlations", correlationChecks},
		{"Filters", filterChecks},
		{"Between files", indexChecks},
	}
}

// Checks returns all checks, in the order of the documentation.
func Checks() []Check {
	var out []Check
	for _, g := range Groups() {
		out = append(out, g.Checks...)
	}
	return out
}

// checkOf finds a check by its name.
func checkOf(id string) (Check, bool) {
	for _, list := range [][]Check{
		fileChecks, metadataChecks, originChecks, tagChecks, noteChecks, logsourceChecks,
		conditionChecks, modifierChecks, valueChecks, regexChecks, correlationChecks,
		filterChecks, indexChecks,
	} {
		if i := slices.IndexFunc(list, func(c Check) bool { return c.ID == id }); i >= 0 {
			return list[i], true
		}
	}
	return Check{}, false
}
