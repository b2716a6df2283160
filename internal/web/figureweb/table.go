package figureweb

import (
	"context"

	"learnspace/internal/i18n"
	"learnspace/internal/metrics"
	"learnspace/internal/paper"
)

// minBase is the smallest base on which a rate stands (DOMAIN 3).
const minBase = 30

// rate is a numerator over its base, as a cell shows it.
type rate struct {
	Label string
	Text  string // 85.3%, — or the note that the roster has to be checked
	Frac  string // 2,075 / 2,432
}

// rateText writes a rate by the rules of tables: none on a small base, and no
// rate at all where the base is smaller than its part.
func rateText(ctx context.Context, num, den int64) string {
	switch {
	case num > den:
		return i18n.T(ctx, "figure.unchecked")
	case den < minBase:
		return paper.None
	}
	return i18n.Rate(num, den)
}

// measure is one rate of a table.
type measure struct {
	key     string // of its heading
	persons bool   // small counts are hidden
	parts   func(f *metrics.Figures) (num, den int64)
}

// measures are the rates of the dashboard's table, in order.
var measures = []measure{
	{"figure.teacher_verified", true, func(f *metrics.Figures) (int64, int64) { return f.Verified.Teacher, f.Base.Teacher }},
	{"figure.pupil_verified", true, func(f *metrics.Figures) (int64, int64) { return f.Verified.Pupil, f.Base.Pupil }},
	{"figure.school_opened", false, func(f *metrics.Figures) (int64, int64) { return f.SchoolSpaces.Opened, f.SchoolSpaces.Of }},
	{"figure.class_opened", false, func(f *metrics.Figures) (int64, int64) { return f.ClassSpaces.Opened, f.ClassSpaces.Of }},
	{"figure.teacher_active", true, func(f *metrics.Figures) (int64, int64) { return f.Active.Teacher, f.Verified.Teacher }},
	{"figure.pupil_active", true, func(f *metrics.Figures) (int64, int64) { return f.Active.Pupil, f.Verified.Pupil }},
}

// line is one row of the table.
type line struct {
	Name       string
	Href       string
	Note       string
	Newly      string
	Cumulative string
	Rates      []rate
}

// lines writes the rows side by side: what would tell of fewer than five
// persons is hidden in each column, with a second cell where the sum would give
// it away.
func lines(ctx context.Context, rows []metrics.Row, rest metrics.Figures, restName string) []line {
	all := make([]*metrics.Figures, 0, len(rows)+1)
	out := make([]line, 0, len(rows)+1)
	for i := range rows {
		all = append(all, &rows[i].Figures)
		out = append(out, line{Name: localName(ctx, rows[i].Node)})
	}
	if !rest.Empty() {
		all = append(all, &rest)
		out = append(out, line{Name: restName})
	}
	for i, text := range persons(all, func(f *metrics.Figures) int64 { return f.NewlyVerified.Sum() }) {
		out[i].Newly = text
	}
	for i, text := range persons(all, func(f *metrics.Figures) int64 { return f.CumulativeVerified.Sum() }) {
		out[i].Cumulative = text
	}
	for _, m := range measures {
		nums, dens := column(all, m, 0), column(all, m, 1)
		for i, f := range all {
			num, den := m.parts(f)
			r := rate{Label: i18n.T(ctx, m.key), Text: paper.None, Frac: nums[i] + " / " + dens[i]}
			// A rate would give a hidden count away.
			if nums[i] == i18n.Number(num) && dens[i] == i18n.Number(den) {
				r.Text = rateText(ctx, num, den)
			}
			out[i].Rates = append(out[i].Rates, r)
		}
	}
	return out
}

// column writes the numerators (0) or bases (1) of a measure.
func column(all []*metrics.Figures, m measure, which int) []string {
	pick := func(f *metrics.Figures) int64 {
		num, den := m.parts(f)
		return [2]int64{num, den}[which]
	}
	if m.persons {
		return persons(all, pick)
	}
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = i18n.Number(pick(f))
	}
	return out
}

// persons writes a column of counts of persons.
func persons(all []*metrics.Figures, pick func(*metrics.Figures) int64) []string {
	parts, out := make([]int64, len(all)), make([]string, len(all))
	for i, f := range all {
		parts[i] = pick(f)
	}
	for i, hidden := range paper.Conceal(parts) {
		switch {
		case !hidden:
			out[i] = i18n.Number(parts[i])
		case parts[i] < 5:
			out[i] = i18n.Few(parts[i])
		default:
			out[i] = paper.None
		}
	}
	return out
}

// total is the last row: it is printed as it is.
func total(ctx context.Context, f metrics.Figures) line {
	out := line{Name: i18n.T(ctx, "figure.total"), Newly: i18n.Number(f.NewlyVerified.Sum()), Cumulative: i18n.Number(f.CumulativeVerified.Sum())}
	for _, m := range measures {
		num, den := m.parts(&f)
		out.Rates = append(out.Rates, rate{Label: i18n.T(ctx, m.key), Text: rateText(ctx, num, den), Frac: i18n.Fraction(num, den)})
	}
	return out
}
