package lint

import (
	"fmt"
	"strings"
)

// Markdown returns the page that lists all checks.
func Markdown() string {
	var out strings.Builder
	counts := map[Severity]int{}
	for _, c := range Checks() {
		counts[c.Severity]++
	}
	fmt.Fprintf(&out, `# Checks of rule files

<!-- Written by the test of package sigma/lint; change the checks there. -->

`+"`evident rules check`"+` looks at rules, correlations and filters with %d checks:
%d errors, %d warnings, %d infos and %d hints. Errors break the specification or the
detection, warnings are most likely mistakes, infos concern upkeep, hints are style.

`, len(Checks()), counts[Error], counts[Warning], counts[Info], counts[Hint])
	for _, g := range Groups() {
		fmt.Fprintf(&out, "## %s\n\n| check | severity | what and why | what to do |\n", g.Title)
		out.WriteString("|---|---|---|---|\n")
		for _, c := range g.Checks {
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", c.ID, c.Severity, cell(c.About), cell(c.Fix))
		}
		out.WriteByte('\n')
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// cell returns text for a table: literal signs that Markdown would read.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;").Replace(s)
}
