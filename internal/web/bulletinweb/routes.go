package bulletinweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face is the pages.
type Face struct {
	bulletins *bulletin.Service
	figures   *metrics.Service
	org       *org.Service
}

// New builds the face.
func New(bulletins *bulletin.Service, figures *metrics.Service, tree *org.Service) *Face {
	return &Face{bulletins: bulletins, figures: figures, org: tree}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	const get, send = http.MethodGet, http.MethodPost
	const paper = "/bulletins/{month}"
	return []web.Route{
		{Method: get, Pattern: "/bulletins", Permission: access.BulletinRead, Handler: f.showList},
		{Method: get, Pattern: paper, Permission: access.BulletinRead, Object: "bulletin", Handler: f.showPaper},
		{Method: get, Pattern: paper + "/print", Permission: access.BulletinRead, Object: "bulletin", Handler: f.printPaper},
		{Method: get, Pattern: paper + "/bulletin.docx", Permission: access.BulletinRead, Object: "bulletin", Handler: f.file(bulletin.DOCX)},
		{Method: get, Pattern: paper + "/bulletin.xlsx", Permission: access.BulletinRead, Object: "bulletin", Handler: f.file(bulletin.XLSX)},
		{Method: send, Pattern: paper + "/freeze", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.freeze},
		{Method: send, Pattern: paper + "/draft", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.draft},
		{Method: send, Pattern: paper + "/text", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.write},
		{Method: send, Pattern: paper + "/check", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.check},
		{Method: send, Pattern: paper + "/return", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.giveBack},
		{Method: send, Pattern: paper + "/take-back", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.takeBack},
		{Method: send, Pattern: paper + "/sign", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.sign},
		{Method: send, Pattern: paper + "/issue", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.issue},
		{Method: send, Pattern: paper + "/answers", Permission: access.BulletinDraft, Object: "bulletin", Handler: f.answer},
		{Method: send, Pattern: paper + "/rows/{node}", Permission: access.BulletinReview, Object: "bulletin", Handler: f.review},
		{Method: send, Pattern: paper + "/receipt", Permission: access.BulletinReview, Object: "bulletin", Handler: f.receive},
		{Method: get, Pattern: "/targets", Permission: access.TargetSet, Handler: f.showTargets},
		{Method: send, Pattern: "/targets", Permission: access.TargetSet, Handler: f.setTarget},
	}
}

// monthOf reads the month of the path; anything else is not found.
func monthOf(r *http.Request) (clock.Month, error) {
	m, err := clock.ParseMonth(r.PathValue("month"))
	if err != nil || m == 0 {
		return 0, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return m, nil
}

// address is the page of a month's paper.
func address(m clock.Month) string { return ui.Href("bulletins", m.String()) }

// monthName is the month in the reader's language.
func monthName(ctx context.Context, m clock.Month) string { return i18n.Month(i18n.Lang(ctx), m) }
