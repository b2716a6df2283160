package org_test

import (
	"context"
	"fmt"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/org"
)

// BenchmarkImport loads 60 counties with 10,000 schools and the same again.
func BenchmarkImport(b *testing.B) {
	rows := []org.ImportRow{{Code: "22", Name: "吉林省", Kind: "省"}, {Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"}}
	for c := range 60 {
		rows = append(rows, org.ImportRow{Code: fmt.Sprintf("2201%02d", c+1), Name: fmt.Sprintf("县%d", c), Kind: "区县", Parent: "220100"})
	}
	for s := range 10_000 {
		rows = append(rows, org.ImportRow{Code: fmt.Sprintf("2122%06d", s+1), Name: fmt.Sprintf("小学%d", s), Kind: "学校",
			Parent: fmt.Sprintf("2201%02d", s%60+1), Type: "211"})
	}
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) { benchImport(b, e, rows) })
	}
}

func benchImport(b *testing.B, e db.Dialect, rows []org.ImportRow) {
	for b.Loop() {
		h := dbtest.New(b, e)
		svc, by := org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit), access.Operator("bench")
		for run, want := range []org.ImportReport{{New: len(rows)}, {Unchanged: len(rows)}} {
			rep, err := svc.Import(context.Background(), by, rows)
			if err != nil || rep.New != want.New || rep.Unchanged != want.Unchanged {
				b.Fatalf("run %d: %v %+v", run+1, err, rep)
			}
		}
	}
}
