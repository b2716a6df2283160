package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		if err := put(t.Context(), d, 1, "a"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "a copy.db")
		err := d.Snapshot(t.Context(), path)
		if !d.Serial() {
			if !errors.Is(err, db.ErrNoSnapshot) {
				t.Errorf("the server gave %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := db.CheckFile(t.Context(), path); err != nil {
			t.Error(err)
		}
		c, err := db.Open(t.Context(), "sqlite:"+path, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, c, 1)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("no database at all, and long enough to be read as one"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := db.CheckFile(t.Context(), path); err == nil {
			t.Error("a ruined file passed")
		}
	})
}

func TestNotify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		calls, cancel := h.DB.Subscribe("a")
		others, cancelOthers := h.DB.Subscribe("b")
		defer cancelOthers()
		h.DB.Notify("a")
		<-calls
		select {
		case <-others:
			t.Error("a call reached another channel")
		default:
		}
		cancel()
		h.DB.Notify("a")
	})
}

func TestNotifyOtherProcess(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		if e != db.Postgres {
			continue
		}
		url := dbtest.URL(t, e)
		a, b := dbtest.NewAt(t, e, url).DB, dbtest.NewAt(t, e, url).DB
		calls, cancel := b.Subscribe("x")
		defer cancel()
		for heard := false; !heard; { // the listener may still be connecting
			a.Notify("x")
			if err := a.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case <-calls:
				heard = true
			default:
				runtime.Gosched()
			}
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := "sqlite:" + t.TempDir() + "/with space?#%.db"
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(ctx, url, db.Options{}); !errors.Is(err, db.ErrLocked) {
		t.Errorf("a second writer got %v", err)
	}
	if _, err := d.Exec(ctx, "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT)"); err != nil {
		t.Fatal(err)
	}
	r, err := db.Open(ctx, url, db.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(ctx, d, 1, "a"); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, r, 1)
	if err := put(ctx, r, 2, "b"); !errors.Is(err, db.ErrReadOnly) {
		t.Errorf("a reader's write gave %v", err)
	}
	if err := errors.Join(r.Close(), d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if err := put(ctx, d, 3, "c"); !errors.Is(err, db.ErrClosed) {
		t.Errorf("a write after the end gave %v", err)
	}
	for _, bad := range []string{"", "mysql://x", "sqlite:", "sqlite:/no/such/folder/x.db", "postgres://%zz"} {
		if _, err := db.Open(ctx, bad, db.Options{}); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	again, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, again, 1)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
