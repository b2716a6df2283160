package spaceweb

import (
	"context"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/talk/post"
)

func itoa(n int) string { return strconv.Itoa(n) }

// roleTone colours the word for a role.
func roleTone(r access.Role) string {
	switch r {
	case access.ClassTeacher:
		return "primary"
	case access.Teacher:
		return "info"
	}
	return ""
}

// altOf is what a reader hears instead of a picture.
func altOf(ctx context.Context, p post.Picture, i, n int) string {
	if p.Alt != "" {
		return p.Alt
	}
	return i18n.T(ctx, "space.picture_alt", i+1, n)
}

// titleLength is how many characters of a post make its title.
const titleLength = 20

// titleOf names a post by its first words.
func titleOf(ctx context.Context, p post.Post) string {
	first, _, _ := strings.Cut(p.Body, "\n")
	runes := []rune(strings.TrimSpace(first))
	if len(runes) > titleLength {
		return string(runes[:titleLength]) + "…"
	}
	if len(runes) == 0 {
		return i18n.T(ctx, "space.post")
	}
	return string(runes)
}

// heading names a post by who wrote it.
func heading(ctx context.Context, p post.Post) string {
	if p.Kind == post.Question {
		return i18n.T(ctx, "space.question_by", p.AuthorName)
	}
	return i18n.T(ctx, "space.notice_by", p.AuthorName)
}

// A stream shows the beginning of a long post: this many characters or lines.
const (
	excerptLength = 280
	excerptLines  = 8
)

// excerpt is the beginning of a text, or all of it when it is short.
func excerpt(text string) string {
	lines := 0
	n := 0
	for i, r := range text {
		if r == '\n' {
			lines++
		}
		if n == excerptLength || lines == excerptLines {
			return strings.TrimSpace(text[:i]) + "…"
		}
		n++
	}
	return text
}

// emptyHint says what to do in a class space without posts.
func emptyHint(ctx context.Context, p classPage) string {
	switch {
	case p.classHead.Post:
		return i18n.T(ctx, "space.empty_teacher")
	case p.Talk:
		return i18n.T(ctx, "space.empty_pupil")
	}
	return i18n.T(ctx, "space.empty_reader")
}
