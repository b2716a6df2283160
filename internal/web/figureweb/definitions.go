package figureweb

import (
	"net/http"

	"learnspace/internal/web"
)

// defined names the figures of the page of definitions, in order. Each has a
// name, a rule and a base in the catalogue.
var defined = []string{"made", "activated", "verified", "newly", "cumulative", "verified_rate", "opened", "active", "base", "small", "frozen", "apart"}

func (f *Face) showDefinitions(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, definitionsView(defined))
}
