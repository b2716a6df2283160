package db_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

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
				b.ResetTimer()
				for range writers {
					wg.Go(func() {
						for {
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
						}
					})
				}
				wg.Wait()
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
