package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/evident-sec/evident/web/api"
)

const secret = "a-token-of-this-test-run"

// analyst is who the holder of the token is.
const analyst = "u_7KQ4-M2HD"

// echo stands for the API: it says who called what.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Caller", api.CallerFrom(r.Context()).ID)
	fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
}

var built = fstest.MapFS{
	"index.html":      {Data: []byte("<!doctype html><title>the page</title>")},
	"icon.svg":        {Data: []byte("<svg/>")},
	"assets/app-1.js": {Data: []byte("run()")},
}

// site is the whole handler as New wires it, listening on loopback, with an
// API that echoes.
func site() http.Handler {
	cfg := Config{
		Token: ParseToken(secret), Caller: api.Caller{ID: analyst, Role: "analyst"},
		API: http.HandlerFunc(echo),
	}
	return handler(cfg, false, names("127.0.0.1", nil), pages(built, true))
}

// send makes a request to the site; every header is "Name: value".
func send(t *testing.T, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/", nil)
	r.Host = "127.0.0.1:8470"
	// What a client sends on the request line, not what a URL parser makes of it.
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.RequestURI = u, target
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

const (
	withCookie = "Cookie: " + cookieName + "=" + secret
	withBearer = "Authorization: Bearer " + secret
)

func wantProblem(t *testing.T, resp *http.Response, status int, code string) {
	t.Helper()
	defer resp.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		t.Errorf("answer %d is no problem: %v", resp.StatusCode, err)
		return
	}
	if resp.StatusCode != status || p.Status != status || p.Code != code || p.Next == "" || p.Title == "" ||
		resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %d %s %+v, want problem %d %s with what to do", resp.StatusCode,
			resp.Header.Get("Content-Type"), p, status, code)
	}
	if resp.Header.Get("X-Caller") != "" {
		t.Error("the API was reached")
	}
}

func TestWithoutTheTokenNothingIsShown(t *testing.T) {
	h := site()
	for _, target := range []string{
		"/", "/search", "/icon.svg", "/assets/app-1.js", "/api/v1/status", "/api/v1/events/1-0/raw", "/nothing",
	} {
		wantProblem(t, send(t, h, "GET", target), 401, "no-session")
		for _, header := range []string{
			"Cookie: " + cookieName + "=wrong", "Cookie: " + cookieName + "=", "Cookie: other=" + secret,
			"Authorization: Bearer wrong", "Authorization: Bearer ", "Authorization: Basic " + secret,
			"Authorization: " + secret, "Authorization: Bearer " + secret + "x",
			"Authorization: Bearer " + secret[1:],
		} {
			wantProblem(t, send(t, h, "GET", target, header), 401, "no-session")
		}
	}
	wantProblem(t, send(t, h, "POST", "/api/v1/verify"), 401, "no-session")
	// A wrong bearer token is not excused by a good cookie.
	wantProblem(t, send(t, h, "GET", "/api/v1/status", withCookie, "Authorization: Bearer no"), 401, "no-session")
	// The API takes no token from an address, where logs and histories keep it.
	wantProblem(t, send(t, h, "GET", "/api/v1/status?token="+secret), 401, "no-session")
	wantProblem(t, send(t, h, "POST", "/?token="+secret), 401, "no-session")
	wantProblem(t, send(t, h, "GET", "/?token=wrong"), 401, "wrong-token")
	wantProblem(t, send(t, h, "GET", "/?token=wrong", withCookie), 401, "wrong-token")
}

func TestEmptyTokenLetsNobodyIn(t *testing.T) {
	cfg := Config{Caller: api.Caller{ID: analyst}, API: http.HandlerFunc(echo)}
	h := handler(cfg, false, names("127.0.0.1", nil), pages(built, true))
	for _, header := range []string{"Authorization: Bearer ", "Cookie: " + cookieName + "=", "X: y"} {
		wantProblem(t, send(t, h, "GET", "/api/v1/status", header), 401, "no-session")
	}
}

func TestTheTokenLetsIn(t *testing.T) {
	h := site()
	for _, header := range []string{withCookie, withBearer} {
		resp := send(t, h, "GET", "/api/v1/status", header, "X-Caller: u_FAKE-FAKE")
		if resp.StatusCode != 200 || resp.Header.Get("X-Caller") != analyst {
			t.Errorf("%s: %d as %q", header, resp.StatusCode, resp.Header.Get("X-Caller"))
		}
	}
}

func TestLinkBecomesACookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		cfg := Config{Token: ParseToken(secret), API: http.HandlerFunc(echo)}
		h := handler(cfg, secure, names("127.0.0.1", nil), pages(built, true))
		resp := send(t, h, "GET", "/search?q=a%26b&token="+secret+"&from=x")
		if resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("link answers %d", resp.StatusCode)
		}
		if got := resp.Header.Get("Location"); got != "/search?from=x&q=a%26b" {
			t.Errorf("link leads to %s", got)
		}
		cookies := resp.Cookies()
		if len(cookies) != 1 {
			t.Fatalf("link sets %d cookies", len(cookies))
		}
		c := cookies[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure != secure {
			t.Errorf("TLS %v: cookie is %s", secure, c)
		}
		next := send(t, h, "GET", "/search?from=x", "Cookie: "+c.Name+"="+c.Value)
		if next.StatusCode != 200 {
			t.Errorf("the cookie gets %d", next.StatusCode)
		}
	}
}

// TestLinkStaysHere: no path makes the redirect leave this server, and none
// keeps the token.
func TestLinkStaysHere(t *testing.T) {
	h := site()
	for _, path := range []string{
		"/", "//evil.example", "//evil.example/%2e%2e", "///evil.example", "/\\evil.example", "/\\\\evil.example",
		"/%5Cevil.example", "/%5c%5cevil.example", "/%2F%2Fevil.example", "/%2f/evil.example", "/.//evil.example",
		"/x/..//evil.example", "/%09/evil.example", "/%0d%0aLocation:%20//evil.example", "/https:evil.example",
		"/https://evil.example", "/@evil.example", "/%00//evil.example", "/;//evil.example",
	} {
		target := path + "?token=" + secret
		for range 3 { // the path may be tidied by a redirect of its own first
			resp := send(t, h, "GET", target)
			if resp.StatusCode < 300 || resp.StatusCode > 399 {
				t.Errorf("%s: answer %d", target, resp.StatusCode)
				break
			}
			location := resp.Header.Get("Location")
			base := &url.URL{Scheme: "http", Host: "127.0.0.1:8470", Path: "/"}
			to, err := base.Parse(location)
			if err != nil || to.Host != base.Host || to.Scheme != "http" || to.User != nil {
				t.Errorf("%s leads to %q", target, location)
			}
			// Browsers take a backslash for a slash.
			if location == "" || location[0] != '/' || len(location) > 1 && strings.ContainsRune(`/\`, rune(location[1])) {
				t.Errorf("%s leads to %q", target, location)
			}
			if len(resp.Cookies()) == 1 {
				if strings.Contains(location, secret) {
					t.Errorf("%s: the token stays in %q", target, location)
				}
				break
			}
			target = location
		}
	}
}

func TestForeignNamesGetNothing(t *testing.T) {
	h := site()
	for _, host := range []string{
		"evil.example", "evil.example:8470", "127.0.0.1.evil.example:8470", "localhost.evil.example", "192.0.2.1",
		"", "[::2]:8470", "localhost@evil.example",
	} {
		for _, header := range []string{withCookie, withBearer, "X: y"} {
			wantProblem(t, send(t, h, "GET", "/api/v1/status", "Host: "+host, header), 421, "unknown-host")
		}
		resp := send(t, h, "GET", "/?token="+secret, "Host: "+host)
		if len(resp.Cookies()) != 0 {
			t.Errorf("Host %q gets a cookie", host)
		}
		wantProblem(t, resp, 421, "unknown-host")
	}
	for _, host := range []string{
		"127.0.0.1", "127.0.0.1:8470", "127.0.0.1:9", "localhost:8470", "LOCALHOST", "[::1]:8470", "[::1]",
	} {
		if resp := send(t, h, "GET", "/api/v1/status", "Host: "+host, withBearer); resp.StatusCode != 200 {
			t.Errorf("Host %q: %d", host, resp.StatusCode)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	h := site()
	for _, header := range []string{
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example",
		"Origin: http://127.0.0.1:9999", "Origin: null", "Origin: http://localhost:8470",
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			wantProblem(t, send(t, h, method, "/api/v1/verify", withCookie, header), 403, "cross-origin")
		}
	}
	for _, header := range []string{
		"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: http://127.0.0.1:8470", "X: y",
	} {
		resp := send(t, h, "POST", "/api/v1/verify", withCookie, header)
		if resp.StatusCode != 200 || resp.Header.Get("X-Caller") != analyst {
			t.Errorf("%s: %d", header, resp.StatusCode)
		}
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	h := site()
	for _, request := range [][]string{
		{"GET", "/", withCookie},
		{"GET", "/deep/link", withCookie},
		{"GET", "/assets/app-1.js", withCookie},
		{"GET", "/api/v1/status", withBearer},
		{"GET", "/api/v1/status"},
		{"GET", "/?token=" + secret},
		{"GET", "/?token=no"},
		{"GET", "/healthz"},
		{"GET", "/metrics"},
		{"GET", "/", "Host: evil.example"},
		{"POST", "/api/v1/verify", withCookie, "Origin: null"},
		{"GET", "/assets/gone.js", withCookie},
		{"GET", "//double", withCookie},
	} {
		resp := send(t, h, request[0], request[1], request[2:]...)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%v: %s is %q", request, name, got)
			}
		}
		policy := resp.Header.Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src 'self';", "connect-src 'self'", "base-uri 'none'",
			"form-action 'none'", "frame-ancestors 'none'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("%v: policy %q lacks %s", request, policy, want)
			}
		}
		caching := resp.Header.Get("Cache-Control")
		asset := request[1] == "/assets/app-1.js"
		if asset != strings.Contains(caching, "immutable") || !asset && caching != "no-store" {
			t.Errorf("%v: Cache-Control is %q", request, caching)
		}
	}
}

func TestMonitorsNeedNoToken(t *testing.T) {
	h := site()
	for _, path := range []string{"/healthz", "/metrics"} {
		resp := send(t, h, "GET", path)
		if resp.StatusCode != 200 || resp.Header.Get("X-Caller") != "" {
			t.Errorf("%s: %d as %q", path, resp.StatusCode, resp.Header.Get("X-Caller"))
		}
	}
	for _, path := range []string{"/healthz/x", "/metrics/", "/healthz/../api/v1/status"} {
		resp := send(t, h, "GET", path)
		if resp.StatusCode < 300 || resp.Header.Get("X-Caller") != "" {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestTokenPrintsAsRedacted(t *testing.T) {
	token := ParseToken(secret)
	config := Config{Token: token}
	for _, text := range []string{
		fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q", token, token, token, token, token),
		fmt.Sprintf("%v %+v %#v", config, config, &config),
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret shows in %s", text)
		}
	}
	if out, err := json.Marshal(map[string]Token{"token": token}); err != nil || strings.Contains(string(out), secret) {
		t.Errorf("the secret shows in %s (%v)", out, err)
	}
	if a, b := NewToken().Reveal(), NewToken().Reveal(); a == b || len(a) < 43 {
		t.Errorf("new tokens are %q and %q", a, b)
	}
}
