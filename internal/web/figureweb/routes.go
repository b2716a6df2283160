package figureweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face is the pages.
type Face struct {
	figures *metrics.Service
	org     *org.Service
	targets Targets
}

// Targets knows the yearly target of a node; the bulletin's service has it.
type Targets interface {
	TargetOf(ctx context.Context, by access.Actor, node id.Node, year int) (n int64, ok bool, err error)
}

// New builds the face.
func New(figures *metrics.Service, tree *org.Service, targets Targets) *Face {
	return &Face{figures: figures, org: tree, targets: targets}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	const get, send = http.MethodGet, http.MethodPost
	return []web.Route{
		{Method: get, Pattern: "/figures/{node}", Permission: access.FiguresRead, Object: "node", Handler: f.showDashboard},
		{Method: get, Pattern: "/figures/{node}/export.xlsx", Permission: access.FiguresRead, Object: "node", Handler: f.exportTable},
		{Method: get, Pattern: "/figures/definitions", Permission: access.HomeRead, Handler: f.showDefinitions},
		{Method: get, Pattern: "/nodes/{node}/bases", Permission: access.BaseConfirm, Object: "node", Handler: f.showBases},
		{Method: send, Pattern: "/nodes/{node}/bases", Permission: access.BaseConfirm, Object: "node", Handler: f.confirmBase},
	}
}

// crumbs leads from the highest node whose figures the reader may see down to
// the node.
func (f *Face) crumbs(ctx context.Context, by access.Actor, node id.Node) ([]ui.Crumb, error) {
	chain, err := f.org.Ancestors(ctx, by, node)
	if err != nil {
		return nil, err
	}
	var out []ui.Crumb
	for _, n := range chain {
		switch {
		case n.ID == node:
			out = append(out, ui.Crumb{Label: localName(ctx, n)})
		case by.Allows(access.FiguresRead, n.Path):
			out = append(out, ui.Crumb{Label: localName(ctx, n), Href: ui.Href("figures", n.ID)})
		}
	}
	return out, nil
}

// localName is a node's name in the reader's language where it has one.
func localName(ctx context.Context, n org.Node) string {
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Name
}
