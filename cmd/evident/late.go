package main

import (
	"net/http"
	"sync/atomic"
)

// lateHandler answers "not ready" until it is given the real handler.
type lateHandler struct{ real atomic.Pointer[http.Handler] }

func (l *lateHandler) set(h http.Handler) { l.real.Store(&h) }

func (l *lateHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := l.real.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	http.Error(w, "starting", http.StatusServiceUnavailable)
}
