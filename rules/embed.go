// Package rules embeds the starter pack: Sigma rules for what the simulator
// shows and the mission cares about most. The YAML files are the product;
// this file only makes them part of the binary.
package rules

import "embed"

// FS holds every rule file of the pack.
//
//go:embed *.yml
var FS embed.FS
