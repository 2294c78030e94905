// Package replay reads journal entries in order wherever they lie: those that the
// journal has purged come from the lake.
//
// # Damage
//
// A damaged entry of the journal that the lake has is read from there. One that
// nobody else has is set aside (journal.SetAside), so that everything behind it
// goes on: readers get, in its place, an entry that says what is lost.
package replay
