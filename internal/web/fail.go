package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"learnspace/internal/fault"
	"learnspace/internal/i18n"
)

// statuses is the one table from error kind to HTTP status.
var statuses = []struct {
	kind   error
	status int
	key    string
}{
	{fault.ErrInvalid, http.StatusUnprocessableEntity, "error.invalid_input"},
	{fault.ErrForbidden, http.StatusForbidden, "error.forbidden"},
	{fault.ErrNotFound, http.StatusNotFound, "error.not_found"},
	{fault.ErrConflict, http.StatusConflict, "error.conflict"},
	{fault.ErrStale, http.StatusConflict, "error.stale"},
	{fault.ErrTooMany, http.StatusTooManyRequests, "error.too_many"},
	{fault.ErrUnavailable, http.StatusServiceUnavailable, "error.unavailable"},
}

var (
	errNoPage = fault.New(fault.ErrNotFound, "error.no_page")
	errMethod = errors.New("method not allowed")
	errOrigin = fault.New(fault.ErrForbidden, "error.origin")
)

// Status returns the HTTP status of an error.
func Status(err error) int {
	status, _ := classify(err)
	return status
}

// classify gives status and the message key for an error that has none.
func classify(err error) (int, string) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "error.too_large"
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed, "error.method"
	}
	for _, k := range statuses {
		if errors.Is(err, k.kind) {
			return k.status, k.key
		}
	}
	return http.StatusInternalServerError, "error.internal"
}

// fail writes the page of an error, and logs what is no fault of the user.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var gone errGone
	if errors.As(err, &gone) || r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	if errors.Is(err, errSignIn) {
		s.signIn(w, r)
		return
	}
	// The time of the request may be over; its answer still has to be written.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	err = s.explain(err)
	if errors.Is(err, errStepUp) {
		redirect(w, r, "/signin/factor")
		return
	}
	status, fallback := classify(err)
	if info := observed(r.Context()); info != nil {
		if status >= 500 {
			s.log.LogAttrs(r.Context(), slog.LevelError, "request failed",
				slog.String("request", info.id), slog.String("route", info.route(r)), slog.Any("error", err))
		}
		if info.wrote {
			return
		}
	}
	key, args := fault.Message(err)
	if key == "" || status == http.StatusInternalServerError || status == http.StatusRequestEntityTooLarge {
		key, args = fallback, nil
	}
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "5")
	}
	s.failPage(w, r, status, i18n.T(r.Context(), key, args...))
}

// explain gives an error that is none of the product's kinds the words of what
// is wrong below: the storage is full, slow or away.
func (s *Server) explain(err error) error {
	var tooLarge *http.MaxBytesError
	if fault.Kind(err) != nil || errors.As(err, &tooLarge) || errors.Is(err, errMethod) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.ErrUnavailable, err, "error.slow")
	}
	if s.options.Explain != nil {
		return s.options.Explain(err)
	}
	return err
}

func (s *Server) failPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "ETag", "Last-Modified"} {
		w.Header().Del(name)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", s.policy)
	if IsHTMX(r) {
		w.Header().Set("HX-Trigger", `{"toast":{"text":`+asciiJSON(message)+`}}`)
		w.WriteHeader(status)
		return
	}
	q := requestOf(r.Context())
	if q == nil {
		http.Error(w, message, status)
		return
	}
	q.failed = true
	if err := Render(w, r, status, errorPage(status, message, q.id)); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelError, "error page", slog.String("request", q.id), slog.Any("error", err))
	}
}

// denyOrigin answers a form that another site sent.
func (s *Server) denyOrigin(w http.ResponseWriter, r *http.Request) {
	s.adapt(Route{Anonymous: true, Handler: func(http.ResponseWriter, *http.Request) error { return errOrigin }}).ServeHTTP(w, r)
}
