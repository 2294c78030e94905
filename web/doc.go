// Package web serves the page and the API on one listener.
//
// # Who may call
//
// Every request needs the token that is printed at the start: in the link that
// opens the page (it becomes an HttpOnly, SameSite=Strict cookie and leaves
// the address) or as a bearer token. That also holds on loopback, against
// other users of the machine and against scripts of other sites. Requests that
// change something must come from the page itself (net/http
// CrossOriginProtection), and the Host header must name this server, so that
// a foreign name that resolves to us gets nothing. Addresses other than
// loopback need TLS.
package web
