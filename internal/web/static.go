package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

//go:embed static/*.css static/*.js static/*.svg static/htmx.LICENSE
var staticFiles embed.FS

// asset is one static file in memory, as it is and compressed.
type asset struct {
	body, zipped []byte
	kind         string
}

// static serves the stylesheet, the scripts and the pictures under names that
// carry the hash of their content, so that a browser keeps them for ever.
type static struct {
	byName map[string]string // app.css → /static/app.h4sh.css
	byFile map[string]asset  // app.h4sh.css
}

func loadStatic() (*static, error) {
	s := &static{byName: map[string]string{}, byFile: map[string]asset{}}
	names, err := fs.Glob(staticFiles, "static/*.*")
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	for _, file := range names {
		body, err := staticFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("static files: %w", err)
		}
		if err := s.add(path.Base(file), body); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *static) add(name string, body []byte) error {
	ext := path.Ext(name)
	if ext == ".LICENSE" {
		return nil
	}
	if ext == ".css" {
		body = minifyCSS(body)
	}
	sum := sha256.Sum256(body)
	hashed := strings.TrimSuffix(name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext
	var zipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("static file %s: %w", name, err)
	}
	if _, err := z.Write(body); err != nil {
		return fmt.Errorf("static file %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("static file %s: %w", name, err)
	}
	kind := mime.TypeByExtension(ext)
	switch ext {
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	}
	s.byName[name] = "/static/" + hashed
	s.byFile[hashed] = asset{body: body, zipped: zipped.Bytes(), kind: kind}
	return nil
}

// address gives the address of a file by its plain name.
func (s *static) address(name string) string {
	if a, ok := s.byName[name]; ok {
		return a
	}
	return "/static/" + name
}

// serve answers one file. An unknown hash is not found: an old page asks for
// an old stylesheet only while the server is being replaced.
func (s *static) serve(w http.ResponseWriter, r *http.Request) {
	a, ok := s.byFile[r.PathValue("file")]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// minifyCSS takes comments and needless white space out of a stylesheet; what
// stands in double quotes stays.
func minifyCSS(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		c := in[i]
		switch {
		case c == '/' && i+1 < len(in) && in[i+1] == '*':
			end := bytes.Index(in[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
		case c == '"':
			end := bytes.IndexByte(in[i+1:], '"')
			if end < 0 {
				return append(out, in[i:]...)
			}
			out = append(out, in[i:i+end+2]...)
			i += end + 1
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			if n := len(out); n > 0 && !strings.ContainsRune(" {};,", rune(out[n-1])) {
				out = append(out, ' ')
			}
		case c == '}' || c == '{' || c == ';':
			if n := len(out); n > 0 && out[n-1] == ' ' {
				out = out[:n-1]
			}
			if n := len(out); c == '}' && n > 0 && out[n-1] == ';' {
				out = out[:n-1]
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return out
}

// ownRoutes are the addresses that belong to no face.
func (s *Server) ownRoutes() []Route {
	get := http.MethodGet
	return []Route{
		{Method: get, Pattern: "/static/{file}", Anonymous: true, Stream: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
			s.static.serve(w, r)
			return nil
		}},
		{Method: get, Pattern: "/healthz", Anonymous: true, Stream: true, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			return plain(w, "ok")
		}},
		{Method: get, Pattern: "/readyz", Anonymous: true, Stream: true, Handler: s.ready},
		{Method: get, Pattern: "/favicon.ico", Anonymous: true, Stream: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
			http.Redirect(w, r, s.static.address("icon.svg"), http.StatusMovedPermanently)
			return nil
		}},
		{Method: get, Pattern: "/robots.txt", Anonymous: true, Stream: true, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			return plain(w, "User-agent: *\nAllow: /$\nDisallow: /")
		}},
		{Method: get, Pattern: "/help", Anonymous: true, Handler: showHelp},
		{Method: http.MethodPost, Pattern: "/preferences", Anonymous: true, Handler: savePreferences},
	}
}

func plain(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text + "\n"))
	return nil
}

func showHelp(w http.ResponseWriter, r *http.Request) error {
	return Render(w, r, http.StatusOK, helpPage())
}
