package mergeweb

import (
	"context"

	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/web/ui"
)

// personID is short for the templates.
type personID = id.Person

// line is a person in one line, numbers masked.
func line(ctx context.Context, c card) string {
	parts := []string{i18n.T(ctx, "role."+roleWord(c.Role)), c.where()}
	if c.Birth != 0 {
		parts = append(parts, dayText(ctx, c.Birth))
	}
	if c.IDTail != "" {
		parts = append(parts, i18n.T(ctx, "merge.tail", c.IDTail))
	}
	parts = append(parts, i18n.T(ctx, "merge.state."+stateWord(c.Person)))
	out := ""
	for i, p := range parts {
		if i > 0 && p != "" {
			out += " · "
		}
		out += p
	}
	return out
}

// address compares a pair; who has come in is kept.
func (p pairRow) address() string {
	if better(p.b.Person, p.a.Person) {
		return newAddress(p.b.ID, p.a.ID)
	}
	return newAddress(p.a.ID, p.b.ID)
}

// better reports whether a is the record to keep rather than b.
func better(a, b person.Person) bool {
	switch {
	case (a.Status == person.StatusNormal) != (b.Status == person.StatusNormal):
		return a.Status == person.StatusNormal
	case a.Verified.IsZero() != b.Verified.IsZero():
		return !a.Verified.IsZero()
	case a.Activated.IsZero() != b.Activated.IsZero():
		return !a.Activated.IsZero()
	}
	return a.IDTail != "" && b.IDTail == ""
}

func foundOptions(ctx context.Context, all []card) []ui.Option {
	out := make([]ui.Option, len(all))
	for i, c := range all {
		out[i] = ui.Option{Value: c.ID.String(), Label: c.Name, Hint: line(ctx, c)}
	}
	return out
}

func historyNote(ctx context.Context, h historyRow) string {
	if h.Document == "" {
		return i18n.T(ctx, "correct.note", h.by, h.Reason)
	}
	return i18n.T(ctx, "correct.note_document", h.by, h.Reason, h.Document)
}
