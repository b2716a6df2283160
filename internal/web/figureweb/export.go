package figureweb

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"

	"learnspace/internal/export"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/web"
)

// exportTable gives the dashboard's table as a workbook: for each rate both
// integers, hidden where the page hides them.
func (f *Face) exportTable(w http.ResponseWriter, r *http.Request) error {
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
	p := dashboardPage{Node: table.Node, All: table.All}
	t := export.Table{
		Title: i18n.T(ctx, "figure.export_title", localName(ctx, table.Node), i18n.Month(i18n.Lang(ctx), table.All.Month)),
		Notes: []string{p.asOf(ctx), i18n.T(ctx, "figure.base_line", p.base(ctx)), i18n.T(ctx, "figure.rows_note")},
	}
	for _, key := range exportColumns {
		t.Columns = append(t.Columns, export.Column{Title: i18n.T(ctx, key)})
	}
	t.Rows = export.Rows(append(exportRows(table, restName(ctx, table.Node), func(row metrics.Row) string { return localName(ctx, row.Node) }),
		exportTotal(i18n.T(ctx, "figure.total"), table.All)))
	var out bytes.Buffer
	if err := export.XLSX(&out, t); err != nil {
		return err
	}
	name := i18n.T(ctx, "figure.export_file", localName(ctx, table.Node), table.All.Month.String()) + ".xlsx"
	h := w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(out.Bytes())
	return err
}

// exportColumns are the headings of the workbook; the numbers are those of
// exportNumbers.
var exportColumns = []string{"figure.place", "figure.code",
	"figure.col_newly", "figure.col_cumulative",
	"figure.col_teacher_base", "figure.col_teacher_made", "figure.col_teacher_activated", "figure.col_teacher_verified", "figure.col_teacher_active",
	"figure.col_pupil_base", "figure.col_pupil_made", "figure.col_pupil_activated", "figure.col_pupil_verified", "figure.col_pupil_active",
	"figure.col_guardian_verified",
	"figure.col_schools", "figure.col_school_opened", "figure.col_classes", "figure.col_class_opened"}

// firstInstitution is the column from which numbers are not of persons.
const firstInstitution = 13

func exportNumbers(f *metrics.Figures) []int64 {
	return []int64{f.NewlyVerified.Sum(), f.CumulativeVerified.Sum(),
		f.Base.Teacher, f.Made.Teacher, f.Activated.Teacher, f.Verified.Teacher, f.Active.Teacher,
		f.Base.Pupil, f.Made.Pupil, f.Activated.Pupil, f.Verified.Pupil, f.Active.Pupil,
		f.Verified.Guardian,
		f.SchoolSpaces.Of, f.SchoolSpaces.Opened, f.ClassSpaces.Of, f.ClassSpaces.Opened}
}

func exportRows(t metrics.Table, rest string, name func(metrics.Row) string) [][]any {
	var all []*metrics.Figures
	var out [][]any
	for i := range t.Rows {
		all = append(all, &t.Rows[i].Figures)
		out = append(out, []any{name(t.Rows[i]), t.Rows[i].Node.Code})
	}
	if !t.Rest.Empty() {
		all = append(all, &t.Rest)
		out = append(out, []any{rest, ""})
	}
	for column := range exportNumbers(&t.All) {
		pick := func(f *metrics.Figures) int64 { return exportNumbers(f)[column] }
		hidden := make([]string, len(all))
		if column < firstInstitution {
			hidden = persons(all, pick)
		}
		for i, f := range all {
			n := pick(f)
			if column < firstInstitution && hidden[i] != i18n.Number(n) {
				out[i] = append(out[i], hidden[i])
				continue
			}
			out[i] = append(out[i], n)
		}
	}
	return out
}

func exportTotal(name string, f metrics.Figures) []any {
	out := []any{name, f.Node}
	for _, n := range exportNumbers(&f) {
		out = append(out, n)
	}
	return out
}
