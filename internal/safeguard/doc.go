// Package safeguard knows what Evident must never collect as a feature, search
// by or match on: attributes of a person that say nothing about a system.
//
// # What is refused
//
// Names of fields, columns, rule fields and join keys that stand for race,
// religion, sex, age, disability or health, union membership, political
// opinion, sexual orientation, national origin, kind of leave, contact with a
// protected channel (inspector general, special counsel, Congress, ombuds,
// counsel, clergy), and for known proxies of these: origin guessed from a name,
// prayer times, scores of mood or personality.
//
// # What is not
//
// Words of a text are not judged: "UNION SELECT" and "health check" are ordinary
// in logs. The package judges identifiers, the names by which a machine could
// group or rank people. A name is read as its words ("user.unionMember" is
// user, union, member); words that are ordinary in computing (race, age, union,
// health) count only next to another word that makes them personal.
//
// # Invariants
//
// No name of event.Dictionary is refused. The package does no I/O and has no
// configuration: nobody can switch it off.
package safeguard
