package web_test

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"learnspace/internal/web/ui"
)

// form is a page with one field, as a face would write it in templ.
func form(errs ui.Errors, value string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		body := templ.Join(ui.ErrorSummary(errs), ui.Field(ui.Input{Name: "name", Label: "姓名", Value: value, Error: errs.In("name")}))
		return ui.Layout(ui.Page{Title: "表单"}).Render(templ.WithChildren(ctx, body), w)
	})
}
