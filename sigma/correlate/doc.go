// Package correlate evaluates Sigma correlations: it takes the events that
// rules hold for, in journal order, and says where their number, values, or
// order within a time span meet a correlation's condition.
//
// # Specification
//
// Correlation documents of the Sigma specification 2.1.0 with all types of its
// schema and value_median. testdata/*.txt shows the meaning by rules, events
// and alerts; naive_test.go says the same as plain code, and random streams
// compare the two. Where the specification leaves a choice, this package
// chooses:
//
//   - A window slides: an event at time e looks back on [e-timespan, e], both
//     ends included. No window begins at a full hour.
//   - The condition is looked at when an event comes; nothing fires because
//     time passes. "lt" therefore holds at the first event.
//   - After an alert its group is quiet for one timespan (that of a correlation
//     which refers to it, where that is shorter): an alert at time a allows the
//     next at a time e > a+timespan. An attack that goes on is told again.
//   - An event without one of the group-by fields, or without the field of a
//     value type, is not counted. Of a list every member counts: in group-by
//     the event is in several groups, for values it brings several.
//   - Group and values compare as the source wrote them, letter by letter.
//   - event_count and the value types count an event once, however many of the
//     correlated rules hold for it. temporal counts rules.
//   - A step of temporal_ordered is a later event than the step before; of
//     events with the same time, journal order decides.
//   - An alert of a correlation is an event for those that refer to it: at the
//     time of the window's last event, with its group values under the group-by
//     names and otherwise the fields of the event that made it fire.
//   - value_sum is the exact sum of the values as binary64, rounded once;
//     value_avg is that divided by their number; value_percentile interpolates
//     linearly between order statistics (rank p/100*(n-1)); value_median is
//     percentile 50. All are exact: no sketches. Text that is no decimal number
//     is not counted.
//   - temporal with a condition compares the number of different rules that
//     occur, temporal_ordered the longest part of the list that occurs in order.
//
// # Lateness
//
// Events may come out of the order of their times. A group follows a clock: the
// latest time seen. An event that is behind it by up to Config.Lateness, and
// behind at most Config.Behind other events of its rule, is put where it
// belongs, and every window that it is part of is looked at again. An event
// that is later still, or so far ahead that no window reaches back, opens
// another timeline of the group with a clock of its own: files of the past, or
// one event with a false time, neither get lost nor take the present along. A
// group follows four timelines; the one unused longest goes. Later events are
// counted (Stats.Late).
//
// # Determinism
//
// The same hits in the same order give the same alerts in the same order,
// however they are cut into calls of Observe, with any number of workers, and
// over any number of restarts from Changes and Restore.
//
// # Memory
//
// Config bounds groups and hits of each correlation; both are spread over eight
// parts by a hash of the group. Where a part is full the group untouched longest
// goes (Stats.Evicted), or the oldest hits of the only one (Stats.Dropped). A
// group nothing came to for Config.Idle, by arrival, is forgotten; that is no
// loss. Values are compared by 15 bytes or by 120 bits of their SHA-256 and are
// not kept; of long ones 4,096 bytes and the length count.
//
// An event costs O(1) amortised for event_count, value_count, value_sum and
// value_avg at any number of hits or distinct values, O(log n) for the others;
// temporal_ordered with a condition costs the square of its rules. One that
// comes late costs in addition the events it comes behind, Config.Behind of each
// rule at most; counts that are far from their condition are spared that.
package correlate
