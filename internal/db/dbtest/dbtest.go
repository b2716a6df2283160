package dbtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/seal"
)

// Start is the instant the harness's clock stands at: 2019-11-05 09:00 UTC+8.
var Start = time.Date(2019, 11, 5, 9, 0, 0, 0, clock.Zone)

// Harness is what a test works with.
type Harness struct {
	DB    *db.DB
	Clock *clock.Manual
	IDs   *id.Source
	Keys  *seal.Keys
	Log   *event.Log
	Audit *audit.Trail
}

// Each runs fn in a parallel sub-test for each engine, each with a database of
// its own.
func Each(t *testing.T, fn func(t *testing.T, h *Harness)) {
	t.Helper()
	for _, e := range Engines(t) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			fn(t, New(t, e))
		})
	}
}

// Engines returns the engines that tests run on here.
func Engines(tb testing.TB) []db.Dialect {
	tb.Helper()
	engines := []db.Dialect{db.SQLite}
	if _, err := serverURL(); err == nil {
		return append(engines, db.Postgres)
	} else {
		complain(tb, err)
	}
	return engines
}

var complainOnce sync.Once

// complain says once that the server engine is missing, or fails the test
// where it is required.
func complain(tb testing.TB, cause error) {
	tb.Helper()
	required := strings.Split(os.Getenv("LEARNSPACE_TEST_REQUIRE"), ",")
	if slices.Contains(required, "postgres") {
		tb.Fatalf("PostgreSQL is required: %v", cause)
	}
	complainOnce.Do(func() {
		fmt.Fprintf(os.Stderr, "!!! TESTS RUN ON SQLITE ONLY, PostgreSQL is missing: %v\n", cause)
	})
}

// New returns a harness with an empty, migrated database, which goes with the
// test.
func New(tb testing.TB, e db.Dialect) *Harness {
	tb.Helper()
	return NewAt(tb, e, URL(tb, e))
}

// URL returns the address of an empty, migrated database, which goes with the
// test.
func URL(tb testing.TB, e db.Dialect) string {
	tb.Helper()
	var url string
	var err error
	if e == db.Postgres {
		url, err = serverCopy(tb)
	} else {
		url, err = fileCopy(tb)
	}
	if err != nil {
		tb.Fatalf("make a %s database: %v", e, err)
	}
	return url
}

// NewAt returns a harness on the database at url.
func NewAt(tb testing.TB, e db.Dialect, url string) *Harness {
	tb.Helper()
	d, err := db.Open(context.Background(), url, db.Options{
		Relaxed: true, PoolSize: 12, Twice: os.Getenv("LEARNSPACE_TEST_TWICE") != "",
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("close %s database: %v", e, err)
		}
	})
	clk := clock.NewManual(Start)
	ids, err := id.NewSource(clk, 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Random()
	if err != nil {
		tb.Fatal(err)
	}
	return &Harness{
		DB: d, Clock: clk, IDs: ids, Keys: keys,
		Log: event.New(d, ids, clk), Audit: audit.New(d, ids, clk),
	}
}
