package figureweb

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// pageRows is how many rows of a table stand on a page.
const pageRows = 50

// dashboardPage is the figures of a node.
type dashboardPage struct {
	Node   org.Node
	Name   string
	Crumbs []ui.Crumb
	All    metrics.Figures
	Months []metrics.MonthFigures
	Lines  []line
	Total  line
	Needs  []need
	Pages  ui.Pages
	Rows   int
	// Target is the target of the month's year, 0 for none, and Year what is
	// new since 1 January.
	Target, Year int64
}

// need is a reason for which something waits, with where.
type need struct {
	Icon string
	Tone int
	Text string
	Note string
	Href string
	Do   string
}

// monthOf reads the month of the query; 0 when there is none.
func monthOf(r *http.Request) (clock.Month, error) {
	m, err := clock.ParseMonth(r.FormValue("month"))
	if err != nil {
		return 0, fault.Wrap(fault.ErrNotFound, err, "figure.month_unknown")
	}
	return m, nil
}

func (f *Face) showDashboard(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	month, err := monthOf(r)
	if err != nil {
		return err
	}
	table, err := f.figures.Children(ctx, by, node, month)
	if err != nil {
		return err
	}
	p := dashboardPage{Node: table.Node, Name: localName(ctx, table.Node), All: table.All, Rows: len(table.Rows), Total: total(ctx, table.All)}
	if p.Months, err = f.figures.Months(ctx, by, node); err != nil {
		return err
	}
	if p.Crumbs, err = f.crumbs(ctx, by, node); err != nil {
		return err
	}
	if p.Target, _, err = f.targets.TargetOf(ctx, by, node, table.All.Month.Year()); err != nil {
		return err
	}
	p.Year = p.newInYear()
	if len(table.Rows) > 0 {
		p.Lines = lines(ctx, table.Rows, table.Rest, restName(ctx, table.Node))
	}
	for i, row := range table.Rows {
		p.Lines[i].Href = p.href(row.Node.ID)
	}
	p.Needs = needs(ctx, p, table)
	p.page(r)
	return web.Render(w, r, http.StatusOK, dashboardView(p))
}

// page keeps the rows of the page asked for.
func (p *dashboardPage) page(r *http.Request) {
	if len(p.Lines) <= pageRows+1 {
		return
	}
	at, err := strconv.Atoi(r.FormValue("page"))
	if err != nil || at < 1 || (at-1)*pageRows >= len(p.Lines) {
		at = 1
	}
	address := func(n int) string { return p.href(p.Node.ID) + "&page=" + strconv.Itoa(n) + "#rows" }
	last := (len(p.Lines) + pageRows - 1) / pageRows
	if at > 1 {
		p.Pages.Previous = address(at - 1)
	}
	if at < last {
		p.Pages.Next = address(at + 1)
	}
	p.Pages.Note = i18n.T(r.Context(), "figure.page", at, last, p.Rows)
	p.Lines = p.Lines[(at-1)*pageRows : min(at*pageRows, len(p.Lines))]
}

// href is the dashboard of another node for the same month.
func (p dashboardPage) href(node id.Node) string {
	return ui.Href("figures", node) + "?month=" + p.All.Month.String()
}

// restName says what stands beside the rows.
func restName(ctx context.Context, n org.Node) string {
	if n.IsSchool() {
		return i18n.T(ctx, "figure.rest_own")
	}
	return i18n.T(ctx, "figure.rest_moved")
}

// asOf says up to when the figures count.
func (p dashboardPage) asOf(ctx context.Context) string {
	l := i18n.Lang(ctx)
	switch {
	case p.All.AsOf.Before(p.All.Month.End()):
		return i18n.T(ctx, "figure.as_of_now", i18n.DateTime(l, p.All.AsOf))
	case p.All.Frozen:
		return i18n.T(ctx, "figure.as_of_frozen", i18n.Day(l, p.All.Month.Last()))
	}
	return i18n.T(ctx, "figure.as_of_open", i18n.Day(l, p.All.Month.Last()))
}

// base says where the base comes from.
func (p dashboardPage) base(ctx context.Context) string { return baseText(ctx, p.All.Base) }

func baseText(ctx context.Context, b metrics.Base) string {
	if b.Source == "" {
		return i18n.T(ctx, "figure.base_none")
	}
	return i18n.T(ctx, "figure.base_from", i18n.Key("figure.source."+b.Source), i18n.Day(i18n.Lang(ctx), b.Day))
}

// kind is the word for what the rows are.
func (p dashboardPage) kind(ctx context.Context) string {
	switch p.Node.Kind {
	case org.KindProvince:
		return i18n.T(ctx, "figure.rows_province")
	case org.KindPrefecture:
		return i18n.T(ctx, "figure.rows_prefecture")
	case org.KindSchool, org.KindCampus, org.KindPoint:
		return i18n.T(ctx, "figure.rows_school")
	}
	return i18n.T(ctx, "figure.rows_county")
}

// holiday months have no comparison with the month before (DOMAIN Q8).
func holiday(m clock.Month) bool { return slices.Contains([]int{1, 2, 7, 8}, int(m%100)) }

// monthName is a month in the choice.
func monthName(ctx context.Context, m metrics.MonthFigures) string {
	name := i18n.Month(i18n.Lang(ctx), m.Month)
	switch {
	case m.Frozen && holiday(m.Month):
		return i18n.T(ctx, "figure.month_frozen_holiday", name)
	case m.Frozen:
		return i18n.T(ctx, "figure.month_locked", name)
	case holiday(m.Month):
		return i18n.T(ctx, "figure.month_holiday", name)
	}
	return name
}

// cumulative gives the sum since the base day month by month, with the largest.
func (p dashboardPage) cumulative() (out []int64, top int64) {
	sum := int64(0)
	for _, m := range p.Months {
		if m.Month >= metrics.BaseMonth {
			sum += m.NewlyVerified.Sum()
		}
		out, top = append(out, sum), max(top, sum)
	}
	return out, top
}

// newInYear is what is new from 1 January up to the month shown.
func (p dashboardPage) newInYear() (sum int64) {
	for _, m := range p.Months {
		if m.Month.Year() == p.All.Month.Year() && m.Month <= p.All.Month {
			sum += m.NewlyVerified.Sum()
		}
	}
	return sum
}

// needs lists what waits, by cause and never by rank: where the roster has to be
// checked, which bases no office has confirmed, which schools and classes are
// not opened.
func needs(ctx context.Context, p dashboardPage, t metrics.Table) []need {
	var out []need
	type cause struct {
		key, icon string
		tone      int
		count     func(f *metrics.Figures) int64
	}
	for _, c := range []cause{
		{"figure.need_roster", "warning", 4, func(f *metrics.Figures) int64 {
			return max(f.Verified.Pupil-f.Base.Pupil, 0) + max(f.Verified.Teacher-f.Base.Teacher, 0)
		}},
		{"figure.need_school", "school", 3, func(f *metrics.Figures) int64 { return f.SchoolSpaces.Of - f.SchoolSpaces.Opened }},
		{"figure.need_class", "users", 2, func(f *metrics.Figures) int64 { return f.ClassSpaces.Of - f.ClassSpaces.Opened }},
		{"figure.need_pupil", "key", 1, func(f *metrics.Figures) int64 { return max(f.Base.Pupil-f.Verified.Pupil, 0) }},
	} {
		n := c.count(&t.All)
		if n <= 0 {
			continue
		}
		where, href := places(ctx, p, t, c.count)
		out = append(out, need{Icon: c.icon, Tone: c.tone, Text: i18n.T(ctx, c.key, n), Note: where, Href: href})
	}
	if !t.All.Confirmed() && t.All.Base.Source != "" {
		out = append(out, need{Icon: "doc", Tone: 1, Text: i18n.T(ctx, "figure.need_base"), Note: i18n.T(ctx, "figure.need_base_note")})
	}
	return out
}

// places names up to three of the rows in which most of the cause stands, and
// leads to the first.
func places(ctx context.Context, p dashboardPage, t metrics.Table, count func(*metrics.Figures) int64) (note, href string) {
	type place struct {
		name string
		n    int64
		at   id.Node
	}
	var all []place
	for i := range t.Rows {
		if n := count(&t.Rows[i].Figures); n >= 5 {
			all = append(all, place{localName(ctx, t.Rows[i].Node), n, t.Rows[i].Node.ID})
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(b.n, a.n) })
	href = p.href(all[0].at)
	var words []string
	for _, one := range all[:min(len(all), 3)] {
		words = append(words, i18n.T(ctx, "figure.need_where", one.name, one.n))
	}
	return strings.Join(words, i18n.T(ctx, "figure.comma")), href
}
