package figureweb

import (
	"context"
	"net/http"
	"strconv"

	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// basesPage is the schools of an office with their enrolment bases, and the
// form for one of them.
type basesPage struct {
	Node   org.Node
	Name   string
	Rows   []metrics.UnitBase
	Total  int
	Open   int // rows without a confirmed base
	Pages  ui.Pages
	Chosen *metrics.UnitBase
	Form   baseForm
	Errors ui.Errors
}

// lead says how many schools there are and wait; an office that manages none is
// only told what the numbers are for.
func (p basesPage) lead(ctx context.Context) string {
	if p.Total == 0 {
		return i18n.T(ctx, "figure.bases_what")
	}
	return i18n.T(ctx, "figure.bases_lead", p.Name, p.Total, p.Open)
}

// baseForm is what was typed; it survives a refusal.
type baseForm struct {
	Pupil, Teacher, AgePupil, Source, Day, Document string
}

func (f *Face) showBases(w http.ResponseWriter, r *http.Request) error {
	return f.renderBases(w, r, http.StatusOK, web.FormID[id.Node](r, "school"), nil, nil)
}

// renderBases shows the list, and the form of the school when one is chosen.
func (f *Face) renderBases(w http.ResponseWriter, r *http.Request, status int, school id.Node, form *baseForm, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	p := basesPage{Node: n, Name: localName(ctx, n), Errors: errs}
	if p.Rows, err = f.figures.Bases(ctx, by, node); err != nil {
		return err
	}
	for i := range p.Rows {
		if p.Rows[i].Confirmed.At.IsZero() {
			p.Open++
		}
		if p.Rows[i].Node.ID == school {
			p.Chosen = &p.Rows[i]
		}
	}
	if school != 0 && p.Chosen == nil {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	switch {
	case form != nil:
		p.Form = *form
	case p.Chosen != nil:
		p.Form = proposal(*p.Chosen, clock.DayOf(web.Now(ctx)))
	}
	p.page(r)
	return web.Render(w, r, status, basesView(p))
}

// proposal fills the form with what is known: the roster's count, else the base
// that holds.
func proposal(u metrics.UnitBase, today clock.Day) baseForm {
	from, source := u.Roster, metrics.SourceRoster
	if from.At.IsZero() {
		from = u.Confirmed
	}
	if from.At.IsZero() {
		return baseForm{Source: metrics.SourceDeclared, Day: today.String()}
	}
	return baseForm{Pupil: itoa(from.Pupil), Teacher: itoa(from.Teacher), AgePupil: itoa(from.AgePupil), Source: source, Day: from.Day.String()}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// page keeps the rows of the page asked for.
func (p *basesPage) page(r *http.Request) {
	p.Total = len(p.Rows)
	last := (p.Total + pageRows - 1) / pageRows
	if last <= 1 {
		return
	}
	at, err := strconv.Atoi(r.FormValue("page"))
	if err != nil || at < 1 || at > last {
		at = 1
	}
	address := func(n int) string { return ui.Href("nodes", p.Node.ID, "bases") + "?page=" + strconv.Itoa(n) }
	if at > 1 {
		p.Pages.Previous = address(at - 1)
	}
	if at < last {
		p.Pages.Next = address(at + 1)
	}
	p.Pages.Note = i18n.T(r.Context(), "figure.page", at, last, p.Total)
	p.Rows = p.Rows[(at-1)*pageRows : min(at*pageRows, p.Total)]
}

func (f *Face) confirmBase(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	school := web.FormID[id.Node](r, "school")
	form := baseForm{Pupil: r.FormValue("pupil"), Teacher: r.FormValue("teacher"), AgePupil: r.FormValue("age_pupil"),
		Source: r.FormValue("source"), Day: r.FormValue("day"), Document: r.FormValue("document")}
	in, err := form.read()
	if err == nil {
		err = f.figures.ConfirmBase(ctx, by, school, in)
	}
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderBases(w, r, http.StatusUnprocessableEntity, school, &form, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "figure.base_done")
	return web.Redirect(w, r, ui.Href("nodes", node, "bases"))
}

// read turns the texts into numbers; a text that is none is a field at fault.
func (b baseForm) read() (metrics.BaseInput, error) {
	in := metrics.BaseInput{Source: b.Source, Document: b.Document}
	var bad []fault.Field
	for _, n := range []struct {
		name, text string
		into       *int64
	}{{"pupil", b.Pupil, &in.Pupil}, {"teacher", b.Teacher, &in.Teacher}, {"age_pupil", b.AgePupil, &in.AgePupil}} {
		v, err := strconv.ParseInt(n.text, 10, 32)
		if err != nil {
			bad = append(bad, fault.At(n.name, "figure.base_number"))
		}
		*n.into = v
	}
	day, err := clock.ParseDay(b.Day)
	if err != nil || day == 0 {
		bad = append(bad, fault.At("day", "figure.base_day"))
	}
	in.Day = day
	if len(bad) > 0 {
		return in, fault.Invalid(bad...)
	}
	return in, nil
}

// offersRoster reports whether the roster's count would change the base.
func offersRoster(u metrics.UnitBase) bool {
	if u.Roster.At.IsZero() {
		return false
	}
	r, c := u.Roster, u.Confirmed
	return c.At.IsZero() || r.Pupil != c.Pupil || r.Teacher != c.Teacher || r.AgePupil != c.AgePupil
}

// sourceKey is the word of a row's source: a roster that an office confirmed is
// another thing than one that it did not.
func sourceKey(b metrics.BaseRow) string {
	if b.Source == metrics.SourceRoster && b.Confirmed {
		return metrics.SourceRosterConfirmed
	}
	return b.Source
}

func sourceOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, s := range []string{metrics.SourceRoster, metrics.SourceStatistics, metrics.SourceDeclared} {
		out = append(out, ui.Option{Value: s, Label: i18n.T(ctx, "figure.source_choice."+s)})
	}
	return out
}
