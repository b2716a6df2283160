package space_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/schema"
	"learnspace/internal/seal"
	"learnspace/internal/space"
)

// number makes the i-th identity number, with a right check digit.
func number(i int) string {
	body := fmt.Sprintf("220102%08d%03d", 20100101+i/1000%28+i/28000*10000, i%1000)
	digit, _ := codes.IDCheckDigit(body)
	return body + string(digit)
}

// pupilsWithGuardians drafts n pupils of a class, every third with a guardian
// of his own.
func pupilsWithGuardians(school, class id.Node, from, n int) (pupils, guardians []person.Draft) {
	for i := from; i < from+n; i++ {
		pupils = append(pupils, person.Draft{Name: fmt.Sprintf("学生%d", i), Sex: i%2 + 1, Birth: 20100101, Ethnic: "01",
			IDNo: number(i), Role: person.RolePupil, Node: class, Unit: school})
		if i%3 == 0 {
			guardians = append(guardians, person.Draft{Name: fmt.Sprintf("家长%d", i), Phone: fmt.Sprintf("139%08d", i),
				Role: person.RoleGuardian, Unit: school})
		}
	}
	return pupils, guardians
}

// BenchmarkMakePeople makes pupils with guardians, spaces and events, sealed and
// synced, 20,000 pupils a transaction. Figure: microseconds a pupil.
func BenchmarkMakePeople(b *testing.B) {
	const perChunk = 20_000
	ctx := context.Background()
	url := "sqlite:" + filepath.Join(b.TempDir(), "bench.db")
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if err := schema.Migrate(ctx, d); err != nil {
		b.Fatal(err)
	}
	clk := clock.NewManual(dbtest.Start)
	ids, err := id.NewSource(clk, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	keys, err := seal.Random()
	if err != nil {
		b.Fatal(err)
	}
	log, trail := event.New(d, ids, clk), audit.New(d, ids, clk)
	orgs := org.New(d, ids, clk, log, trail)
	people := person.New(d, ids, clk, keys, log, trail, orgs)
	space.New(d, ids, clk, log, trail, orgs, people)
	by := access.Operator("bench")
	if _, err := orgs.Import(ctx, by, []org.ImportRow{{Code: "22", Name: "省", Kind: "省"},
		{Code: "2122000001", Name: "校", Kind: "学校", Parent: "22", Type: "211"}}); err != nil {
		b.Fatal(err)
	}
	school, err := orgs.ByCode(ctx, by, "2122000001")
	if err != nil {
		b.Fatal(err)
	}
	done := 0
	for b.Loop() {
		start := time.Now()
		pupils, guardians := pupilsWithGuardians(school.ID, school.ID, done, perChunk)
		all, err := people.Prepare(ctx, by, append(pupils, guardians...))
		if err != nil {
			b.Fatal(err)
		}
		prepared := time.Now()
		links := make([]person.Guardianship, len(guardians))
		for i := range links {
			links[i] = person.Guardianship{Guardian: all[perChunk+i].ID, Ward: all[i*3].ID, Relation: "父亲", PhoneTail: "0000"}
		}
		err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := people.InsertMany(ctx, by, all); err != nil {
				return err
			}
			return people.Link(ctx, by, links)
		})
		if err != nil {
			b.Fatal(err)
		}
		done += perChunk
		b.Logf("%d: prepare %v, write %v", done, prepared.Sub(start).Round(time.Millisecond), time.Since(prepared).Round(time.Millisecond))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(done), "µs/pupil")
}
