package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"learnspace/internal/web"
	"learnspace/internal/web/webtest"
)

func stored(f web.File) web.Route {
	return get("/file", "", func(w http.ResponseWriter, r *http.Request) error {
		return web.SendStored(w, r, f, func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("<script>alert(1)</script>")), nil
		})
	})
}

// TestFilesAreNeverActive: whatever a file says of itself, it comes as a file,
// without guessing, in a sandbox.
func TestFilesAreNeverActive(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file web.File
		how  string
	}{
		"a page":             {web.File{Type: "text/html", Name: "a.html", Inline: true}, "attachment"},
		"a drawing":          {web.File{Type: "image/svg+xml", Name: "a.svg", Inline: true}, "attachment"},
		"a paper":            {web.File{Type: "application/pdf", Name: "a.pdf", Inline: true}, "attachment"},
		"a picture":          {web.File{Type: "image/jpeg", Name: "a.jpg", Inline: true}, "inline"},
		"a picture to save":  {web.File{Type: "image/jpeg", Name: "a.jpg"}, "attachment"},
		"a name of two rows": {web.File{Type: "image/jpeg", Name: "a\r\nSet-Cookie: x=1"}, "attachment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := webtest.New(t, stored(tt.file)).Anonymous().Get("/file").Want(http.StatusOK).Header
			if !strings.HasPrefix(h.Get("Content-Disposition"), tt.how) || h.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Set-Cookie") != "" {
				t.Errorf("%v", h)
			}
		})
	}
	// A face that forgets the policy gets it all the same.
	forgetful := get("/x", "", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Disposition", "attachment")
		_, err := w.Write([]byte("x"))
		return err
	})
	if h := webtest.New(t, forgetful).Anonymous().Get("/x").Header; !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v", h)
	}
}

// TestSecondOrigin: what people uploaded comes from another origin, by a link
// that is signed and ends, with no cookie in sight.
func TestSecondOrigin(t *testing.T) {
	t.Parallel()
	o := web.Options{BaseURL: "https://space.example.cn", ContentURL: "https://files.example.cn",
		Stored: func(_ context.Context, key string) (io.ReadCloser, error) {
			if key != "a/b" {
				return nil, errors.New("no such key")
			}
			return io.NopCloser(strings.NewReader("bytes")), nil
		}}
	site := webtest.With(t, o, stored(web.File{Key: "a/b", Type: "image/jpeg", Name: "a.jpg", Bytes: 5, Inline: true}),
		get("/a", "", page("a")))
	ask := func(host, path string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "https://"+host+path, nil)
		r.Header.Set("Cookie", "__Host-ls=token-1")
		w := httptest.NewRecorder()
		site.Server.ServeHTTP(w, r)
		return w.Result()
	}
	to := ask("space.example.cn", "/file")
	link := to.Header.Get("Location")
	path, ok := strings.CutPrefix(link, "https://files.example.cn")
	if to.StatusCode != http.StatusFound || !ok || strings.Contains(path, "a/b") {
		t.Fatalf("%d to %q", to.StatusCode, link)
	}
	got := ask("files.example.cn", path)
	body, err := io.ReadAll(got.Body)
	if got.StatusCode != 200 || string(body) != "bytes" || err != nil || got.Header.Get("Content-Type") != "image/jpeg" ||
		!strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") || got.Header.Get("Set-Cookie") != "" ||
		got.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%d %q %v", got.StatusCode, body, got.Header)
	}
	for _, bad := range []string{path[:len(path)-2], path + "x", "/stored/", "/", "/a", "/signin", "/healthz"} {
		if r := ask("files.example.cn", bad); r.StatusCode != http.StatusNotFound || r.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s on the second origin: %d", bad, r.StatusCode)
		}
	}
	if r := ask("space.example.cn", path); r.StatusCode != http.StatusNotFound {
		t.Errorf("a stored file on the origin of the pages: %d", r.StatusCode)
	}
	if csp := ask("space.example.cn", "/a").Header.Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' https://files.example.cn ") {
		t.Error(csp)
	}
	if _, err := web.New(web.Options{BaseURL: "https://a.cn", ContentURL: "https://a.cn", Clock: site.Clock}); err == nil {
		t.Error("one origin for both is let through")
	}
}
