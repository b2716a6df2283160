package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

// request is what the server knows about one request.
type request struct {
	server  *Server
	id      string
	now     time.Time
	actor   access.Actor
	prefs   preferences
	flashes []ui.Flash // read from the cookie
	pending []ui.Flash // set by this request
	after   []func(ctx context.Context) error
	failed  bool // the adapter is writing an error page
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

// Actor returns who asks; [access.Anonymous] before sign-in.
func Actor(ctx context.Context) access.Actor {
	if q := requestOf(ctx); q != nil {
		return q.actor
	}
	return access.Anonymous()
}

// RequestID returns the number of the request as it stands in the log.
func RequestID(ctx context.Context) string {
	if q := requestOf(ctx); q != nil {
		return q.id
	}
	return ""
}

// Language returns the reader's language.
func Language(ctx context.Context) i18n.Language { return i18n.Lang(ctx) }

// Now returns the clock's time at the start of the request.
func Now(ctx context.Context) time.Time {
	if q := requestOf(ctx); q != nil {
		return q.now
	}
	return time.Time{}
}

// adapt makes an http.Handler of a route: who asks, in which language, may he
// come, and what becomes of an error.
func (s *Server) adapt(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{server: s, now: s.options.Clock.Now(), actor: access.Anonymous()}
		if o := observed(r.Context()); o != nil {
			q.id, o.match = o.id, r.Pattern
		}
		ctx := context.WithValue(r.Context(), requestKey{}, q)
		if !route.Stream && route.BodyLimit <= bodyLimit {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, s.options.Limits.RequestTime)
			defer cancel()
		}
		lang := q.prefs.read(s, w, r)
		r = r.WithContext(i18n.With(ctx, lang))
		err := s.inView(w, r, route, func(w http.ResponseWriter, r *http.Request) error {
			if err := s.admit(w, r, q, route); err != nil {
				return err
			}
			return s.call(w, r, route)
		})
		for _, fn := range q.after {
			if err == nil {
				err = fn(context.WithoutCancel(r.Context()))
			}
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// After runs fn once the answer of the request has been written, outside its
// view and also when the browser has gone. An error is logged. Nothing runs while
// an operator looks at somebody's pages.
func After(r *http.Request, fn func(ctx context.Context) error) {
	q := requestOf(r.Context())
	if q.actor.ViewedBy != 0 {
		return // what a person has read, nobody reads for him
	}
	q.after = append(q.after, fn)
}

// errSignIn sends to the sign-in page, errStepUp to the second factor that the
// session lacks.
var (
	errSignIn = errors.New("not signed in")
	errStepUp = errors.New("second factor missing")
)

// admit loads the actor and asks the coarse gate.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, q *request, route Route) error {
	if c, err := r.Cookie(s.names.session); err == nil && c.Value != "" && s.options.Sessions != nil {
		actor, err := s.options.Sessions.Authenticate(r.Context(), c.Value)
		var up interface{ StepUp() }
		switch {
		case err == nil:
			q.actor = actor
		case errors.As(err, &up):
			if !route.Anonymous {
				return errStepUp
			}
		case errors.Is(err, fault.ErrNotFound), errors.Is(err, fault.ErrForbidden):
			ClearSession(w, r)
		default:
			return err
		}
	}
	if info := observed(r.Context()); info != nil {
		info.role = string(q.actor.Role)
	}
	if q.actor.ViewedBy != 0 {
		if err := s.watch(r, q, route); err != nil {
			return err
		}
	}
	if route.Anonymous {
		return nil
	}
	if !q.actor.IsPerson() {
		return errSignIn
	}
	if !q.actor.Can(route.Permission) {
		return fault.New(fault.ErrForbidden, "error.forbidden")
	}
	return nil
}

// watch refuses whatever is not reading while an operator looks at somebody's
// pages, and has each page recorded.
func (s *Server) watch(r *http.Request, q *request, route Route) error {
	if route.Method != http.MethodGet {
		if route.Viewing {
			return nil
		}
		return fault.New(fault.ErrForbidden, "error.viewing")
	}
	if s.options.Viewed == nil || strings.HasPrefix(route.Pattern, "/static/") {
		return nil
	}
	return s.options.Viewed(r.Context(), q.actor, route.Method+" "+route.Pattern)
}

// call runs the handler behind the limit of the body.
func (s *Server) call(w http.ResponseWriter, r *http.Request, route Route) error {
	l := s.options.Limits
	if route.Stream || route.BodyLimit > bodyLimit {
		// A big file on a slow line takes longer than a page may.
		rc := http.NewResponseController(w)
		deadline := time.Now().Add(l.TransferTime)
		_, _ = rc.SetReadDeadline(deadline), rc.SetWriteDeadline(deadline)
	}
	if r.Body != nil && r.Body != http.NoBody {
		limit := l.Body
		if route.BodyLimit > 0 {
			limit = min(max(route.BodyLimit, limit), l.Upload)
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	return route.Handler(w, r)
}

// signIn sends the browser to the sign-in page and back here afterwards.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	back := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		back = s.referer(r)
	}
	target := "/signin"
	if back != "/" && back != "" {
		target += "?next=" + url.QueryEscape(back)
	}
	redirect(w, r, target)
}

// referer is the page the request came from, when it is one of ours; else "/".
func (s *Server) referer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || u.Host != r.Host && u.Host != s.host {
		return "/"
	}
	return Local(u.RequestURI(), "/")
}

// Local returns address when it is a path on this server, else otherwise: what
// comes from a query or a form is never followed elsewhere.
func Local(address, otherwise string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return otherwise
	}
	return address
}

// Redirect answers 303 to a local address. For htmx it asks the browser to go
// there as a whole page.
func Redirect(w http.ResponseWriter, r *http.Request, address string) error {
	redirect(w, r, Local(address, "/"))
	return nil
}

func redirect(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Cache-Control", "no-store")
	if IsHTMX(r) {
		w.Header().Set("HX-Redirect", address)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// IsHTMX reports whether script asks for a part of a page.
func IsHTMX(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") != "true"
}

// IsPrefetch reports whether the browser loads the page before anybody asked.
func IsPrefetch(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || strings.Contains(r.Header.Get("Purpose"), "prefetch")
}
