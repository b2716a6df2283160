package rosterweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/org"
	"learnspace/internal/web"
)

// Face serves the pages of rosters.
type Face struct {
	rosters *roster.Service
	org     *org.Service
}

// New returns the face.
func New(rosters *roster.Service, nodes *org.Service) *Face {
	return &Face{rosters: rosters, org: nodes}
}

// formSlack is what a form may hold beside its files.
const formSlack = 1 << 20

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	get := func(pattern, object string, p access.Permission, h web.Handler) web.Route {
		return web.Route{Method: http.MethodGet, Pattern: pattern, Permission: p, Object: object, Handler: h}
	}
	post := func(pattern, object string, p access.Permission, h web.Handler) web.Route {
		return web.Route{Method: http.MethodPost, Pattern: pattern, Permission: p, Object: object, Handler: h}
	}
	upload := post("/nodes/{node}/rosters", "node", access.RosterImport, f.saveUpload)
	upload.BodyLimit = roster.UploadBytes + formSlack
	mend := post("/rosters/{batch}/mend", "roster", access.RosterImport, f.saveMended)
	mend.BodyLimit = 16 << 20
	return []web.Route{
		get("/nodes/{node}/rosters", "node", access.RosterImport, f.showRosters),
		upload,
		get("/rosters/{batch}", "roster", access.RosterImport, f.showBatch),
		post("/rosters/{batch}/confirm", "roster", access.RosterImport, f.confirm),
		post("/rosters/{batch}/drop", "roster", access.RosterImport, f.drop),
		post("/rosters/{batch}/undo", "roster", access.RosterImport, f.undo),
		get("/rosters/{batch}/errors.xlsx", "roster", access.RosterImport, f.downloadErrors),
		mend,
		get("/roster-template/{file}", "", access.RosterImport, f.downloadTemplate),
		get("/nodes/{node}/transfers", "node", access.TransferDecide, f.showTransfers),
		post("/transfers/{transfer}/accept", "transfer", access.TransferDecide, f.acceptTransfer),
		post("/transfers/{transfer}/refuse", "transfer", access.TransferDecide, f.refuseTransfer),
	}
}
