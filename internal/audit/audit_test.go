package audit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
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

// unguarded takes the triggers away, as somebody with rights over the database
// could.
func unguarded(t *testing.T, h *dbtest.Harness) {
	t.Helper()
	for _, name := range []string{"audit_no_update ON audit", "audit_no_delete ON audit", "audit_head_no_back ON audit_head", "audit_base_no_back ON audit_base"} {
		if h.DB.Serial() {
			name, _, _ = strings.Cut(name, " ON ")
		}
		tamper(t, h, "DROP TRIGGER "+name)
	}
}

func tamper(t *testing.T, h *dbtest.Harness, query string) {
	t.Helper()
	if _, err := h.DB.Exec(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	changed := func(seq int64) *audit.Break { return &audit.Break{Seq: seq, Reason: "changed"} }
	tests := []struct {
		name   string
		tamper string
		want   *audit.Break
	}{
		{"untouched", "", nil},
		{"the id", "UPDATE audit SET id = id + 1 WHERE seq = 7", changed(7)},
		{"the place", "UPDATE audit SET seq = 99 WHERE seq = 7", &audit.Break{Seq: 7, Reason: "missing"}},
		{"the time", "UPDATE audit SET at = at + 1 WHERE seq = 4", changed(4)},
		{"the actor", "UPDATE audit SET actor = 9 WHERE seq = 1", changed(1)},
		{"the account", "UPDATE audit SET account = 3 WHERE seq = 2", changed(2)},
		{"the role", "UPDATE audit SET role = 'provincf' WHERE seq = 3", changed(3)},
		{"the action", "UPDATE audit SET action = 'grant.givem' WHERE seq = 5", changed(5)},
		{"the kind", "UPDATE audit SET kind = 'Grant' WHERE seq = 6", changed(6)},
		{"the object", "UPDATE audit SET object = object + 1 WHERE seq = 3", changed(3)},
		{"the node", "UPDATE audit SET node = 4 WHERE seq = 3", changed(3)},
		{"the detail", `UPDATE audit SET detail = '{"role":"countz"}' WHERE seq = 3`, changed(3)},
		{"the hash", "UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 2) WHERE seq = 3", changed(3)},
		{"two rows exchanged", "UPDATE audit SET actor = seq + 100 WHERE seq IN (3, 4)", changed(3)},
		{"a row deleted", "DELETE FROM audit WHERE seq = 4", &audit.Break{Seq: 4, Reason: "missing"}},
		{"the last rows deleted", "DELETE FROM audit WHERE seq > 5", &audit.Break{Seq: 6, Reason: "missing"}},
		{"the head cut back", "UPDATE audit_head SET seq = 5", &audit.Break{Seq: 5, Reason: "head"}},
		{"the base moved", "UPDATE audit_base SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)", &audit.Break{Seq: 3, Reason: "base"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				appendEntries(t, h, 7)
				if n, broken, err := h.Audit.Verify(t.Context()); n != 7 || broken != nil || err != nil {
					t.Fatalf("before: %d rows, %v, %v", n, broken, err)
				}
				unguarded(t, h)
				if tt.tamper != "" {
					tamper(t, h, tt.tamper)
				}
				_, broken, err := h.Audit.Verify(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if broken != nil {
					if broken.Reason == "changed" && broken.ID == 0 {
						t.Error("the row is not named")
					}
					broken.ID = 0
				}
				if diff := cmp.Diff(tt.want, broken); diff != "" {
					t.Errorf("break (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestCutTail: whoever cuts the end off and sets the head to match is found by
// the head that was written down outside the database; so is whoever computes
// the whole chain anew.
func TestCutTail(t *testing.T) {
	t.Parallel()
	cut := `UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)`
	tests := []struct {
		name   string
		tamper func(t *testing.T, h *dbtest.Harness)
		want   audit.Break
	}{
		{"cut", func(t *testing.T, h *dbtest.Harness) {
			tamper(t, h, cut)
			tamper(t, h, "DELETE FROM audit WHERE seq > 5")
		}, audit.Break{Seq: 6, Reason: "cut"}},
		{"cut and grown again", func(t *testing.T, h *dbtest.Harness) {
			tamper(t, h, cut)
			tamper(t, h, "DELETE FROM audit WHERE seq > 5")
			appendEntries(t, h, 4)
		}, audit.Break{Seq: 7, Reason: "rewritten"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				h.Audit.AnchorTo(filepath.Join(t.TempDir(), "audit.anchor"))
				appendEntries(t, h, 7)
				if _, broken, err := h.Audit.Verify(t.Context()); broken != nil || err != nil {
					t.Fatal(broken, err)
				}
				unguarded(t, h)
				tt.tamper(t, h)
				_, broken, err := h.Audit.Verify(t.Context())
				if err != nil || broken == nil || broken.Seq != tt.want.Seq || broken.Reason != tt.want.Reason {
					t.Errorf("%+v, %v; want %+v", broken, err, tt.want)
				}
				if err := h.Audit.Anchor(t.Context()); err != nil {
					t.Error(err)
				}
				if _, again, err := h.Audit.Verify(t.Context()); err != nil || again == nil {
					t.Errorf("the proof is gone after a second look: %v, %v", again, err)
				}
			})
		})
	}
}

// TestAppendOnly: the database itself refuses to change and to delete.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		appendEntries(t, h, 3)
		if err := h.Audit.SequenceAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{
			"UPDATE audit SET detail = '' WHERE seq = 2", "UPDATE audit SET seq = 9 WHERE seq = 3", "UPDATE audit SET hash = NULL WHERE seq = 1",
			"DELETE FROM audit WHERE seq = 2", "DELETE FROM audit", "UPDATE audit_head SET seq = 1", "UPDATE audit_base SET seq = -1",
		} {
			if _, err := h.DB.Exec(t.Context(), query); err == nil {
				t.Errorf("%s went through", query)
			}
		}
		if !h.DB.Serial() {
			if _, err := h.DB.Exec(t.Context(), "TRUNCATE audit"); err == nil {
				t.Error("TRUNCATE went through")
			}
		}
		if n, broken, err := h.Audit.Verify(t.Context()); n != 3 || broken != nil || err != nil {
			t.Error(n, broken, err)
		}
	})
}

// TestHeads counts what was written down, so that a file that is gone is told.
func TestHeads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		file := filepath.Join(t.TempDir(), "audit.anchor")
		h.Audit.AnchorTo(file)
		heads := func(want int) {
			t.Helper()
			if n, err := h.Audit.Heads(); n != want || err != nil {
				t.Errorf("%d heads, want %d, %v", n, want, err)
			}
		}
		heads(0)
		for n := range 2 {
			appendEntries(t, h, 1)
			if _, broken, err := h.Audit.Verify(t.Context()); broken != nil || err != nil {
				t.Fatal(broken, err)
			}
			heads(n + 1)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		heads(0)
	})
}

// TestTrim lets old rows go; the rest verifies from the base on, and cutting
// more off is found.
func TestTrim(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		h.Audit.AnchorTo(filepath.Join(t.TempDir(), "audit.anchor"))
		appendEntries(t, h, 5)
		if _, _, err := h.Audit.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(48 * time.Hour)
		appendEntries(t, h, 3)
		n, err := h.Audit.Trim(t.Context(), h.Clock.Now().Add(-24*time.Hour))
		if n != 5 || err != nil {
			t.Fatalf("%d rows deleted, %v", n, err)
		}
		if n, err := h.Audit.Trim(t.Context(), h.Clock.Now().Add(-24*time.Hour)); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		appendEntries(t, h, 2)
		rows, broken, err := h.Audit.Verify(t.Context())
		if rows != 6 || broken != nil || err != nil {
			t.Errorf("%d rows, %v, %v", rows, broken, err)
		}
		list, err := h.Audit.List(t.Context(), 0, 10)
		if err != nil || len(list) != 6 || list[2].Action != "audit.trimmed" || list[2].Object != 5 {
			t.Errorf("%+v, %v", list, err)
		}
		unguarded(t, h)
		tamper(t, h, "UPDATE audit_base SET seq = 7, hash = (SELECT hash FROM audit WHERE seq = 7)")
		tamper(t, h, "DELETE FROM audit WHERE seq <= 7")
		if _, broken, err := h.Audit.Verify(t.Context()); err != nil || broken == nil || broken.Reason != "base" {
			t.Errorf("more was cut off: %v, %v", broken, err)
		}
	})
}

// TestFullDisk: an act whose audit row cannot be written does not happen.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		tamper(t, h, "CREATE TABLE act (id INTEGER PRIMARY KEY)")
		long := strings.Repeat("x", 1<<20)
		act := func(n int) error {
			return h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO act (id) VALUES ($1)", n); err != nil {
					return err
				}
				return h.Audit.Append(ctx, tx, audit.Entry{Action: "x", Object: int64(n), Detail: long})
			})
		}
		free := full(t, h)
		if err := act(1); !db.IsFull(err) {
			t.Fatalf("on a full disk: %v", err)
		}
		free()
		if err := act(2); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		var n int
		if err := h.DB.QueryRow(t.Context(), "SELECT SUM(id) FROM act").Scan(&n); err != nil || n != 2 {
			t.Errorf("acts %d, %v: one happened without its row", n, err)
		}
		if rows, broken, err := h.Audit.Verify(t.Context()); rows != 1 || broken != nil || err != nil {
			t.Error(rows, broken, err)
		}
	})
}

// full makes the disk full as far as the database can tell: the embedded engine
// is given no more pages, the server raises its own code when a row comes.
func full(t *testing.T, h *dbtest.Harness) (free func()) {
	t.Helper()
	if h.DB.Serial() {
		tamper(t, h, "PRAGMA max_page_count = 1")
		return func() { tamper(t, h, "PRAGMA max_page_count = 1073741823") }
	}
	tamper(t, h, `CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
	tamper(t, h, "CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION disk_is_full()")
	return func() { tamper(t, h, "DROP TRIGGER full_disk ON audit") }
}

// TestFind asks by each field, in two parts of the tree.
func TestFind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx := t.Context()
		add := func(e audit.Entry) {
			t.Helper()
			if err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Audit.Append(ctx, tx, e) }); err != nil {
				t.Fatal(err)
			}
			h.Clock.Advance(24 * time.Hour)
		}
		add(audit.Entry{Actor: 1, Role: "province", Action: "grant.given", Kind: "grant", Object: 10, Node: 3})
		add(audit.Entry{Actor: 2, Role: "county", Action: "grant.ended", Kind: "grant", Object: 11, Node: 4})
		add(audit.Entry{Actor: 2, Role: "county", Action: "signin", Kind: "account", Object: 12, Node: 4})
		add(audit.Entry{Actor: 1, Role: "province", Action: "grantee", Kind: "x", Object: 13, Node: 3})
		all := func(string, *db.Args) string { return "1 = 1" }
		only := func(column string, args *db.Args) string { return column + " = " + args.Add(3) }
		start := clock.DayOf(dbtest.Start)
		tests := []struct {
			name   string
			within func(string, *db.Args) string
			filter audit.Filter
			want   []int64
		}{
			{"everything", all, audit.Filter{}, []int64{13, 12, 11, 10}},
			{"another tenant's rows do not show", only, audit.Filter{}, []int64{13, 10}},
			{"nor by their actor", only, audit.Filter{Actors: []id.Person{2}}, nil},
			{"by actor", all, audit.Filter{Actors: []id.Person{2}}, []int64{12, 11}},
			{"by nobody", all, audit.Filter{Actors: []id.Person{}}, nil},
			{"by action", all, audit.Filter{Action: "grant.given"}, []int64{10}},
			{"by group of actions", all, audit.Filter{Action: "grant."}, []int64{11, 10}},
			{"by role", all, audit.Filter{Role: "county"}, []int64{12, 11}},
			{"by object", all, audit.Filter{Kind: "grant", Object: 11}, []int64{11}},
			{"by node", all, audit.Filter{Node: 3}, []int64{13, 10}},
			{"by days", all, audit.Filter{From: start.AddDays(1), To: start.AddDays(2)}, []int64{12, 11}},
		}
		for _, tt := range tests {
			var got []int64
			for before := id.Audit(0); ; {
				page, err := h.Audit.Find(ctx, tt.within, tt.filter, before, 1)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				got, before = append(got, page[0].Object), page[0].ID
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
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
