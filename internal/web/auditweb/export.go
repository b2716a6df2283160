package auditweb

import (
	"context"
	"iter"
	"net/http"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/export"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
)

// namesStep is for how many rows names are looked up at once.
const namesStep = 500

// export hands rows out as a file; that it did so is in the trail before the
// first row leaves.
func (f *Face) export(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	in := readForm(r)
	filter, errs, err := f.filter(ctx, by, in)
	if err != nil {
		return err
	}
	format := r.FormValue("format")
	if len(errs) > 0 || format != "csv" && format != "xlsx" {
		return fault.New(fault.ErrInvalid, "error.invalid_input")
	}
	rows, err := f.trail.Export(ctx, by, filter, format)
	if err != nil {
		return err
	}
	t := export.Table{Title: i18n.T(ctx, "audit.title"), Rows: f.cells(ctx, by, rows),
		Notes: []string{i18n.T(ctx, "audit.export_note", web.Now(ctx).In(clock.Zone).Format(time.DateTime), f.trail.Options.ExportRows)}}
	for _, key := range []string{"audit.col_number", "audit.col_place_in_chain", "audit.col_at", "audit.col_who", "audit.col_who_number", "audit.col_role",
		"audit.col_action", "audit.col_object", "audit.col_object_number", "audit.col_node", "audit.col_node_number", "audit.col_detail"} {
		t.Columns = append(t.Columns, export.Column{Title: i18n.T(ctx, key)})
	}
	name := "audit-" + clock.DayOf(web.Now(ctx)).String() + "." + format
	if format == "csv" {
		web.Attachment(w, name, "text/csv; charset=utf-8")
		return export.CSV(w, t)
	}
	web.Attachment(w, name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	return export.XLSX(w, t)
}

// cells are the rows of the file. Numbers go as text: a spreadsheet would round
// them.
func (f *Face) cells(ctx context.Context, by access.Actor, rows iter.Seq2[audit.Row, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		var page []audit.Row
		flush := func() bool {
			names, places, err := f.names(ctx, by, page)
			if err != nil {
				yield(nil, err)
				return false
			}
			for _, r := range page {
				d := dress(ctx, r, names, places)
				object := ""
				if r.Object != 0 {
					object = d.Object[len(r.Kind)+1:]
				}
				if !yield([]any{d.Number, r.Seq, r.At.In(clock.Zone).Format("2006-01-02 15:04:05.000"), d.Who, r.Actor.String(), r.Role,
					r.Action, r.Kind, object, d.Place, r.Node.String(), r.Detail}, nil) {
					return false
				}
			}
			page = page[:0]
			return true
		}
		for r, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if page = append(page, r); len(page) == namesStep && !flush() {
				return
			}
		}
		flush()
	}
}
