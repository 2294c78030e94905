package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/web/api"
)

func config(listen string) Config {
	return Config{
		Listen: listen, Token: ParseToken(secret), Caller: api.Caller{ID: analyst, Role: "analyst"},
		API: http.HandlerFunc(echo), Log: slog.New(slog.DiscardHandler),
	}
}

func TestOnlyLoopbackGoesWithoutTLS(t *testing.T) {
	for _, listen := range []string{
		":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:8470", "example.com:0", "localhost.example:0",
		"127.0.0.1.example:0", "[fe80::1]:0",
	} {
		s, err := New(config(listen))
		if err == nil {
			s.Close()
			t.Errorf("%s: serves without TLS", listen)
			continue
		}
		if text := err.Error(); !strings.Contains(text, "TLS") || !strings.Contains(text, "--tls-cert") ||
			strings.Contains(text, "\n") {
			t.Errorf("%s: error is %q", listen, text)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "localhost:0", "127.0.0.9:0"} {
		s, err := New(config(listen))
		if err != nil {
			t.Errorf("%s: %v", listen, err)
			continue
		}
		s.Close()
	}
}

func TestBadAddressIsOneClearLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for listen, want := range map[string]string{
		taken.Addr().String(): "address already in use",
		"8470":                "want HOST:PORT",
		"127.0.0.1:99999":     "invalid port",
	} {
		s, err := New(config(listen))
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", listen)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || !strings.Contains(text, listen) ||
			strings.Contains(text, "\n") || strings.Contains(text, secret) {
			t.Errorf("%s: error is %q, want it to say %q", listen, text, want)
		}
	}
	if _, err := New(config(taken.Addr().String())); !strings.Contains(err.Error(), "--listen") {
		t.Errorf("error %q does not say what to do", err)
	}
}

// certificate writes a self-signed certificate for the names.
func certificate(t *testing.T, hosts ...string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certFile, keyFile, roots
}

// run serves until the test ends or stop is called; it fails the test on an
// error of Run.
func run(t *testing.T, s *Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func TestServesOverTLS(t *testing.T) {
	cfg := config("0.0.0.0:0")
	var roots *x509.CertPool
	cfg.CertFile, cfg.KeyFile, roots = certificate(t, "*.wild.example", "evident.harbor.example", "127.0.0.1")
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	link, err := url.Parse(s.Link())
	if err != nil || link.Scheme != "https" || link.Hostname() != "evident.harbor.example" {
		t.Errorf("link of a server on every interface is %s, want a name of its certificate", s.Link())
	}
	// The certificate's names lead to this machine, as a network's DNS would.
	address := net.JoinHostPort("127.0.0.1", link.Port())
	client := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get(s.Link())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if cookies := resp.Cookies(); resp.StatusCode != 303 || len(cookies) != 1 || !cookies[0].Secure {
		t.Errorf("link: %d, cookies %v; want one that is Secure", resp.StatusCode, cookies)
	}
	for host, want := range map[string]int{
		"evident.harbor.example": 200, "a.wild.example": 200, "127.0.0.1": 200, "localhost": 200,
		"evil.example": 421, "a.b.wild.example": 421, "192.0.2.1": 421, "0.0.0.0": 200,
	} {
		req, err := http.NewRequest("GET", "https://"+net.JoinHostPort(host, link.Port())+"/api/v1/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, resp.StatusCode, want)
		}
	}
	old := &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if conn, err := tls.Dial("tcp", address, old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is accepted")
	}
}

func TestBadCertificateIsOneClearLine(t *testing.T) {
	good, key, _ := certificate(t, "localhost")
	_, otherKey, _ := certificate(t, "localhost")
	for name, files := range map[string][2]string{
		"missing": {filepath.Join(t.TempDir(), "none.pem"), key}, "no key": {good, ""}, "other key": {good, otherKey},
		"swapped": {key, good},
	} {
		cfg := config("127.0.0.1:0")
		cfg.CertFile, cfg.KeyFile = files[0], files[1]
		s, err := New(cfg)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, "load TLS certificate: ") || strings.Contains(text, "\n") {
			t.Errorf("%s: error is %q", name, text)
		}
	}
}

// TestLinkCarriesAnyToken: an operator's own token may have characters that
// mean something in an address.
func TestLinkCarriesAnyToken(t *testing.T) {
	const odd = "a+b&c=d#e/f%20?ghij"
	cfg := config("127.0.0.1:0")
	cfg.Token = ParseToken(odd)
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if strings.Contains(s.URL(), "token") {
		t.Errorf("URL %s has the token", s.URL())
	}
	link, err := url.Parse(s.Link())
	if err != nil || link.Query().Get("token") != odd {
		t.Errorf("link is %s (%v)", s.Link(), err)
	}
}

// TestRunEndsItsStreams: a page that listens does not hold the server up.
func TestRunEndsItsStreams(t *testing.T) {
	cfg := config("127.0.0.1:0")
	ended := make(chan struct{})
	cfg.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("event: status\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s)
	req, err := http.NewRequest("GET", s.URL()+"api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || line != "event: status\n" {
		t.Fatalf("stream begins %q: %v", line, err)
	}
	began := time.Now()
	stop()
	<-ended
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("stopping took %s", took)
	}
}
