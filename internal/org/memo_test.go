package org_test

import (
	"context"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/org"
)

// A page reads each node once; a transaction inside it and the next page read
// the node as it is now.
func TestMemo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		name := func(ctx context.Context) string {
			n, err := f.svc.ByCode(ctx, f.op, "2122000001")
			if err != nil {
				t.Fatal(err)
			}
			if n, err = f.svc.Get(ctx, f.op, n.ID); err != nil {
				t.Fatal(err)
			}
			return n.Name
		}
		err := h.DB.View(t.Context(), func(ctx context.Context) error {
			before := name(ctx)
			f.load(t, org.ImportRow{Row: 2, Code: "2122000001", Name: "改名小学", Kind: "学校", Parent: "220102", Type: "211"})
			if got := name(ctx); h.DB.Serial() && got != before {
				t.Errorf("the same view read %q after %q", got, before)
			}
			return h.DB.Tx(ctx, func(ctx context.Context, _ *db.Tx) error {
				if got := name(ctx); got != "改名小学" {
					t.Errorf("a transaction in the view read %q", got)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := name(t.Context()); got != "改名小学" {
			t.Errorf("after the view: %q", got)
		}
	})
}
