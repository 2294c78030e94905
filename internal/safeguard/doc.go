// Package safeguard knows what Evident must never collect as a feature, search
// by or match on: attributes of a person that say nothing about a system.
//
// # What is refused
//
// Names, values and texts that stand for race, religion, sex, age, disability
// or health, union membership, political opinion, sexual orientation, national
// origin, marital status, kind of leave, contact with a protected channel
// (inspector general, special counsel, Congress, ombuds, counsel, clergy,
// press), and for known proxies of these: origin guessed from a name, web
// categories, prayer times, affinity groups, scores of mood or personality.
//
// Refuse judges one identifier, Query one comparison of a search, Rule and
// Check a whole Sigma document: detection rule, correlation or filter.
//
// # How
//
// terms.yaml lists the terms with the kinds of place where each counts, in
// English and the commonest words of German, French and Spanish; it explains
// itself. Text is read as words, whatever its case, accents and gaps
// ("user.unionMember" is user, union, member). Words that are ordinary in
// computing (race, age, union, health) count only beside another word that
// makes them personal, or in a web category; guards name the phrases in which a
// term means something else ("UNION SELECT", "health check").
//
// A table of words cannot be complete: testdata/README.md says how much of what
// nobody thought of it catches. It is one control of several; people review
// rules, and what protected channels send is never stored at all.
//
// # Invariants
//
// No name of event.Dictionary is refused, and no public SigmaHQ rule. Work is
// linear in the size of a document. The package does no I/O and has no
// configuration: nobody can switch it off.
package safeguard
