package bulletinweb

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// step runs a step of the month's paper and goes back to its page; a form that
// was filled wrongly comes back with what was typed.
func (f *Face) step(w http.ResponseWriter, r *http.Request, done string, form forms, do func(ctx context.Context, by access.Actor, m clock.Month) error) error {
	month, err := monthOf(r)
	if err != nil {
		return err
	}
	err = do(r.Context(), web.Actor(r.Context()), month)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderPaper(w, r, http.StatusUnprocessableEntity, &form, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, done)
	return web.Redirect(w, r, address(month))
}

func (f *Face) freeze(w http.ResponseWriter, r *http.Request) error {
	return f.step(w, r, "bulletin.done.freeze", forms{}, f.bulletins.Freeze)
}

func (f *Face) draft(w http.ResponseWriter, r *http.Request) error {
	return f.step(w, r, "bulletin.done.draft", forms{}, f.bulletins.Draft)
}

// text reads a text of several lines; browsers send CR LF.
func text(r *http.Request, name string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.FormValue(name), "\r\n", "\n"))
}

func (f *Face) write(w http.ResponseWriter, r *http.Request) error {
	form := forms{Problems: text(r, "problems"), Next: text(r, "next")}
	return f.step(w, r, "bulletin.done.write", form, func(ctx context.Context, by access.Actor, m clock.Month) error {
		return f.bulletins.Write(ctx, by, m, bulletin.Text{Problems: form.Problems, Next: form.Next})
	})
}

func (f *Face) check(w http.ResponseWriter, r *http.Request) error {
	return f.step(w, r, "bulletin.done.check", forms{}, f.bulletins.Check)
}

func (f *Face) giveBack(w http.ResponseWriter, r *http.Request) error {
	form := forms{Reason: text(r, "reason")}
	return f.step(w, r, "bulletin.done.return", form, func(ctx context.Context, by access.Actor, m clock.Month) error {
		return f.bulletins.Return(ctx, by, m, form.Reason)
	})
}

func (f *Face) takeBack(w http.ResponseWriter, r *http.Request) error {
	return f.step(w, r, "bulletin.done.take_back", forms{}, f.bulletins.TakeBack)
}

func (f *Face) sign(w http.ResponseWriter, r *http.Request) error {
	return f.step(w, r, "bulletin.done.sign", forms{}, f.bulletins.Sign)
}

func (f *Face) issue(w http.ResponseWriter, r *http.Request) error {
	form := forms{Early: text(r, "early")}
	return f.step(w, r, "bulletin.done.issue", form, func(ctx context.Context, by access.Actor, m clock.Month) error {
		return f.bulletins.Issue(ctx, by, m, form.Early)
	})
}

func (f *Face) answer(w http.ResponseWriter, r *http.Request) error {
	form := forms{Node: web.FormID[id.Node](r, "node"), Figure: r.FormValue("figure"), Outcome: r.FormValue("outcome"), Answer: text(r, "answer")}
	return f.step(w, r, "bulletin.done.answer", form, func(ctx context.Context, by access.Actor, m clock.Month) error {
		return f.bulletins.Answer(ctx, by, m, form.Node, form.Figure, bulletin.Reply{Outcome: bulletin.Outcome(form.Outcome), Text: form.Answer})
	})
}

// review accepts the unit's own row or disputes a figure of it.
func (f *Face) review(w http.ResponseWriter, r *http.Request) error {
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	if r.FormValue("say") != "dispute" {
		return f.step(w, r, "bulletin.done.accept", forms{}, func(ctx context.Context, by access.Actor, m clock.Month) error {
			return f.bulletins.Accept(ctx, by, m, node)
		})
	}
	form := forms{Figure: r.FormValue("figure"), Number: strings.TrimSpace(r.FormValue("number")), Reason: text(r, "reason")}
	return f.step(w, r, "bulletin.done.dispute", form, func(ctx context.Context, by access.Actor, m clock.Month) error {
		n, err := strconv.ParseInt(form.Number, 10, 32)
		if err != nil {
			return fault.Invalid(fault.At("number", "bulletin.number_range"))
		}
		return f.bulletins.Dispute(ctx, by, m, node, bulletin.Objection{Figure: form.Figure, Number: n, Reason: form.Reason})
	})
}

func (f *Face) receive(w http.ResponseWriter, r *http.Request) error {
	node := web.FormID[id.Node](r, "node")
	return f.step(w, r, "bulletin.done.receive", forms{}, func(ctx context.Context, by access.Actor, m clock.Month) error {
		return f.bulletins.Receive(ctx, by, m, node)
	})
}

func figureOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, name := range bulletin.Figures() {
		out = append(out, ui.Option{Value: name, Label: i18n.T(ctx, "bulletin.fig."+name)})
	}
	return out
}

func outcomeOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, o := range []bulletin.Outcome{bulletin.OutcomeRefused, bulletin.OutcomeNoted, bulletin.OutcomeAccepted} {
		out = append(out, ui.Option{Value: string(o), Label: i18n.T(ctx, "bulletin.out."+string(o))})
	}
	return out
}

func answerText(p paperPage, mine bool) string {
	if !mine {
		return ""
	}
	return p.Form.Answer
}

func answerError(p paperPage, mine bool) string {
	if !mine {
		return ""
	}
	return p.Errors.In("answer")
}
