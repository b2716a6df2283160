package custodyweb

import (
	"context"
	"slices"

	"learnspace/internal/custody"
	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

// tabs are the kinds of file.
func (p askPage) tabs(ctx context.Context) []ui.Tab {
	var out []ui.Tab
	for _, k := range p.Kinds {
		out = append(out, ui.Tab{Label: i18n.T(ctx, "custody.kind."+string(k)),
			Href: "/exports/new?kind=" + string(k) + "&node=" + p.Node.ID.String(), Active: k == p.Kind})
	}
	return out
}

// nodes are the school and its classes.
func (p askPage) nodes(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, n := range p.Classes {
		out = append(out, ui.Option{Value: n.ID.String(), Label: label(ctx, n)})
	}
	return out
}

// fields are what the file may hold beside the name.
func (p askPage) fields(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, f := range p.Kind.Fields() {
		if f != "name" {
			out = append(out, ui.Option{Value: f, Label: i18n.T(ctx, "custody.field."+f)})
		}
	}
	return out
}

// chosen reports whether a field is ticked: at first everything but the numbers,
// which are asked for on purpose.
func (p askPage) chosen(field string) bool {
	if p.Fields == nil {
		return field != "id_no" && field != "student_no"
	}
	return slices.Contains(p.Fields, field)
}

// downloadName says who took a file.
func downloadName(ctx context.Context, d custody.Download) string {
	if d.ByName == "" {
		return i18n.T(ctx, "custody.looks.command")
	}
	return d.ByName
}
