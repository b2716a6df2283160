package app

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/db"
)

// RotateKeys seals with a new key from now on, while the product runs, and
// seals what is known of persons anew. The old keys stay in the file: what was
// sealed elsewhere still opens. It returns how many persons were looked at, and
// can be repeated after it broke off.
func (a *App) RotateKeys(ctx context.Context, by access.Actor) (int64, error) {
	next, err := a.Keys.Rotate(a.Keys.Suite())
	if err != nil {
		return 0, err
	}
	// The file first: a value must never be sealed under a key that a crash
	// could lose.
	if err := next.Save(a.Config.Keys()); err != nil {
		return 0, err
	}
	a.Keys.Adopt(next)
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Role: string(by.Role), Action: "keys.rotated", Kind: "keys"})
	})
	if err != nil {
		return 0, fmt.Errorf("record the rotation: %w", err)
	}
	return a.People.Reseal(ctx, by, nil)
}
