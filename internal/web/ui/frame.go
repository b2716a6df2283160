package ui

import (
	"context"
	"time"

	"learnspace/internal/i18n"
)

// Frame is what the server knows about the request and every page needs. It is
// put into the context by package web; a page never builds one.
type Frame struct {
	// Brand and Tagline name the installation: 吉林省教育资源公共服务平台, 网络学习空间.
	Brand   string
	Tagline string
	// Organiser is the line of the footer that says who runs it; may be "".
	Organiser string
	// Theme is "light", "dark" or "" for the system's choice.
	Theme string
	// Size is "large" or "".
	Size string
	// Stage is "primary" for pupils in primary school, else "".
	Stage string
	// Path is the page's own address with its query, to come back to.
	Path string
	// User is the signed-in person, nil before sign-in.
	User *User
	// Viewing is whose pages an operator looks at; "" for none.
	Viewing string
	// Nav lists the places of the active role, in order.
	Nav []NavItem
	// Flashes are the messages of the last action.
	Flashes []Flash
	// Demo is the demo's own time, zero outside a demo.
	Demo time.Time
	// Now is the clock's time at the start of the request.
	Now time.Time
	// Asset gives the hashed address of a static file; nil gives plain names.
	Asset func(name string) string
}

// User is the signed-in person as the header shows him.
type User struct {
	Name string
	// Role is the active role's word of the contract; Roles lists all of his.
	Role  string
	Roles []string
	// Place names where the active role is held; may be "".
	Place string
	// Shared says that others use this computer.
	Shared bool
}

// NavItem is one entry of the side list and the bottom bar. Label is shown as
// it is.
type NavItem struct {
	Key   string
	Label string
	Href  string
	Icon  string
	// Count is the number of things waiting; 0 shows none.
	Count int
}

// Flash is one message of the last action. Kind is success, info, warning or
// danger.
type Flash struct {
	Kind string
	Text string
}

// Crumb is one step of the breadcrumb; the last one has no Href.
type Crumb struct {
	Label string
	Href  string
}

type frameKey struct{}

// WithFrame puts the frame into the context.
func WithFrame(ctx context.Context, f *Frame) context.Context {
	return context.WithValue(ctx, frameKey{}, f)
}

var noFrame = &Frame{}

// FrameOf returns the frame of the request; an empty one where none is set.
func FrameOf(ctx context.Context) *Frame {
	if f, ok := ctx.Value(frameKey{}).(*Frame); ok {
		return f
	}
	return noFrame
}

func (f *Frame) asset(name string) string {
	if f.Asset == nil {
		return "/static/" + name
	}
	return f.Asset(name)
}

// languageHref is the page's own address in another language.
func (f *Frame) languageHref(l i18n.Language) string {
	return withQuery(f.Path, "lang", l.Code())
}

// scheme is the color-scheme that the browser uses before the stylesheet.
func (f *Frame) scheme() string {
	if f.Theme == "" {
		return "light dark"
	}
	return f.Theme
}

// nextTheme is what the header's switch asks for; script corrects it where the
// system's own choice is dark.
func (f *Frame) nextTheme() string {
	if f.Theme == "dark" {
		return "light"
	}
	return "dark"
}

func (f *Frame) hasSide(p Page) bool { return !p.Bare && len(f.Nav) > 0 }

// describe gives the active role and where it is held.
func (u *User) describe(ctx context.Context) string {
	role := i18n.T(ctx, "role."+u.Role)
	if u.Place == "" {
		return role
	}
	return u.Place + " · " + role
}

func languageLabel(short bool) string {
	if short {
		return "ui.language"
	}
	return "ui.language_all"
}

func pressed(on bool) string {
	if on {
		return "true"
	}
	return "false"
}
