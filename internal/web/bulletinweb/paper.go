package bulletinweb

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/paper"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// paperPage is one bulletin with what the reader may do with it.
type paperPage struct {
	View   bulletin.View
	Paper  string // the paper as HTML, escaped by its writer
	Now    time.Time
	Form   forms
	Errors ui.Errors
}

// forms is what was typed into a form that came back.
type forms struct {
	Problems, Next  string
	Reason          string
	Early           string
	Figure, Number  string
	Outcome, Answer string
	Node            id.Node // of an answer
}

func (f *Face) showPaper(w http.ResponseWriter, r *http.Request) error {
	return f.renderPaper(w, r, http.StatusOK, nil, nil)
}

// renderPaper shows the page, after a refusal with the form as it was.
func (f *Face) renderPaper(w http.ResponseWriter, r *http.Request, status int, form *forms, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	month, err := monthOf(r)
	if err != nil {
		return err
	}
	v, err := f.bulletins.Show(ctx, by, month, 0)
	if err != nil {
		return err
	}
	p := paperPage{View: v, Now: web.Now(ctx), Errors: errs, Form: forms{Problems: v.Problems, Next: v.Next}}
	if form != nil {
		p.Form = *form
		if p.Form.Problems == "" && p.Form.Next == "" {
			p.Form.Problems, p.Form.Next = v.Problems, v.Next
		}
	}
	if !v.Whole {
		return web.Render(w, r, status, rowView(p))
	}
	p.Paper = paper.Fragment(v.Content.Document())
	return web.Render(w, r, status, paperView(p))
}

// printPaper is the paper alone.
func (f *Face) printPaper(w http.ResponseWriter, r *http.Request) error {
	month, err := monthOf(r)
	if err != nil {
		return err
	}
	v, err := f.bulletins.Show(r.Context(), web.Actor(r.Context()), month, 0)
	if err != nil {
		return err
	}
	if !v.Whole {
		return web.Redirect(w, r, address(month))
	}
	return web.Render(w, r, http.StatusOK, printView(paperPage{View: v, Paper: paper.Fragment(v.Content.Document())}))
}

// file gives the paper to take away.
func (f *Face) file(format string) web.Handler {
	kinds := map[string]string{
		bulletin.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		bulletin.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		month, err := monthOf(r)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := f.bulletins.Render(r.Context(), web.Actor(r.Context()), month, 0, format, &out); err != nil {
			return err
		}
		name := i18n.T(r.Context(), "bulletin.file", month.String()) + "." + format
		h := w.Header()
		h.Set("Content-Type", kinds[format])
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
		h.Set("Content-Length", strconv.Itoa(out.Len()))
		h.Set("Cache-Control", "no-store")
		_, err = w.Write(out.Bytes())
		return err
	}
}

// itemTitle is 10月通报 or, once issued, 第8期 · 2019年10月.
func itemTitle(ctx context.Context, b bulletin.Bulletin) string {
	if b.Number > 0 {
		return i18n.T(ctx, "bulletin.numbered", b.Number, monthName(ctx, b.Month))
	}
	return i18n.T(ctx, "bulletin.of_month", monthName(ctx, b.Month))
}

// itemNote says what comes next, or when it was issued.
func itemNote(ctx context.Context, b bulletin.Bulletin) string {
	if b.State == bulletin.Issued {
		return i18n.T(ctx, "bulletin.issued_on", i18n.Date(i18n.Lang(ctx), b.IssuedAt))
	}
	return i18n.T(ctx, "bulletin.waits."+string(b.State))
}

func stateTone(s bulletin.State) string {
	switch s {
	case bulletin.Issued:
		return "success"
	case bulletin.Returned:
		return "danger"
	case bulletin.Frozen:
		return "info"
	}
	return "warning"
}

func frozenText(ctx context.Context, v bulletin.View) string {
	l := i18n.Lang(ctx)
	return i18n.T(ctx, "bulletin.frozen_text", i18n.DateTime(l, v.FrozenAt), i18n.Day(l, v.Month.Last()), i18n.Day(l, v.ReviewFrom), i18n.Day(l, v.ReviewTo))
}

// chainSteps are the steps of the paper; the check by the units runs beside
// them until its last day has passed.
func chainSteps(ctx context.Context, v bulletin.View, now time.Time) []ui.Step {
	order := []bulletin.State{bulletin.Frozen, bulletin.Drafted, bulletin.Checked, bulletin.Signed, bulletin.Issued}
	at := 0
	for i, s := range order {
		if v.State == s {
			at = i
		}
	}
	state := func(i int) string {
		switch {
		case i <= at:
			return "done"
		case i == at+1:
			return "now"
		}
		return ""
	}
	review := "now"
	if v.State == bulletin.Issued || !now.Before(v.ReviewEnds()) {
		review = "done"
	}
	return []ui.Step{
		{Label: i18n.T(ctx, "bulletin.step.freeze"), State: "done"},
		{Label: i18n.T(ctx, "bulletin.step.review"), State: review},
		{Label: i18n.T(ctx, "bulletin.step.draft"), State: state(1)},
		{Label: i18n.T(ctx, "bulletin.step.check"), State: state(2)},
		{Label: i18n.T(ctx, "bulletin.step.sign"), State: state(3)},
		{Label: i18n.T(ctx, "bulletin.step.issue"), State: state(4)},
	}
}

// chainPeople names who took which step and when.
func chainPeople(ctx context.Context, v bulletin.View) []ui.Pair {
	var out []ui.Pair
	for _, s := range []struct {
		key  string
		step bulletin.Step
	}{{"draft", v.Drafted}, {"check", v.Checked}, {"sign", v.Signed}} {
		value := i18n.T(ctx, "bulletin.not_yet")
		if !s.step.At.IsZero() {
			value = i18n.T(ctx, "bulletin.by_at", s.step.Name, i18n.DateTime(i18n.Lang(ctx), s.step.At))
		}
		out = append(out, ui.Pair{Name: i18n.T(ctx, "bulletin.step."+s.key), Value: value})
	}
	if v.State == bulletin.Issued {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "bulletin.step.issue"), Value: i18n.DateTime(i18n.Lang(ctx), v.IssuedAt)})
	}
	if v.EarlyReason != "" {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "bulletin.early"), Value: v.EarlyReason})
	}
	if v.ReturnReason != "" && v.State != bulletin.Issued {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "bulletin.return_reason"), Value: v.ReturnReason})
	}
	return out
}

// unitName is a row's name by its node.
func unitName(v bulletin.View, node id.Node) string {
	for _, r := range v.Rows {
		if r.Node == node {
			return r.Name
		}
	}
	return ""
}

// measured is the platform's number of a disputed figure.
func measured(v bulletin.View, d bulletin.Dispute) int64 {
	for _, r := range v.Rows {
		if r.Node == d.Node {
			return r.Figure(d.Figure)
		}
	}
	return 0
}

// reviewed counts the units that have said something about their row.
func reviewed(v bulletin.View) (accepted, disputed, silent int) {
	for _, r := range v.Rows {
		switch r.Review {
		case bulletin.Accepted:
			accepted++
		case bulletin.Disputed:
			disputed++
		default:
			silent++
		}
	}
	return accepted, disputed, silent
}

// asks reports whether the page has something for the reader to do or to follow
// beside the paper itself.
func (p paperPage) asks() bool { return p.View.Works || p.View.May(bulletin.StepReceive) }

// own reports whether the chain waits for the reader: to return a paper or to
// answer a dispute is possible for several.
func (p paperPage) own() bool {
	return slices.ContainsFunc([]string{bulletin.StepDraft, bulletin.StepTakeBack, bulletin.StepWrite, bulletin.StepCheck, bulletin.StepSign,
		bulletin.StepIssue}, p.View.May)
}

// turn is the title of the steps.
func (p paperPage) turn(ctx context.Context) string {
	if p.own() {
		return i18n.T(ctx, "bulletin.work")
	}
	return i18n.T(ctx, "bulletin.work_others")
}
