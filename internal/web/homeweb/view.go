package homeweb

import (
	"context"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
)

// zone is the product's one time zone.
var zone = clock.Zone

// kind is the look of an action: one strong button a list.
func kind(t todo) string {
	if t.Strong {
		return "primary"
	}
	return "outline"
}

// titleLength is how many characters of a post make a line of a list.
const titleLength = 30

// firstWords names a post by its beginning.
func firstWords(ctx context.Context, text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	runes := []rune(strings.TrimSpace(first))
	switch {
	case len(runes) == 0:
		return i18n.T(ctx, "space.post")
	case len(runes) > titleLength:
		return string(runes[:titleLength]) + "…"
	}
	return string(runes)
}

// when says a moment as people do.
func when(ctx context.Context, p post.Post) string {
	return i18n.When(i18n.Lang(ctx), p.MadeAt, web.Now(ctx))
}

// newsNote is the second line of a post in a list; classes names the class
// where the reader has several.
func newsNote(ctx context.Context, p post.Post, classes map[string]string) string {
	parts := []string{when(ctx, p)}
	if p.AuthorName != "" {
		parts = append([]string{p.AuthorName}, parts...)
	}
	if name := classes[p.Node.String()]; name != "" && len(classes) > 1 {
		parts = append([]string{name}, parts...)
	}
	if p.Kind == post.Question {
		parts = append(parts, i18n.T(ctx, "space.question"))
	}
	if p.Comments > 0 {
		parts = append(parts, i18n.T(ctx, "space.comments_n", p.Comments))
	}
	return strings.Join(parts, " · ")
}

// restOf lists the reader's roles other than the active one. A class teacher is
// a teacher of the same class too: that role is worth a switch only where it
// leads to another class.
func restOf(by access.Actor) []string {
	var out []string
	for _, r := range by.Roles() {
		if r != by.Role && (r != access.Teacher || by.Role != access.ClassTeacher || leadsOn(by)) {
			out = append(out, string(r))
		}
	}
	return out
}

// leadsOn reports whether a class teacher teaches a class that is not his own.
func leadsOn(by access.Actor) bool {
	own := map[id.Node]bool{}
	for _, at := range by.Places {
		if at.Role == by.Role {
			own[at.Node] = true
		}
	}
	return slices.ContainsFunc(by.Places, func(at access.Place) bool {
		return at.Role == access.Teacher && at.Path != "" && !own[at.Node]
	})
}

// cardNote is the second line of a class.
func cardNote(ctx context.Context, c classCard) string {
	if c.Counted {
		return i18n.T(ctx, "home.class_note", c.School, i18n.Fraction(int64(c.Active), int64(c.Pupils)))
	}
	return c.School
}

// joined puts reasons side by side.
func joined(ctx context.Context, reasons []string) string {
	return strings.Join(reasons, i18n.T(ctx, "home.and_also"))
}

// baseLine says up to when figures count and where their base comes from.
func baseLine(ctx context.Context, g metrics.Figures) string {
	asOf := i18n.When(i18n.Lang(ctx), g.AsOf, web.Now(ctx))
	if g.Base.Source == "" {
		return i18n.T(ctx, "home.as_of_no_base", asOf)
	}
	return i18n.T(ctx, "home.as_of", asOf, i18n.Key("figure.source."+g.Base.Source), i18n.Day(i18n.Lang(ctx), g.Base.Day))
}
