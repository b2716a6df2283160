package orgweb

import (
	"net/http"

	"learnspace/internal/id"
	"learnspace/internal/space"
	"learnspace/internal/web"
)

// confirm records that the school's profile is right and says what came of it.
func (f *Face) confirm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	sp, err := f.spaces.Confirm(ctx, web.Actor(ctx), node)
	if err != nil {
		return err
	}
	if sp.Status == space.StatusOpened {
		web.Flash(w, r, "org.confirm.opened")
	} else {
		web.FlashKind(w, r, "info", "org.confirm.waiting")
	}
	return web.Redirect(w, r, address(node))
}
