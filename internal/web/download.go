package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/fault"
)

// filePolicy is the policy of everything that is handed out as a file: were it
// opened as a page all the same, it could run, load and send nothing, and would
// stand in an origin of its own.
const filePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Attachment sets the headers of a file that is saved and never shown: its
// type, its name, no guessing of types, a sandbox, no cache.
func Attachment(w http.ResponseWriter, name, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// File is one file of the store of what people uploaded.
type File struct {
	// Key is where the store has it.
	Key string
	// Type is the media type that the product itself gave it, never the sender's.
	Type string
	// Name is what a browser calls it when it is saved.
	Name string
	// Bytes is its length.
	Bytes int
	// Inline lets a browser show it, for pictures that were encoded anew here.
	// Everything else is saved.
	Inline bool
}

// linkTime is how long a link to the second origin is the same, and, twice that
// at most, how long it is good.
const linkTime = 5 * time.Minute

// SendStored answers with a file that the reader may see; open gives its
// bytes. Where there is a second origin the browser is sent there with a link
// that is signed and ends soon: what others made is then never served from the
// origin that has the cookies.
func SendStored(w http.ResponseWriter, r *http.Request, f File, open func() (io.ReadCloser, error)) error {
	q := requestOf(r.Context())
	if q.server.hosts.content != "" {
		link, err := q.server.contentLink(f, time.Now())
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "private, no-cache")
		http.Redirect(w, r, link, http.StatusFound)
		return nil
	}
	body, err := open()
	if err != nil {
		return err
	}
	defer body.Close()
	return sendFile(w, r, f, body)
}

// sendFile writes headers and bytes of a file.
func sendFile(w http.ResponseWriter, r *http.Request, f File, body io.Reader) error {
	h := w.Header()
	h.Set("Content-Type", f.Type)
	how := "attachment"
	if f.Inline && shownTypes[f.Type] {
		how = "inline"
	}
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+url.PathEscape(f.Name))
	h.Set("Content-Security-Policy", filePolicy)
	if f.Bytes > 0 {
		h.Set("Content-Length", strconv.Itoa(f.Bytes))
	}
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, body); err != nil {
		return errGone{err}
	}
	return nil
}

// shownTypes are the types that a browser may show: none of them can hold
// script.
var shownTypes = map[string]bool{"image/jpeg": true, "image/png": true, "image/webp": true}

// storedLink is what a link to the second origin says, signed.
type storedLink struct {
	Key    string `json:"k"`
	Type   string `json:"t"`
	Name   string `json:"n"`
	Bytes  int    `json:"b"`
	Inline bool   `json:"i"`
	Until  int64  `json:"u"`
}

const storedPath = "/stored/"

// contentLink is the address of a file on the second origin.
func (s *Server) contentLink(f File, now time.Time) (string, error) {
	until := now.Truncate(linkTime).Add(2 * linkTime).Unix()
	raw, err := json.Marshal(storedLink{f.Key, f.Type, f.Name, f.Bytes, f.Inline, until})
	if err != nil {
		return "", fmt.Errorf("link to a stored file: %w", err)
	}
	return strings.TrimRight(s.options.ContentURL, "/") + storedPath + seal(s.options.FlashKey, "stored", string(raw)), nil
}

// serveContent answers on the second origin. It knows signed links and nothing
// else; it neither reads cookies nor sets any.
func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	if o := observed(r.Context()); o != nil {
		o.match = "GET " + storedPath + "{link}"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if err := s.answerStored(w, r); err != nil {
		status, _ := classify(s.explain(err))
		if status >= 500 {
			s.log.Error("stored file", "error", err)
		}
		http.Error(w, http.StatusText(status), status)
	}
}

func (s *Server) answerStored(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errMethod
	}
	token, ok := strings.CutPrefix(r.URL.Path, storedPath)
	raw, signed := unseal(s.options.FlashKey, "stored", token)
	if !ok || !signed || s.options.Stored == nil {
		return errNoPage
	}
	var l storedLink
	if err := json.Unmarshal([]byte(raw), &l); err != nil || time.Now().Unix() > l.Until {
		return errNoPage
	}
	body, err := s.options.Stored(context.WithoutCancel(r.Context()), l.Key)
	if err != nil {
		return fault.Wrap(fault.ErrUnavailable, err, "error.blobs_down")
	}
	defer body.Close()
	w.Header().Set("Cache-Control", "private, max-age=300, immutable")
	err = sendFile(w, r, File{l.Key, l.Type, l.Name, l.Bytes, l.Inline}, body)
	var gone errGone
	if errors.As(err, &gone) {
		return nil
	}
	return err
}
