// Package packs holds the dated data that exposure analysis judges by:
// thresholds, country lists and checks by standard, each with its source. They
// are data, so that a change of the law is a change of a file; whether a rule
// binds an organisation is a question for its counsel.
package packs

import "embed"

// FS holds the packs.
//
//go:embed *.yaml
var FS embed.FS
