package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/evident-sec/evident/web/api"
	"github.com/evident-sec/evident/web/ui"
)

// Config says where and for whom to serve.
type Config struct {
	Listen            string // host:port; port 0 picks a free one
	CertFile, KeyFile string // TLS, needed for any address but loopback
	Token             Token
	Caller            api.Caller // who the holder of the token is
	API               http.Handler
	Log               *slog.Logger
}

// Server is a listening server; Run serves.
type Server struct {
	http     *http.Server
	listener net.Listener
	url      string
	token    Token
}

// New listens; nothing is answered before Run.
func New(cfg Config) (*Server, error) {
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("read listen address %q: want HOST:PORT: %w", cfg.Listen, err)
	}
	secure := cfg.CertFile != ""
	if !secure && !isLoopback(host) {
		return nil, fmt.Errorf("listen on %s: an address other than loopback needs TLS; "+
			"give --tls-cert and --tls-key, or listen on 127.0.0.1", cfg.Listen)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (choose another with --listen): %w", cfg.Listen, err)
	}
	scheme, at, cert := "http", listener.Addr().String(), (*x509.Certificate)(nil)
	if secure {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			listener.Close()
			return nil, fmt.Errorf("load TLS certificate: %w", err)
		}
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		})
		scheme, cert = "https", pair.Leaf
		at = public(at, cert)
	}
	s := &Server{listener: listener, token: cfg.Token, url: fmt.Sprintf("%s://%s/", scheme, at)}
	s.http = &http.Server{
		Handler: handler(cfg, secure, names(host, cert), pages(ui.Dist())), ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// URL returns the address without the token.
func (s *Server) URL() string { return s.url }

// Link returns the address that opens the page, token included: for the
// person who started the server only.
func (s *Server) Link() string { return s.url + "?token=" + url.QueryEscape(s.token.Reveal()) }

// Run serves until ctx ends, then lets running requests finish.
func (s *Server) Run(ctx context.Context) error {
	done := make(chan error, 1)
	// Streams end with the server, not with their client.
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	go func() { done <- s.http.Serve(s.listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", s.url, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.http.Shutdown(stop); err != nil {
		s.http.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", s.url, err)
	}
	return nil
}

// Close stops listening; for a Server that never ran.
func (s *Server) Close() error { return s.http.Close() }

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// public is the address to show for a listener: a listener on every interface
// is reached by the first name of its certificate.
func public(address string, cert *x509.Certificate) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return address
	}
	for _, name := range cert.DNSNames {
		if !strings.HasPrefix(name, "*") {
			return net.JoinHostPort(name, port)
		}
	}
	for _, ip := range cert.IPAddresses {
		return net.JoinHostPort(ip.String(), port)
	}
	return net.JoinHostPort("localhost", port)
}

// names tells which Host headers name this server: the address it listens on,
// any spelling of loopback where that reaches it, and the names that its
// certificate vouches for.
func names(listen string, cert *x509.Certificate) func(host string) bool {
	ip := net.ParseIP(listen)
	everywhere := listen == "" || ip != nil && ip.IsUnspecified()
	return func(host string) bool {
		switch {
		case host == "":
			return false
		case strings.EqualFold(host, listen):
			return true
		case everywhere || isLoopback(listen):
			if isLoopback(host) {
				return true
			}
		}
		return cert != nil && cert.VerifyHostname(host) == nil
	}
}

func handler(cfg Config, secure bool, named func(string) bool, page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", cfg.API)
	mux.Handle("/", page)
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(crossOrigin))
	inner := &session{
		token: cfg.Token, secure: secure, caller: cfg.Caller, named: named,
		next: sameOrigin.Handler(mux),
	}
	open := http.NewServeMux()
	// Health and metrics carry no content of records; a monitor has no token.
	open.Handle("/healthz", cfg.API)
	open.Handle("/metrics", cfg.API)
	open.Handle("/", inner)
	return headers(open)
}

func crossOrigin(w http.ResponseWriter, r *http.Request) {
	api.WriteProblem(w, r, api.Problem{
		Status: http.StatusForbidden, Code: "cross-origin", Title: "Another site asked for this",
		Next: "Use this server's own page, or send the token as a bearer token without an Origin.",
	})
}

// headers sets what every answer carries. The page needs no request to
// anywhere else, so the policy allows none.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
			"img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "+
			"frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// pages serves the built files; every other path is the page itself, whose own
// router reads the address.
func pages(files fs.FS, built bool) http.Handler {
	if !built {
		return http.HandlerFunc(notBuilt)
	}
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		asset := strings.HasPrefix(name, "assets/")
		if info, err := fs.Stat(files, name); err == nil && !info.IsDir() {
			if asset { // their names carry their hash
				w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
			}
			static.ServeHTTP(w, r)
			return
		}
		if asset { // an older build's: the page in its place would be taken for a script
			http.NotFound(w, r)
			return
		}
		http.ServeFileFS(w, r, files, "index.html")
	})
}

func notBuilt(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><title>Evident</title><h1>The page is not built</h1>"+
		"<p>This program was built without its page. Run <code>make run</code> (Node 20 or newer), "+
		"or use the API under <code>/api/v1/</code>.</p>")
}
