package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"

	"github.com/evident-sec/evident/web/api"
)

const cookieName = "evident_session"

// Token is the secret of one server run. It prints as redacted; Reveal gives
// the text.
type Token struct{ text string }

// NewToken returns a fresh random token of 256 bits.
func NewToken() Token {
	var b [32]byte
	rand.Read(b[:])
	return Token{base64.RawURLEncoding.EncodeToString(b[:])}
}

// ParseToken takes a token chosen elsewhere, e.g. by a test or an operator's
// secret store.
func ParseToken(text string) Token { return Token{text} }

// String hides the secret.
func (Token) String() string { return "[redacted]" }

// GoString hides the secret from %#v as well.
func (Token) GoString() string { return "web.Token[redacted]" }

// Reveal returns the secret.
func (t Token) Reveal() string { return t.text }

func (t Token) matches(text string) bool {
	want, got := sha256.Sum256([]byte(t.text)), sha256.Sum256([]byte(text))
	return t.text != "" && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// session lets a request through when it carries the token, and says who
// calls. With one token there is one caller; sign-in and roles replace this
// function and nothing else.
type session struct {
	token  Token
	secure bool // served over TLS
	caller api.Caller
	named  func(host string) bool // whether a Host header names this server
	next   http.Handler
}

func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.named(hostOnly(r.Host)) {
		api.WriteProblem(w, r, api.Problem{
			Status: http.StatusMisdirectedRequest, Code: "unknown-host",
			Title: "This server does not answer to that name",
			Next:  "Open the link that was printed at the start.",
		})
		return
	}
	if given := r.URL.Query().Get("token"); given != "" && r.Method == http.MethodGet &&
		!strings.HasPrefix(r.URL.Path, "/api/") {
		s.enter(w, r, given)
		return
	}
	if !s.authorised(r) {
		api.WriteProblem(w, r, api.Problem{
			Status: http.StatusUnauthorized, Code: "no-session",
			Title: "This page needs the link with its token",
			Next:  "Open the link that evident printed when it started.",
		})
		return
	}
	s.next.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), s.caller)))
}

func (s *session) authorised(r *http.Request) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.token.matches(bearer)
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && s.token.matches(cookie.Value)
}

// enter turns the token of the link into a cookie and takes it out of the
// address, so that it stays in no history and no screenshot.
func (s *session) enter(w http.ResponseWriter, r *http.Request, given string) {
	if !s.token.matches(given) {
		api.WriteProblem(w, r, api.Problem{
			Status: http.StatusUnauthorized, Code: "wrong-token",
			Title: "The link's token is not this server's",
			Next:  "Open the link that evident printed at its latest start.",
		})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: given, Path: "/", HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteStrictMode,
	})
	target := *r.URL
	query := target.Query()
	query.Del("token")
	target.RawQuery = query.Encode()
	// Only the path is kept: the target must never leave this server.
	target.Scheme, target.Host, target.User = "", "", nil
	target.Path = "/" + strings.TrimLeft(target.Path, "/\\")
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return strings.ToLower(host)
	}
	return strings.ToLower(strings.Trim(hostport, "[]"))
}
