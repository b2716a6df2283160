package custody_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
)

// TestListThatCannotBeMade: the store of files stays broken until the job is
// given up; the request ends, and the way is free for another one.
func TestListThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		r := f.ask(custody.Roster)
		if err := f.custody.Approve(ctx, f.manager, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		f.custody.Files = brokenFiles{}
		state := func() custody.State {
			t.Helper()
			r, err := f.custody.Get(ctx, f.clerk, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			return r.State
		}
		for n := 1; n <= 20; n++ {
			if got := state(); got != custody.Approved {
				t.Fatalf("before try %d the request is %s", n, got)
			}
			f.run()
			f.Clock.Advance(job.Backoff(n))
		}
		if got := state(); got != custody.Failed {
			t.Errorf("after the last try the request is %s", got)
		}
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("taken: %v", err)
		}
	})
}

// brokenFiles is a store whose disk is gone.
type brokenFiles struct{}

var errDisk = errors.New("the disk is gone")

func (brokenFiles) Put(context.Context, string, io.Reader, int64) error { return errDisk }

func (brokenFiles) Get(context.Context, string) (io.ReadCloser, error) { return nil, errDisk }

func (brokenFiles) Delete(context.Context, string) error { return errDisk }

// TestReady lists for whoever asked the files that he has not taken, and for
// nobody beside him.
func TestReady(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ready := func(by access.Actor) (out []id.Export) {
			t.Helper()
			list, err := f.custody.List(ctx, by, custody.Listing{Ready: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				out = append(out, r.ID)
			}
			return out
		}
		r := f.ask(custody.Roster)
		if err := f.custody.Approve(ctx, f.manager, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		if got := ready(f.clerk); len(got) != 0 {
			t.Errorf("before the file is made: %v", got)
		}
		f.run()
		if diff := cmp.Diff([]id.Export{r.ID}, ready(f.clerk)); diff != "" {
			t.Error(diff)
		}
		for _, by := range []access.Actor{f.manager, f.clerkB, f.officer} {
			if got := ready(by); len(got) != 0 {
				t.Errorf("%s is told of another's file: %v", by.Role, got)
			}
		}
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		if got := ready(f.clerk); len(got) != 0 {
			t.Errorf("after it was taken: %v", got)
		}
	})
}
