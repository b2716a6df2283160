package app

import (
	"context"
	"errors"
	"slices"

	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/custody"
	"learnspace/internal/deliver"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/job"
	"learnspace/internal/person/merge"
	"learnspace/internal/rekey"
	"learnspace/internal/rights"
	"learnspace/internal/seal"
)

// Sealed are all columns with sealed values but those of persons.
func Sealed() []seal.Place {
	return slices.Concat(account.Sealed(), factor.Sealed(), custody.Sealed(), deliver.Sealed(), roster.Sealed(), upstream.Sealed(), merge.Sealed(), rights.Sealed())
}

// reseal is the job of a rotation: persons, then every other table. When nothing
// is left under older keys, the older hash keys are asked only for what cannot be
// recomputed. A value that no key opens does not hold the others up; the job ends
// as failed and names its table.
func (a *App) reseal(ctx context.Context, run *job.Run) error {
	total, err := a.People.CountAll(ctx, a.System("rotation of keys"))
	if err != nil {
		return err
	}
	done := int64(0)
	show := func() { _ = run.Progress(ctx, min(done, total), total+1) } // only a display
	_, err = a.People.Reseal(ctx, a.System("rotation of keys"), func(n int64) {
		done = n
		show()
	})
	if err != nil {
		return err
	}
	_, damaged := rekey.Run(ctx, a.DB, a.Keys, Sealed(), show)
	if damaged != nil && !errors.Is(damaged, seal.ErrSealed) && !errors.Is(damaged, seal.ErrKey) {
		return damaged
	}
	if err := a.settleKeys(); err != nil {
		return err
	}
	if damaged != nil {
		return job.Permanent(damaged)
	}
	return nil
}

// settleKeys writes down that every hash that can be recomputed has been.
func (a *App) settleKeys() error {
	a.rotating.Lock()
	defer a.rotating.Unlock()
	next, err := a.Keys.Settle()
	if err != nil {
		return err
	}
	if err := next.Save(a.Config.Keys()); err != nil {
		return err
	}
	a.Keys.Adopt(next)
	return nil
}
