package simulate

import (
	_ "embed"
	"strings"
)

// Tables of plain data: a line each, cells between tabs, "-" for an empty cell.
var (
	// The processes that start with Windows, in order: key, key of the parent,
	// account, role, image, command line.
	//go:embed boot.tsv
	bootTable string

	// The programs of the desk: name, path, arguments, library.
	//go:embed programs.tsv
	programTable string

	// File name, FileDescription and OriginalFileName, where they matter.
	//go:embed descriptions.tsv
	descriptionTable string
)

var (
	bootOrder    = readBoot(rows(bootTable, 6))
	programs     = readPrograms(rows(programTable, 4))
	descriptions = byFirst(rows(descriptionTable, 3))
)

// rows splits a table and leaves out lines with another number of cells.
func rows(table string, columns int) [][]string {
	var out [][]string
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		for i, cell := range cells {
			if cell == "-" {
				cells[i] = ""
			}
		}
		if len(cells) == columns {
			out = append(out, cells)
		}
	}
	return out
}

func byFirst(rows [][]string) map[string][]string {
	out := map[string][]string{}
	for _, c := range rows {
		out[c[0]] = c
	}
	return out
}

func readBoot(rows [][]string) []bootSpec {
	var out []bootSpec
	for _, c := range rows {
		out = append(out, bootSpec{c[0], c[1], c[4], c[5], c[2], c[3]})
	}
	return out
}

func readPrograms(rows [][]string) map[string]program {
	out := map[string]program{}
	for _, c := range rows {
		out[c[0]] = program{c[1], c[2], c[3]}
	}
	return out
}
