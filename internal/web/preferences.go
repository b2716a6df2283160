package web

import (
	"net/http"
	"strings"
	"time"

	"learnspace/internal/i18n"
)

// preferences are the reader's language, appearance and size of type. They
// live in one cookie, "ko.dark.large", so that the page arrives right.
type preferences struct {
	lang  string // "" follows the browser
	theme string // light, dark or ""
	size  string // large or ""
}

const preferencesAge = 400 * 24 * time.Hour

// read fills the preferences from the cookie and the query, keeps a language
// that the query asks for, and returns the language of this page.
func (p *preferences) read(s *Server, w http.ResponseWriter, r *http.Request) i18n.Language {
	if c, err := r.Cookie(s.names.prefs); err == nil {
		parts := strings.Split(c.Value, ".")
		if len(parts) == 3 {
			p.setLang(parts[0])
			p.setTheme(parts[1])
			p.setSize(parts[2])
		}
	}
	if strings.Contains(r.URL.RawQuery, "lang=") {
		query := r.URL.Query()
		if l, ok := i18n.Parse(query.Get("lang")); ok {
			p.lang = l.Code()
			p.write(s, w)
			query.Del("lang")
			r.URL.RawQuery = query.Encode()
		}
	}
	if l, ok := i18n.Parse(p.lang); ok {
		return l
	}
	return i18n.Match(r.Header.Get("Accept-Language"))
}

func (p *preferences) write(s *Server, w http.ResponseWriter) {
	setCookie(w, s.cookie(s.names.prefs, p.lang+"."+p.theme+"."+p.size, preferencesAge))
}

func (p *preferences) setLang(v string) {
	if l, ok := i18n.Parse(v); ok {
		p.lang = l.Code()
	}
}

func (p *preferences) setTheme(v string) {
	switch v {
	case "light", "dark":
		p.theme = v
	case "auto":
		p.theme = ""
	}
}

func (p *preferences) setSize(v string) {
	switch v {
	case "large":
		p.size = v
	case "normal":
		p.size = ""
	}
}

// savePreferences keeps what the form says and returns to the page.
func savePreferences(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	q := requestOf(r.Context())
	q.prefs.setLang(r.PostForm.Get("lang"))
	q.prefs.setTheme(r.PostForm.Get("theme"))
	q.prefs.setSize(r.PostForm.Get("size"))
	q.prefs.write(q.server, w)
	return Redirect(w, r, Local(r.PostForm.Get("back"), "/"))
}
