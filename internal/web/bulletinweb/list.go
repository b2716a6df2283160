package bulletinweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/web"
)

// listPage is every bulletin that the reader may see.
type listPage struct {
	Bulletins []bulletin.Bulletin
	// Missed is the last month when it has ended and nobody has frozen it.
	Missed clock.Month
}

func (f *Face) showList(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	all, err := f.bulletins.List(ctx, by)
	if err != nil {
		return err
	}
	p := listPage{Bulletins: all}
	last := clock.MonthOf(web.Now(ctx)).Prev()
	if web.Permitted(ctx, access.BulletinDraft) && (len(all) == 0 || all[0].Month < last) {
		p.Missed = last
		if len(all) > 0 {
			p.Missed = all[0].Month.Next()
		}
	}
	return web.Render(w, r, http.StatusOK, listView(p))
}
