// Package instant reads the times that people write: dates and RFC 3339 times,
// which cover the whole of their last written unit; times that count back from
// now (-15m, -24h, -7d, -2w, now); and widths (15m, 1h, 1d). Everything is UTC.
package instant
