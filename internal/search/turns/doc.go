// Package turns knows which questions are being answered, bounds the time of
// each, and ends them all when something that goes before them, arriving events,
// needs what they hold.
package turns
