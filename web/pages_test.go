package web

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPageServesTheBuild(t *testing.T) {
	h := pages(built, true)
	for _, c := range []struct{ path, kind, text string }{
		{"/", "text/html", "the page"},
		{"/icon.svg", "image/svg+xml", "<svg/>"},
		{"/assets/app-1.js", "text/javascript", "run()"},
		// The page's own router reads every other address.
		{"/search", "text/html", "the page"},
		{"/incidents/12-7", "text/html", "the page"},
		{"/events/1-0?q=a&from=b", "text/html", "the page"},
		{"/search.html", "text/html", "the page"},
		{"/assets", "text/html", "the page"},
	} {
		resp := send(t, h, "GET", c.path)
		kind, text := resp.Header.Get("Content-Type"), body(t, resp)
		if resp.StatusCode != 200 || !strings.HasPrefix(kind, c.kind) || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %s %q, want %s with %q", c.path, resp.StatusCode, kind, text, c.kind, c.text)
		}
	}
}

// TestStaleAssetIsNotThePage: a browser that holds an older build must see
// that its script is gone, and not be given the page as a script for ever.
func TestStaleAssetIsNotThePage(t *testing.T) {
	resp := send(t, pages(built, true), "GET", "/assets/app-0.js")
	if text := body(t, resp); resp.StatusCode != 404 || strings.Contains(text, "the page") ||
		strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("stale asset: %d %q", resp.StatusCode, text)
	}
}

func TestPageLeavesItsFolderNever(t *testing.T) {
	files := fstest.MapFS{
		"dist/index.html": built["index.html"], "dist/assets/app-1.js": built["assets/app-1.js"],
		"secret.txt": {Data: []byte("never shown")},
	}
	dist, err := files.Sub("dist")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []http.Handler{pages(dist, true), site()} {
		for _, path := range []string{
			"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt",
			"/assets/%2e%2e/%2e%2e/secret.txt", "/..%5csecret.txt", "/./../secret.txt", "//secret.txt",
			"/%2e%2e%2f%2e%2e%2fetc/passwd", "/assets/..%00/secret.txt",
		} {
			resp := send(t, h, "GET", path, withCookie)
			if text := body(t, resp); strings.Contains(text, "never shown") || strings.Contains(text, "root:") {
				t.Errorf("%s shows %q", path, text)
			}
			if resp.StatusCode >= 500 {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
		}
	}
}

func TestPageThatIsNotBuiltSaysSo(t *testing.T) {
	for _, path := range []string{"/", "/search", "/assets/app-1.js"} {
		resp := send(t, pages(fstest.MapFS{"keep": {}}, false), "GET", path)
		text := body(t, resp)
		if !strings.Contains(text, "not built") || !strings.Contains(text, "make run") ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %q", path, resp.StatusCode, text)
		}
	}
}
