// Package plain says how values and original bytes read as text: what text
// columns keep, what comparisons see, and what of bytes that are no text is
// looked through. What a query matches follows from it, in Go and in SQL alike;
// docs/query-language.md describes it for who asks.
package plain
