package normalize

// timesketch decodes the lines of a Timesketch timeline: with a header they are
// CSV, without one JSON objects.
func (r *reader) timesketch(mem *memory, schema string) {
	if schema != "" {
		h, err := parseCSVHeader(schema)
		r.fields = h.decodeOr(err)
		return
	}
	r.json = &jsonScanner{mem: mem}
	r.fields = r.json.decode
}
