package spaceweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/notice"
	"learnspace/internal/org"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
)

// publishLimit lets nine pictures of 10 MiB and their words through.
const publishLimit = post.MaxPictures*post.MaxPictureBytes + 8<<20

// wordsLimit lets far more text through than a post may have, so that whoever
// pasted too much gets it back with the reason.
const wordsLimit = 8 << 20

// Face is the pages.
type Face struct {
	posts   *post.Service
	notices *notice.Service
	org     *org.Service
}

// New builds the face.
func New(posts *post.Service, notices *notice.Service, tree *org.Service) *Face {
	return &Face{posts: posts, notices: notices, org: tree}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	const get, send = http.MethodGet, http.MethodPost
	return []web.Route{
		{Method: get, Pattern: "/classes/{node}", Permission: access.ClassRead, Object: "class", Handler: f.showClass},
		{Method: send, Pattern: "/classes/{node}/posts", Permission: access.ClassTalk, Object: "class", BodyLimit: publishLimit, Handler: f.publish},
		{Method: get, Pattern: "/posts/{post}", Permission: access.ClassRead, Object: "post", Handler: f.showPost},
		{Method: send, Pattern: "/posts/{post}/confirm", Permission: access.ClassTalk, Object: "post", Handler: f.confirm},
		{Method: send, Pattern: "/posts/{post}/comments", Permission: access.ClassTalk, Object: "post", BodyLimit: wordsLimit, Handler: f.comment},
		{Method: send, Pattern: "/posts/{post}/edit", Permission: access.ClassTalk, Object: "post", BodyLimit: wordsLimit, Handler: f.edit},
		{Method: send, Pattern: "/posts/{post}/withdraw", Permission: access.ClassTalk, Object: "post", Handler: f.withdraw},
		{Method: send, Pattern: "/posts/{post}/restore", Permission: access.ClassRead, Object: "post", Handler: f.restore},
		{Method: send, Pattern: "/posts/{post}/remind", Permission: access.ClassPost, Object: "post", Handler: f.remind},
		{Method: send, Pattern: "/posts/{post}/hide", Permission: access.PostHide, Object: "post", Handler: f.hide},
		{Method: send, Pattern: "/posts/{post}/report", Permission: access.PostReport, Object: "post", Handler: f.report},
		{Method: send, Pattern: "/comments/{comment}/withdraw", Permission: access.ClassTalk, Object: "comment", Handler: f.withdrawComment},
		{Method: send, Pattern: "/comments/{comment}/restore", Permission: access.ClassRead, Object: "comment", Handler: f.restoreComment},
		{Method: send, Pattern: "/comments/{comment}/hide", Permission: access.PostHide, Object: "comment", Handler: f.hideComment},
		{Method: send, Pattern: "/comments/{comment}/report", Permission: access.PostReport, Object: "comment", Handler: f.reportComment},
		{Method: get, Pattern: "/pictures/{picture}", Permission: access.ClassRead, Object: "picture", Stream: true, Handler: f.picture},
		{Method: get, Pattern: "/reports", Permission: access.PostHide, Handler: f.showReports},
		{Method: send, Pattern: "/reports/{report}/keep", Permission: access.PostHide, Object: "report", Handler: f.keep},
	}
}

// classHead is what every page of a class says of it.
type classHead struct {
	Node   id.Node
	Name   string
	School string
	Closed bool
	// Post and Talk say what the reader may do here; Receipts whether he sees who
	// confirmed; Hide whether he moderates.
	Post, Talk, Receipts, Hide bool
	// Members leads to the class list where the reader looks after it.
	Members bool
}

// head reads the class for the actor. The rule is the services'; the flags
// only leave out what would be refused.
func (f *Face) head(ctx context.Context, by access.Actor, class id.Node) (classHead, error) {
	chain, err := f.org.Ancestors(ctx, by, class)
	if err != nil {
		return classHead{}, err
	}
	n := chain[len(chain)-1]
	h := classHead{Node: n.ID, Name: n.Label(clock.DayOf(web.Now(ctx))), Closed: n.Closed()}
	for _, up := range chain {
		if up.ID == n.Unit {
			h.School = localName(ctx, up)
		}
	}
	h.Receipts = by.Allows(access.ClassPost, n.Path)
	h.Members = by.Allows(access.ClassConfirm, n.Path)
	talk := by.MayTalk() && !h.Closed
	h.Post = talk && h.Receipts
	h.Talk = talk && by.Allows(access.ClassTalk, n.Path)
	h.Hide = by.Allows(access.PostHide, n.Path)
	return h, nil
}

// localName is a node's name in the reader's language where it has one.
func localName(ctx context.Context, n org.Node) string {
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Name
}
