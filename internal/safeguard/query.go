package safeguard

// Query returns what is protected in one comparison of a search, saved search
// or dashboard: the field, "" for a text search, and the values it is compared
// with, as a person wrote them. It judges as Rule does; lines are 0.
func Query(field string, values ...string) []Violation {
	t, err := standard()
	if err != nil { // the table is part of the program: its tests fail first
		return []Violation{{Place: "table of terms", Text: err.Error()}}
	}
	w := walker{table: t}
	w.note(0, "field", field, w.name(field, false))
	holds := w.contents(field, false, false)
	for _, v := range values {
		w.noteValue(0, field, v, w.value(v, holds))
	}
	w.noteNames(0, field, values, holds)
	return w.found
}
