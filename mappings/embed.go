// Package mappings embeds the data that says how native fields of each log
// source become OCSF attributes and Sigma log sources. The YAML files are the
// product; this file only makes them part of the binary.
package mappings

import "embed"

// FS holds every mapping file.
//
//go:embed *.yaml
var FS embed.FS
