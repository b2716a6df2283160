package post

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// MaxBody is the longest post or comment, in characters.
const MaxBody = 5000

// MaxReason is the longest reason for hiding or reporting, in characters.
const MaxReason = 200

// Kind says what a post is.
type Kind string

// The kinds of posts.
const (
	Notice   Kind = "notice"
	Question Kind = "question"
)

// State says who still sees a post or comment.
type State string

// The states: shown to the class; hidden by the class teacher or the school,
// with a reason; withdrawn by the author.
const (
	Shown     State = "shown"
	Hidden    State = "hidden"
	Withdrawn State = "withdrawn"
)

// Post is one entry of a class's stream.
type Post struct {
	ID           id.Post
	Space        id.Space
	Node, Unit   id.Node
	Author       id.Person
	AuthorRole   access.Role
	AuthorName   string
	Kind         Kind
	Body         string
	Receipt      bool
	State        State
	MadeAt       time.Time
	EditedAt     time.Time
	HiddenReason string
	Comments     int
	Receipts     int
	Version      int64
	Pictures     []Picture
	// RemindedAt is when the pupils were last reminded; zero: never.
	RemindedAt time.Time
	// Confirmed says whether the reader has confirmed the receipt, Read whether
	// the post has been shown to him before.
	Confirmed, Read bool
}

// Comment is one answer under a post.
type Comment struct {
	ID           id.Comment
	Post         id.Post
	Author       id.Person
	AuthorRole   access.Role
	AuthorName   string
	Body         string
	State        State
	MadeAt       time.Time
	EditedAt     time.Time
	HiddenReason string
	Version      int64
}

// Receipt is one pupil's line under a notice that asks for a receipt.
type Receipt struct {
	Person      id.Person
	Name        string
	Activated   bool
	ReadAt      time.Time
	ConfirmedAt time.Time
}

// Waiting reports whether a reminder would reach the pupil: he has activated
// and not confirmed.
func (r Receipt) Waiting() bool { return r.Activated && r.ConfirmedAt.IsZero() }

// MaxKey is the longest request key, in bytes.
const MaxKey = 64

var unwanted = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "")

// clean trims what somebody wrote and takes out what neither engine nor reader
// can do anything with: a carriage return, a NUL.
func clean(text string) string {
	return strings.TrimSpace(unwanted.Replace(text))
}

// blank reports whether a text has nothing to be seen: white space, joiners and
// other characters without a shape.
func blank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// body checks and trims what somebody wrote; field names the input.
func body(field, text string) (string, error) {
	text = clean(text)
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return "", fault.Invalid(fault.At(field, "post.body.encoding"))
	case blank(text):
		return "", fault.Invalid(fault.At(field, "post.body.empty"))
	case n > MaxBody:
		return "", fault.Invalid(fault.At(field, "post.body.long", n, MaxBody))
	}
	return text, nil
}

// reason checks and trims why something is hidden or reported.
func reason(text string) (string, error) {
	text = clean(text)
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return "", fault.Invalid(fault.At("reason", "post.body.encoding"))
	case blank(text):
		return "", fault.Invalid(fault.At("reason", "post.reason.empty"))
	case n > MaxReason:
		return "", fault.Invalid(fault.At("reason", "post.reason.long", n, MaxReason))
	}
	return text, nil
}

// checkKey refuses a request key that no form of ours makes.
func checkKey(key string) error {
	if len(key) > MaxKey || !utf8.ValidString(key) || strings.Contains(key, "\x00") {
		return fault.New(fault.ErrInvalid, "error.invalid_input")
	}
	return nil
}

// visibleTo reports whether the reader sees the words of something in this
// state: hidden things stay visible to the author and to whoever may hide. The
// class has been checked before, and a role holds all it has at the same places.
func visibleTo(by access.Actor, author id.Person, s State) bool {
	switch s {
	case Shown:
		return true
	case Hidden:
		return by.Person == author || by.Can(access.PostHide)
	default:
		return by.Person == author
	}
}
