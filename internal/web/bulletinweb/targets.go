package bulletinweb

import (
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// targetsPage is the targets of a year, unit by unit.
type targetsPage struct {
	Year   int
	Years  []int
	Rows   []bulletin.UnitTarget
	Sum    int64
	Done   int64
	Chosen *bulletin.UnitTarget
	Form   targetForm
	Errors ui.Errors
}

type targetForm struct{ N, Document string }

func (f *Face) showTargets(w http.ResponseWriter, r *http.Request) error {
	return f.renderTargets(w, r, http.StatusOK, nil, nil)
}

// firstYear is the first for which there are targets.
const firstYear = 2019

func yearOf(r *http.Request) int {
	year, err := strconv.Atoi(r.FormValue("year"))
	if err != nil || year < firstYear {
		return web.Now(r.Context()).Year()
	}
	return year
}

func (f *Face) renderTargets(w http.ResponseWriter, r *http.Request, status int, form *targetForm, errs ui.Errors) error {
	ctx := r.Context()
	p := targetsPage{Year: yearOf(r), Errors: errs}
	for y := web.Now(ctx).Year() + 1; y >= firstYear; y-- {
		p.Years = append(p.Years, y)
	}
	var err error
	if p.Rows, err = f.bulletins.Targets(ctx, web.Actor(ctx), p.Year); err != nil {
		return err
	}
	node := web.FormID[id.Node](r, "node")
	for i := range p.Rows {
		row := &p.Rows[i]
		p.Sum, p.Done = p.Sum+row.Target.N, p.Done+row.Done
		if row.Node.ID == node {
			p.Chosen = row
			p.Form = targetForm{N: strconv.FormatInt(row.Target.N, 10)}
		}
	}
	if node != 0 && p.Chosen == nil {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	if form != nil {
		p.Form = *form
	}
	return web.Render(w, r, status, targetsView(p))
}

func (f *Face) setTarget(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := targetForm{N: strings.TrimSpace(r.FormValue("n")), Document: strings.TrimSpace(r.FormValue("document"))}
	year := yearOf(r)
	n, err := strconv.ParseInt(form.N, 10, 32)
	if err != nil {
		err = fault.Invalid(fault.At("n", "bulletin.number_range"))
	} else {
		err = f.bulletins.SetTarget(ctx, web.Actor(ctx), web.FormID[id.Node](r, "node"), year, n, form.Document)
	}
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderTargets(w, r, http.StatusUnprocessableEntity, &form, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "bulletin.done.target")
	return web.Redirect(w, r, "/targets?year="+strconv.Itoa(year))
}

// targetHref is the page with the form for a unit.
func (p targetsPage) targetHref(node id.Node) string {
	return "/targets?year=" + strconv.Itoa(p.Year) + "&node=" + node.String()
}

func yearTabs(p targetsPage) []ui.Tab {
	var out []ui.Tab
	for _, y := range p.Years {
		out = append(out, ui.Tab{Label: strconv.Itoa(y), Href: "/targets?year=" + strconv.Itoa(y), Active: y == p.Year})
	}
	return out
}

func targetDo(row bulletin.UnitTarget) string {
	if row.Target.Version == 0 {
		return "bulletin.target_enter"
	}
	return "bulletin.target_change"
}
