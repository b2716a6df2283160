package web

import (
	"context"

	"learnspace/internal/i18n"
)

// Relation says in the reader's language what a guardian is to a child: a known
// word by its name, another as the roster has it, "" as another guardian.
func Relation(ctx context.Context, word string) string {
	switch key := "account.relation." + word; {
	case word == "":
		return i18n.T(ctx, "account.relation.other")
	case i18n.Has(key):
		return i18n.T(ctx, key)
	}
	return word
}
