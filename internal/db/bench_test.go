package db_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// durable returns a database that syncs every commit, on each engine.
func durable(b *testing.B, e db.Dialect) *db.DB {
	b.Helper()
	d, err := db.Open(b.Context(), dbtest.URL(b, e), db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	if _, err := d.Exec(b.Context(), "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT NOT NULL, n BIGINT NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkTx measures durable transactions of one insert.
func BenchmarkTx(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		for _, writers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", e, writers), func(b *testing.B) {
				d := durable(b, e)
				ctx := b.Context()
				var next atomic.Int64
				var wg sync.WaitGroup
				took := make([]time.Duration, b.N)
				b.ResetTimer()
				for range writers {
					wg.Go(func() {
						for {
							start := time.Now()
							n := next.Add(1)
							if n > int64(b.N) {
								return
							}
							err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
								_, err := tx.Exec(ctx, "INSERT INTO scratch (id, v, n) VALUES ($1, $2, $3)", n, "a comment of some length", n)
								return err
							})
							if err != nil {
								b.Error(err)
								return
							}
							took[n-1] = time.Since(start)
						}
					})
				}
				wg.Wait()
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
			})
		}
	}
}

// BenchmarkBulk measures rows of a bulk insert in transactions of 20,000.
func BenchmarkBulk(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) {
			d := durable(b, e)
			b.ResetTimer()
			const chunk = 20_000
			for from := 0; from < b.N; from += chunk {
				err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: []string{"id", "v", "n"},
						Rows: numbers(from, min(from+chunk, b.N))})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func numbers(from, to int) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, 3)
		for i := from; i < to; i++ {
			row[0], row[1], row[2] = int64(i), "a comment of some length", int64(i)
			if !yield(row) {
				return
			}
		}
	}
}

// BenchmarkRead measures one row by its key, outside a transaction.
func BenchmarkRead(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) {
			d := durable(b, e)
			if _, err := d.Exec(b.Context(), "INSERT INTO scratch (id, v, n) VALUES (1, 'a', 1)"); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				var v string
				if err := d.QueryRow(b.Context(), "SELECT v FROM scratch WHERE id = $1", 1).Scan(&v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkView measures fifteen rows by their key, as a page reads them.
func BenchmarkView(b *testing.B) {
	d := durable(b, db.SQLite)
	if _, err := d.Exec(b.Context(), "INSERT INTO scratch (id, v, n) VALUES (1, 'a', 1)"); err != nil {
		b.Fatal(err)
	}
	page := func(ctx context.Context) error {
		for range 15 {
			var v string
			if err := d.QueryRow(ctx, "SELECT v FROM scratch WHERE id = $1", 1).Scan(&v); err != nil {
				return err
			}
		}
		return nil
	}
	b.Run("without", func(b *testing.B) {
		for range b.N {
			if err := page(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with", func(b *testing.B) {
		for range b.N {
			if err := d.View(b.Context(), page); err != nil {
				b.Fatal(err)
			}
		}
	})
}
