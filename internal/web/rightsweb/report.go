package rightsweb

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/paper"
	"learnspace/internal/rights"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// reportPage is the yearly report of a node.
type reportPage struct {
	ui.Page
	report rights.Report
	years  []ui.Tab
	paper  string
}

// report counts the year that the address names, this year where it names none.
func (f *Face) report(r *http.Request) (rights.Report, error) {
	ctx := r.Context()
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return rights.Report{}, err
	}
	year := clock.DayOf(web.Now(ctx)).Year()
	if text := strings.TrimSpace(r.FormValue("year")); text != "" {
		if n, err := strconv.Atoi(text); err == nil && n >= 2019 && n <= year {
			year = n
		}
	}
	return f.rights.Report(ctx, web.Actor(ctx), node, year)
}

func (p reportPage) address(below string) string {
	path := ui.Href("nodes", p.report.Node.ID, "privacy-report")
	if below != "" {
		path += "/" + below
	}
	return path + "?year=" + strconv.Itoa(p.report.Year)
}

func (f *Face) showReport(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	rep, err := f.report(r)
	if err != nil {
		return err
	}
	p := reportPage{report: rep, paper: paper.Fragment(rep.Document(rep.Node.Name))}
	now := clock.DayOf(web.Now(ctx)).Year()
	for year := now; year >= max(2019, now-4); year-- {
		p.years = append(p.years, ui.Tab{Label: strconv.Itoa(year), Active: year == rep.Year,
			Href: ui.Href("nodes", rep.Node.ID, "privacy-report") + "?year=" + strconv.Itoa(year)})
	}
	title := i18n.T(ctx, "report.title", rep.Year)
	p.Page = ui.Page{Title: title, Nav: "privacy", NoHead: true, Crumbs: crumbs(rep.Node, clock.DayOf(web.Now(ctx)), ui.Crumb{Label: title})}
	return web.Render(w, r, http.StatusOK, reportView(p))
}

func (f *Face) printReport(w http.ResponseWriter, r *http.Request) error {
	rep, err := f.report(r)
	if err != nil {
		return err
	}
	p := reportPage{report: rep, paper: paper.Fragment(rep.Document(rep.Node.Name))}
	p.Page = ui.Page{Title: i18n.T(r.Context(), "report.title", rep.Year), NoHead: true, Bare: true}
	return web.Render(w, r, http.StatusOK, printView(p))
}

// reportFile gives the report to take away; it holds no names and no numbers of
// persons.
func (f *Face) reportFile(format string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		rep, err := f.report(r)
		if err != nil {
			return err
		}
		d := rep.Document(rep.Node.Name)
		var out bytes.Buffer
		kind := docxType
		if format == "xlsx" {
			kind = xlsxType
			err = paper.XLSX(&out, d)
		} else {
			err = paper.DOCX(&out, d)
		}
		if err != nil {
			return err
		}
		web.Attachment(w, i18n.T(r.Context(), "report.file", rep.Node.Name, rep.Year)+"."+format, kind)
		_, err = w.Write(out.Bytes())
		return err
	}
}

// retentionPage shows what the rules would remove, in counts.
type retentionPage struct {
	ui.Page
	due []rights.Due
}

func (f *Face) showRetention(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	due, err := f.rights.DryRun(ctx, web.Actor(ctx))
	if err != nil {
		return err
	}
	p := retentionPage{due: due}
	p.Page = ui.Page{Title: i18n.T(ctx, "retention.title"), Lead: i18n.T(ctx, "retention.lead"), Nav: "retention"}
	return web.Render(w, r, http.StatusOK, retentionView(p))
}

// lastRun is when a rule ran and how much it removed.
func lastRun(ctx context.Context, d rights.Due) string {
	if d.LastAt.IsZero() {
		return i18n.T(ctx, "retention.never")
	}
	return i18n.T(ctx, "retention.last", i18n.Date(i18n.Lang(ctx), d.LastAt), d.Last)
}
