// Package outboxweb is the page of a demo that shows what would have gone out as
// mail and text messages. It exists in a demo folder only.
package outboxweb

import (
	"net/http"

	"learnspace/internal/deliver"
	"learnspace/internal/web"
)

// Face is the page.
type Face struct{ folder deliver.Folder }

// New returns the face of a demo's folder.
func New(folder deliver.Folder) *Face { return &Face{folder} }

// shown is how many messages the page lists, the newest first.
const shown = 50

// Routes lists the page.
func (f *Face) Routes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Pattern: "/demo/outbox", Anonymous: true, Handler: f.show}}
}

func (f *Face) show(w http.ResponseWriter, r *http.Request) error {
	all, err := f.folder.List(shown)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, view(all))
}
