package rightsweb

import "learnspace/internal/rights"

// stateTone colours the state of a request.
func stateTone(r rights.Request) string {
	switch r.State {
	case rights.Answered:
		return "success"
	case rights.Refused:
		return "warning"
	case rights.Closed:
		return ""
	}
	return "info"
}
