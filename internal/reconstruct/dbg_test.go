package reconstruct

import (
	"testing"
)

func TestDbg(t *testing.T) {
	store, key := simulated(t, 1)
	rec := newTest(t, store, nil)
	e := key.Incidents[0].Steps[8].Events[0]
	res, err := rec.Incident(t.Context(), store.places[place{tail(e.File), int64(e.Record)}])
	if err != nil {
		t.Fatal(err)
	}
	logResult(t, res)
}
