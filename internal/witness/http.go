package witness

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/proof"
)

// Handler serves POST /add-checkpoint of tlog-witness, GET /healthz (503 while
// there are alarms) and GET /metrics (Prometheus text).
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET /healthz", w.health)
	mux.HandleFunc("GET /metrics", w.metrics)
	return mux
}

func (w *Witness) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, proof.MaxAddCheckpoint))
	if err != nil {
		w.count("refused_400")
		http.Error(rw, "read request: too long or cut off", http.StatusBadRequest)
		return
	}
	line, err := w.Cosign(r.Context(), body)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		w.count("refused_" + strconv.Itoa(refusal.Status))
		w.answer(rw, refusal)
	case err != nil:
		w.count("failed")
		w.cfg.Log.Error("witness cannot cosign", "error", err)
		http.Error(rw, "the witness cannot write its memory", http.StatusInternalServerError)
	default:
		w.count("cosigned")
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(rw, line)
	}
}

func (w *Witness) answer(rw http.ResponseWriter, r *Refusal) {
	if r.Size < 0 {
		http.Error(rw, r.Reason, r.Status)
		return
	}
	rw.Header().Set("Content-Type", "text/x.tlog.size")
	rw.WriteHeader(r.Status)
	fmt.Fprintf(rw, "%d\n", r.Size)
}

func (w *Witness) health(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if n := w.Alarms(); n > 0 {
		rw.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(rw, "%d alarms, see the folder alarms\n", n)
		return
	}
	fmt.Fprintln(rw, "ok")
}

func (w *Witness) metrics(rw http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	b.WriteString("# TYPE evident_witness_size gauge\n" +
		"# TYPE evident_witness_cosigned_timestamp_seconds gauge\n")
	for _, l := range w.Logs() {
		fmt.Fprintf(&b, "evident_witness_size{origin=%q} %d\n", l.Origin, l.Size)
		if !l.Time.IsZero() {
			fmt.Fprintf(&b, "evident_witness_cosigned_timestamp_seconds{origin=%q} %d\n",
				l.Origin, l.Time.Unix())
		}
	}
	w.mu.Lock()
	fmt.Fprintf(&b, "# TYPE evident_witness_alarms gauge\nevident_witness_alarms %d\n", w.alarms)
	b.WriteString("# TYPE evident_witness_requests_total counter\n")
	for _, what := range slices.Sorted(maps.Keys(w.counts)) {
		fmt.Fprintf(&b, "evident_witness_requests_total{result=%q} %d\n", what, w.counts[what])
	}
	w.mu.Unlock()
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(rw, b.String())
}
