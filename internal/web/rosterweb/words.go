package rosterweb

import (
	"context"
	"sort"
	"strconv"
	"strings"

	"learnspace/internal/exchange/roster"
	"learnspace/internal/i18n"
	"learnspace/internal/org"
	"learnspace/internal/web/ui"
)

// steps is the chain of a batch with where it stands.
func steps(ctx context.Context, b roster.Batch) []ui.Step {
	now := map[roster.State]int{roster.Uploaded: 1, roster.Refused: 1, roster.Checked: 2, roster.Confirmed: 3, roster.Running: 3,
		roster.Done: 4, roster.Undone: 4, roster.Failed: 3, roster.Dropped: 2}[b.State]
	out := make([]ui.Step, 0, 5)
	for i, key := range []string{"roster.step.upload", "roster.step.check", "roster.step.confirm", "roster.step.import", "roster.step.done"} {
		s := ui.Step{Label: i18n.T(ctx, key)}
		switch {
		case i < now:
			s.State = "done"
		case i == now:
			s.State = "now"
		}
		out = append(out, s)
	}
	return out
}

func stateKind(s roster.State) string {
	switch s {
	case roster.Done:
		return "success"
	case roster.Checked:
		return "warning"
	case roster.Refused, roster.Failed:
		return "danger"
	case roster.Uploaded, roster.Confirmed, roster.Running:
		return "info"
	}
	return ""
}

func transferKind(state string) string {
	switch state {
	case "accepted":
		return "success"
	case "refused":
		return "danger"
	case "pending":
		return "warning"
	}
	return ""
}

// batchNote says when and by whom, and what came of it.
func batchNote(ctx context.Context, b roster.Batch) string {
	when := i18n.When(i18n.Lang(ctx), b.MadeAt, ui.FrameOf(ctx).Now)
	if b.Busy() && b.Total > 0 {
		return i18n.T(ctx, "roster.batches.progress", when, b.ByName, i18n.Fraction(b.Taken, b.Total))
	}
	return i18n.T(ctx, "roster.batches.note", when, b.ByName)
}

// hasReport reports whether there is something to show of the rows.
func hasReport(b roster.Batch) bool {
	switch b.State {
	case roster.Checked, roster.Done, roster.Undone:
		return true
	}
	return false
}

func refusedName(p batchPage) string {
	for _, f := range p.report.Files {
		if f.Refused != "" {
			return f.File
		}
	}
	return first(p.batch.Names)
}

func summaryKind(r roster.Report) string {
	if r.Totals.Rejected > 0 {
		return "warning"
	}
	return "success"
}

func summaryText(ctx context.Context, r roster.Report) string {
	if r.Totals.Rejected > 0 {
		return i18n.T(ctx, "roster.summary.some", r.Totals.Rows, r.Totals.Rejected, r.Totals.Rows-r.Totals.Rejected)
	}
	return i18n.T(ctx, "roster.summary.clean", r.Totals.Rows)
}

func classesTitle(ctx context.Context, p batchPage) string {
	if p.batch.State == roster.Checked {
		return i18n.T(ctx, "roster.classes.title", len(p.report.Classes))
	}
	return i18n.T(ctx, "roster.classes.made", len(p.report.Classes))
}

// className is a class with its school, where the page is about several.
func className(n org.Node, c roster.NewClass) string {
	if n.ID == c.School {
		return c.Name
	}
	return c.SchoolName + c.Name
}

func fileName(f roster.FileReport) string {
	if f.Sheet == "" {
		return f.File
	}
	return f.File + "（" + f.Sheet + "）"
}

// encodingKey is the end of the message key of an encoding.
func encodingKey(encoding string) string { return strings.ReplaceAll(encoding, "-", "_") }

// column is one column of a file with the field it was read as.
type column struct{ source, field string }

func sortedColumns(f roster.FileReport) []column {
	out := make([]column, 0, len(f.Columns))
	for source, field := range f.Columns {
		out = append(out, column{source, field})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].source < out[j].source })
	return out
}

// confirmPairs says once more what the click does.
func confirmPairs(ctx context.Context, p batchPage) []ui.Pair {
	t := p.report.Totals
	persons := func(n int64) string { return strconv.FormatInt(n, 10) + i18n.T(ctx, "roster.unit.persons") }
	out := []ui.Pair{
		{Name: i18n.T(ctx, "roster.count.new"), Value: persons(t.New)},
		{Name: i18n.T(ctx, "roster.count.changed"), Value: persons(t.Changed)},
	}
	if t.Moved > 0 {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "roster.count.moved"), Value: persons(t.Moved)})
	}
	if n := len(p.report.Classes); n > 0 {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "roster.confirm.classes"), Value: strconv.Itoa(n)})
	}
	if t.Rejected > 0 {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "roster.count.rejected"), Value: i18n.T(ctx, "roster.confirm.rejected", t.Rejected)})
	}
	return out
}
