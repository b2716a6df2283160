package audit_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/audit"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

func appendEntries(t *testing.T, h *dbtest.Harness, n int) {
	t.Helper()
	for i := range n {
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return h.Audit.Append(ctx, tx, audit.Entry{Actor: 1, Account: 2, Role: "province", Action: "grant.given",
				Kind: "grant", Object: int64(i), Node: 3, Detail: `{"role":"county"}`})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		tamper string
		want   *audit.Break
	}{
		{"untouched", "", nil},
		{"a text changed", "UPDATE audit SET detail = '' WHERE seq = 3", &audit.Break{Seq: 3, Reason: "changed"}},
		{"a number changed", "UPDATE audit SET actor = 9 WHERE seq = 1", &audit.Break{Seq: 1, Reason: "changed"}},
		{"a row deleted", "DELETE FROM audit WHERE seq = 4", &audit.Break{Seq: 4, Reason: "missing"}},
		{"the last rows deleted", "DELETE FROM audit WHERE seq > 5", &audit.Break{Seq: 6, Reason: "missing"}},
		{"the head cut back", "UPDATE audit_head SET seq = 5", &audit.Break{Seq: 5, Reason: "head"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				appendEntries(t, h, 7)
				if n, broken, err := h.Audit.Verify(t.Context()); n != 7 || broken != nil || err != nil {
					t.Fatalf("before: %d rows, %v, %v", n, broken, err)
				}
				if tt.tamper != "" {
					if _, err := h.DB.Exec(t.Context(), tt.tamper); err != nil {
						t.Fatal(err)
					}
				}
				_, broken, err := h.Audit.Verify(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if broken != nil {
					broken.ID = 0
				}
				if diff := cmp.Diff(tt.want, broken); diff != "" {
					t.Errorf("break (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestChainRace appends from many sides, with refusals, beside two chainers.
func TestChainRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 20 {
					_ = h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						err := h.Audit.Append(ctx, tx, audit.Entry{Action: "x", Object: int64(w*100 + i)})
						if i%4 == 0 {
							err = errors.Join(err, errors.New("refused"))
						}
						return err
					})
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				for range 10 {
					if err := h.Audit.SequenceAll(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		n, broken, err := h.Audit.Verify(t.Context())
		if n != 8*15 || broken != nil || err != nil {
			t.Errorf("%d rows, %v, %v", n, broken, err)
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		appendEntries(t, h, 5)
		first, err := h.Audit.List(t.Context(), 0, 2)
		if err != nil || len(first) != 2 {
			t.Fatalf("%d rows, %v", len(first), err)
		}
		rest, err := h.Audit.List(t.Context(), first[1].ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, r := range append(first, rest...) {
			got = append(got, r.Object)
			if r.At != dbtest.Start || r.Detail != `{"role":"county"}` || r.Account != 2 {
				t.Errorf("row %+v", r)
			}
		}
		if diff := cmp.Diff([]int64{4, 3, 2, 1, 0}, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}
