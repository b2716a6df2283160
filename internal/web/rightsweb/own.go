package rightsweb

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/custody"
	"learnspace/internal/export"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/rights"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// looked is how many looks a page shows.
const looked = 20

// ownPage lets the reader choose of whom he wants to know.
type ownPage struct {
	ui.Page
	me     id.Person
	family []person.Person
}

func (f *Face) showOwn(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	p := ownPage{me: by.Person}
	var err error
	if p.family, err = f.rights.Family(ctx, by); err != nil {
		return err
	}
	if len(p.family) == 1 {
		return web.Redirect(w, r, ui.Href("rights", by.Person))
	}
	p.Page = ui.Page{Title: i18n.T(ctx, "rights.title"), Lead: i18n.T(ctx, "rights.lead"), Nav: "rights"}
	return web.Render(w, r, http.StatusOK, ownView(p))
}

// personPage shows what is held about one person and who looked at it.
type personPage struct {
	ui.Page
	held     rights.Held
	me       id.Person
	mine     bool // the reader himself or his child
	child    bool
	looks    []custody.Look
	pager    ui.Pages
	requests []rights.Request
	form     rights.Asking
	errs     ui.Errors
	today    clock.Day
}

func (f *Face) showPerson(w http.ResponseWriter, r *http.Request) error {
	return f.renderPerson(w, r, http.StatusOK, rights.Asking{}, nil)
}

func (f *Face) renderPerson(w http.ResponseWriter, r *http.Request, status int, form rights.Asking, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if to, err := f.people.Resolve(ctx, by, who); err == nil && to != who {
		return web.Redirect(w, r, ui.Href("rights", to))
	}
	p := personPage{me: by.Person, form: form, errs: errs, today: clock.DayOf(web.Now(ctx)), child: person.Guards(by, who)}
	p.mine = by.Person == who || p.child
	if p.held, err = f.rights.Held(ctx, by, who); err != nil {
		return err
	}
	before := web.FormID[id.Look](r, "before")
	if p.looks, err = f.looks.LooksAt(ctx, by, who, before, looked+1); err != nil {
		return err
	}
	if len(p.looks) > looked {
		p.looks = p.looks[:looked]
		p.pager.Next = ui.Href("rights", who) + "?before=" + p.looks[looked-1].ID.String() + "#looks"
	}
	if before != 0 {
		p.pager.Previous = ui.Href("rights", who) + "#looks"
	}
	if p.requests, err = f.rights.Mine(ctx, by, who); err != nil {
		return err
	}
	title := i18n.T(ctx, "rights.title_of", p.held.Name)
	if by.Person == who {
		title = i18n.T(ctx, "rights.title_me")
	}
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "rights.lead_one"), Nav: "rights"}
	if len(by.Wards) > 0 {
		p.Crumbs = []ui.Crumb{{Label: i18n.T(ctx, "rights.title"), Href: "/rights"}, {Label: title}}
	}
	return web.Render(w, r, status, personView(p))
}

// facts lists what is held, numbers masked.
func facts(ctx context.Context, h rights.Held) []ui.Pair {
	masked := func(tail string) string {
		if tail == "" {
			return i18n.T(ctx, "merge.none")
		}
		return i18n.T(ctx, "merge.tail", tail)
	}
	ethnic := i18n.T(ctx, "merge.none")
	if g, ok := codes.FindEthnic(h.Ethnic); ok {
		ethnic = g.Name
	}
	out := []ui.Pair{
		{Name: i18n.T(ctx, "merge.name"), Value: h.Name},
		{Name: i18n.T(ctx, "merge.sex"), Value: i18n.T(ctx, "merge.sex."+string(rune('0'+h.Sex)))},
		{Name: i18n.T(ctx, "merge.birth"), Value: dayText(ctx, h.Birth)},
		{Name: i18n.T(ctx, "rights.ethnic"), Value: ethnic},
		{Name: i18n.T(ctx, "merge.number"), Value: masked(h.IDTail)},
		{Name: i18n.T(ctx, "rights.phone"), Value: masked(h.PhoneTail)},
	}
	if h.Role == person.RolePupil {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "merge.student_no"), Value: masked(h.StudentTail)})
	}
	state := "made"
	switch {
	case h.EndedAs != "":
		state = h.EndedAs
	case !h.Verified.IsZero():
		state = "verified"
	case !h.Activated.IsZero():
		state = "activated"
	}
	return append(out, ui.Pair{Name: i18n.T(ctx, "merge.state"), Value: i18n.T(ctx, "merge.state."+state)})
}

// line is one row of what is held, for the page and for the file.
type line struct{ what, value, since string }

// placeLines are the schools and classes, now and before.
func placeLines(ctx context.Context, h rights.Held) []line {
	var out []line
	for _, a := range h.Places {
		at := h.Labels[a.Unit]
		if a.Node != a.Unit {
			at += " " + h.Labels[a.Node]
		}
		span := i18n.T(ctx, "rights.since", dayText(ctx, a.From))
		if a.To != 0 {
			span = i18n.T(ctx, "rights.until", dayText(ctx, a.From), dayText(ctx, a.To))
		}
		out = append(out, line{i18n.T(ctx, "role."+a.Role), at, span})
	}
	return out
}

// bondLines are guardians or children.
func bondLines(ctx context.Context, key string, all []person.Bond) []line {
	var out []line
	for _, b := range all {
		out = append(out, line{i18n.T(ctx, key), b.Name, i18n.T(ctx, "rights.bond."+b.Status)})
	}
	return out
}

// consentLines are the answers that were given.
func consentLines(ctx context.Context, h rights.Held) []line {
	var out []line
	for _, c := range h.Consents {
		out = append(out, line{i18n.T(ctx, "rights.purpose."+c.Purpose), i18n.T(ctx, "rights.answer."+c.Answer), i18n.Date(i18n.Lang(ctx), c.At)})
	}
	return out
}

// copy gives what is held as a file. Whole numbers are handed over by the
// school, face to face, on request.
func (f *Face) copy(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if by.Person != who && !person.Guards(by, who) {
		return fault.New(fault.ErrNotFound, "rights.missing") // others have the way of an export
	}
	h, err := f.rights.Held(ctx, by, who)
	if err != nil {
		return err
	}
	looks, err := f.looks.LooksAt(ctx, by, who, 0, 500)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, p := range facts(ctx, h) {
		rows = append(rows, []any{p.Name, p.Value, ""})
	}
	for _, lines := range [][]line{placeLines(ctx, h), bondLines(ctx, "rights.guardian", h.Guardians), bondLines(ctx, "rights.ward", h.Wards), consentLines(ctx, h)} {
		for _, l := range lines {
			rows = append(rows, []any{l.what, l.value, l.since})
		}
	}
	for _, l := range looks {
		rows = append(rows, []any{i18n.T(ctx, "rights.looks"), lookText(ctx, l), i18n.DateTime(i18n.Lang(ctx), l.At)})
	}
	t := export.Table{Title: i18n.T(ctx, "rights.file", h.Name), Notes: []string{i18n.T(ctx, "rights.file_note")},
		Columns: []export.Column{{Title: i18n.T(ctx, "rights.col.what"), Width: 24}, {Title: i18n.T(ctx, "rights.col.value"), Width: 40}, {Title: i18n.T(ctx, "rights.col.note"), Width: 30}},
		Rows:    export.Rows(rows)}
	var out bytes.Buffer
	if err := export.XLSX(&out, t); err != nil {
		return err
	}
	web.Attachment(w, i18n.T(ctx, "rights.file", h.Name)+".xlsx", xlsxType)
	_, err = w.Write(out.Bytes())
	return err
}

const (
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// lookText says who looked at what and why.
func lookText(ctx context.Context, l custody.Look) string {
	who := i18n.T(ctx, "rights.command_line")
	if l.ByName != "" {
		who = i18n.T(ctx, "rights.looker", l.ByName, i18n.T(ctx, "role."+string(l.Role)))
	}
	what := i18n.T(ctx, "rights.what."+whatWord(l.What))
	if l.Reason == "" {
		return i18n.T(ctx, "rights.look", who, what)
	}
	return i18n.T(ctx, "rights.look_why", who, what, i18n.T(ctx, "custody.reason."+l.Reason))
}

// whatWord is what was looked at in one of the words of the catalogue.
func whatWord(what string) string {
	switch what {
	case "profile", "id_no", "student_no", "phone", "search", "export":
		return what
	}
	return "other"
}

// kindOptions are what the reader can ask.
func (p personPage) kindOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, kind := range rights.Kinds() {
		if kind == rights.Withdraw && (p.held.Role != person.RolePupil || !p.mine || !p.child && p.held.Under14(p.today)) {
			continue
		}
		out = append(out, ui.Option{Value: kind, Label: i18n.T(ctx, "rights.kind."+kind), Hint: i18n.T(ctx, "rights.kind_hint."+kind)})
	}
	return out
}

func (p personPage) fieldOptions(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: i18n.T(ctx, "rights.field_none")}}
	for _, field := range merge.Fields() {
		if field != merge.FieldStudentNo || p.held.Role == person.RolePupil {
			out = append(out, ui.Option{Value: field, Label: i18n.T(ctx, "correct.field."+field)})
		}
	}
	return out
}

func (f *Face) ask(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	a := rights.Asking{Kind: r.FormValue("kind"), Subject: who, Field: r.FormValue("field"), Value: r.FormValue("value"), Text: r.FormValue("text"), Key: r.FormValue("_key")}
	made, err := f.rights.Ask(ctx, web.Actor(ctx), a)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderPerson(w, r, http.StatusUnprocessableEntity, a, errs)
	}
	if errors.Is(err, fault.ErrTooMany) {
		key, args := fault.Message(err)
		return f.renderPerson(w, r, http.StatusUnprocessableEntity, a, ui.Errors{{Name: "kind", Text: i18n.T(ctx, key, args...)}})
	}
	if err != nil {
		return err
	}
	if made.State == rights.Answered {
		web.Flash(w, r, "rights.withdrawn")
	} else {
		web.Flash(w, r, "rights.asked", dayText(ctx, made.DueOn))
	}
	return web.Redirect(w, r, ui.Href("rights", who))
}

func (f *Face) close(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	request, err := web.PathID[id.Request](r, "request")
	if err != nil {
		return err
	}
	if err := f.rights.Close(ctx, web.Actor(ctx), request); err != nil {
		return err
	}
	web.Flash(w, r, "rights.closed")
	if who := web.FormID[id.Person](r, "person"); who != 0 {
		return web.Redirect(w, r, ui.Href("rights", who))
	}
	return web.Redirect(w, r, "/rights")
}

// actorAnswers reports whether the reader answers requests here.
func actorAnswers(ctx context.Context) bool { return web.Permitted(ctx, access.RightsAnswer) }
