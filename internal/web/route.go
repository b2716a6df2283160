package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/fault"
)

// Handler answers a request, or returns why it could not.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the route table.
type Route struct {
	// Method is GET or POST; GET answers HEAD too.
	Method string
	// Pattern is the path as [http.ServeMux] understands it: /nodes/{node}.
	Pattern string
	// Permission is what the active role must hold somewhere. It is empty
	// only with Anonymous.
	Permission access.Permission
	// Object is the kind of thing that the path names; "" for none.
	Object string
	// Anonymous lets everybody in, signed in or not.
	Anonymous bool
	// BodyLimit raises the limit of the body, in bytes; 0 means 1 MiB.
	BodyLimit int64
	// Stream sends the answer as it is made, outside any view: for long ones.
	Stream bool
	// Apart answers outside any view: it asks another machine, and no connection
	// of the database may wait for that.
	Apart bool
	// Viewing lets a POST through while an operator looks at somebody's pages: to
	// end that, and to sign out.
	Viewing bool
	// Handler answers.
	Handler Handler
}

// Face is a package of pages.
type Face interface {
	Routes() []Route
}

const bodyLimit = 1 << 20

// check refuses a line that could not be what somebody meant.
func (r Route) check() error {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return fmt.Errorf("route %s %s: only GET and POST", r.Method, r.Pattern)
	case !strings.HasPrefix(r.Pattern, "/"):
		return fmt.Errorf("route %s %s: the pattern is a path", r.Method, r.Pattern)
	case r.Handler == nil:
		return fmt.Errorf("route %s %s: no handler", r.Method, r.Pattern)
	case r.Anonymous == (r.Permission != ""):
		return fmt.Errorf("route %s %s: needs a permission or Anonymous, and not both", r.Method, r.Pattern)
	}
	return nil
}

// PathID reads an identifier from the path. Anything that is no identifier is
// not found.
func PathID[T ~int64](r *http.Request, name string) (T, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.Wrap(fault.ErrNotFound, err, "error.not_found")
	}
	return T(n), nil
}

// FormID reads an identifier from the form or the query; 0 when it is empty or
// none.
func FormID[T ~int64](r *http.Request, name string) T {
	n, err := strconv.ParseInt(strings.TrimSpace(r.FormValue(name)), 10, 64)
	if err != nil || n <= 0 {
		return 0
	}
	return T(n)
}
