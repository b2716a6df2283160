package spaceweb

import (
	"net/http"

	"learnspace/internal/id"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
)

// maxReports is how many open reports one page shows.
const maxReports = 50

// withReason runs a step that needs a reason; a missing one comes back with the
// post and the complaint at the form of its key.
func (f *Face) withReason(w http.ResponseWriter, r *http.Request, key, done string, step func(why string) (id.Post, error)) error {
	which, err := step(r.FormValue("reason"))
	if errs, ok := web.Invalid(r, err); ok && which != 0 {
		for i := range errs {
			errs[i].Name = reasonField(key)
		}
		return f.renderPost(w, r, http.StatusUnprocessableEntity, which, postPage{Errors: errs})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, done)
	return backTo(w, r, which)
}

// reasonField names the field of one of several forms that ask for a reason.
func reasonField(key string) string { return "reason-" + key }

func (f *Face) hide(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	return f.withReason(w, r, "hide", "space.hidden_now", func(why string) (id.Post, error) {
		return which, f.posts.Hide(r.Context(), web.Actor(r.Context()), which, why)
	})
}

func (f *Face) report(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	return f.withReason(w, r, "report", "space.reported_now", func(why string) (id.Post, error) {
		return which, f.posts.Report(r.Context(), web.Actor(r.Context()), which, why)
	})
}

// onComment runs a step on the comment of the path and goes back to its post.
func onComment(w http.ResponseWriter, r *http.Request, done string, step func(which id.Comment) (id.Post, error)) error {
	which, err := web.PathID[id.Comment](r, "comment")
	if err != nil {
		return err
	}
	parent, err := step(which)
	if err != nil {
		return err
	}
	web.Flash(w, r, done)
	return backTo(w, r, parent)
}

func (f *Face) withdrawComment(w http.ResponseWriter, r *http.Request) error {
	return onComment(w, r, "space.comment_withdrawn", func(which id.Comment) (id.Post, error) {
		return f.posts.WithdrawComment(r.Context(), web.Actor(r.Context()), which)
	})
}

func (f *Face) restoreComment(w http.ResponseWriter, r *http.Request) error {
	return onComment(w, r, "space.restored_now", func(which id.Comment) (id.Post, error) {
		return f.posts.RestoreComment(r.Context(), web.Actor(r.Context()), which)
	})
}

func (f *Face) hideComment(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Comment](r, "comment")
	if err != nil {
		return err
	}
	return f.withReason(w, r, "c"+which.String(), "space.hidden_now", func(why string) (id.Post, error) {
		return f.posts.HideComment(r.Context(), web.Actor(r.Context()), which, why)
	})
}

func (f *Face) reportComment(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Comment](r, "comment")
	if err != nil {
		return err
	}
	return f.withReason(w, r, "c"+which.String(), "space.reported_now", func(why string) (id.Post, error) {
		return f.posts.ReportComment(r.Context(), web.Actor(r.Context()), which, why)
	})
}

func (f *Face) showReports(w http.ResponseWriter, r *http.Request) error {
	list, err := f.posts.Reports(r.Context(), web.Actor(r.Context()), maxReports)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, reportsView(list))
}

func (f *Face) keep(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Report](r, "report")
	if err != nil {
		return err
	}
	if err := f.posts.Keep(r.Context(), web.Actor(r.Context()), which); err != nil {
		return err
	}
	web.Flash(w, r, "space.kept")
	return web.Redirect(w, r, "/reports")
}

// hideTarget is where the form of a report hides what was reported.
func hideTarget(rep post.Report) string {
	if rep.IsComment {
		return "/comments/" + id.Comment(rep.Object).String() + "/hide"
	}
	return "/posts/" + rep.Post.String() + "/hide"
}
