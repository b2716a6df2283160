package web

import "net/http"

func errorTitle(status int) string {
	switch status {
	case http.StatusNotFound:
		return "error.title_not_found"
	case http.StatusForbidden:
		return "error.title_forbidden"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "error.title_wait"
	case http.StatusInternalServerError:
		return "error.title_internal"
	}
	return "error.title_other"
}
