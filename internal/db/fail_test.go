package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// fill makes the engine refuse to grow: the embedded one by a bound on its
// pages, which gives the same code as a full disk; the server by a trigger that
// raises its own code.
func fill(t *testing.T, d *db.DB, table string) (free func()) {
	t.Helper()
	ctx := t.Context()
	must := func(query string) {
		t.Helper()
		err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, query)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if d.Serial() {
		must("PRAGMA max_page_count = 1") // clamped to what there is
		return func() { must("PRAGMA max_page_count = 1073741823") }
	}
	must(`CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
	must("CREATE TRIGGER full_disk BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION disk_is_full()")
	return func() { must("DROP TRIGGER full_disk ON " + table) }
}

// TestFullDisk: what does not fit is refused as a whole and known as such,
// reading goes on, and once there is room everything works without a restart.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		if _, err := h.DB.Exec(t.Context(), "CREATE TABLE fat (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"); err != nil {
			t.Fatal(err)
		}
		free := fill(t, h.DB, "fat")
		big := strings.Repeat("x", 1<<20)
		insert := func(n int) error {
			return h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO fat (id, body) VALUES ($1, $2)", n, big)
				return err
			})
		}
		if err := insert(1); !db.IsFull(err) {
			t.Fatalf("a full disk gives %v", err)
		}
		var n int
		if err := h.DB.QueryRow(t.Context(), "SELECT COUNT(*) FROM fat").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows, %v", n, err)
		}
		free()
		if err := insert(2); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// TestSlowStatement: a server's statement of a Tx ends when its time is up; bulk
// work is left alone; a reader ends with its context.
func TestSlowStatement(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		if e == db.SQLite {
			continue // it runs in this process; a statement cannot wait for a server
		}
		d, err := db.Open(t.Context(), dbtest.URL(t, e), db.Options{Relaxed: true, Statement: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		sleep := func(ctx context.Context, tx *db.Tx) error {
			var nothing string
			return tx.QueryRow(ctx, "SELECT CAST(pg_sleep(0.2) AS TEXT)").Scan(&nothing)
		}
		if err := d.Tx(t.Context(), sleep); !db.IsSlow(err) {
			t.Errorf("a slow statement gives %v", err)
		}
		if err := d.Tx(db.Patiently(t.Context()), sleep); err != nil {
			t.Errorf("bulk work: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		var nothing string
		if err := d.QueryRow(short, "SELECT CAST(pg_sleep(5) AS TEXT)").Scan(&nothing); !db.IsSlow(err) {
			t.Errorf("a slow reader gives %v", err)
		}
		if err := d.Ping(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
