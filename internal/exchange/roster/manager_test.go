package roster_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// TestWholeRosterKeepsTheLastManager: a whole roster that leaves the manager of
// a school out leaves him in until a successor is named; then he goes, and his
// role with him.
func TestWholeRosterKeepsTheLastManager(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		wang, li := number("19800307", 1), number("19850307", 2)
		f.load(f.primary, sheet("a.csv", staffHeader, "王海,"+wang+",教师,语文,,,,", "李梅,"+li+",校长,,,,,"))
		manager := func(name string) {
			t.Helper()
			var who int64
			if err := f.DB.QueryRow(t.Context(), "SELECT id FROM person WHERE name = $1", name).Scan(&who); err != nil {
				t.Fatal(err)
			}
			if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: id.Person(who), Node: f.primary.ID, Role: access.School}); err != nil {
				t.Fatal(err)
			}
		}
		manager("李梅")
		whole := func() {
			f.loadAs(roster.Request{Node: f.primary.ID, Mode: roster.Whole, Sources: []roster.Source{sheet("全.csv", staffHeader, "王海,"+wang+",教师,语文,,,,")}})
		}
		whole()
		if n := f.has("SELECT COUNT(*) FROM person WHERE name = '李梅' AND status = 'normal'"); n != 1 {
			t.Error("the last manager has left")
		}
		if n := f.has("SELECT COUNT(*) FROM org_grant WHERE ended_at = 0"); n != 1 {
			t.Errorf("%d managers", n)
		}
		manager("王海")
		whole()
		if n := f.has("SELECT COUNT(*) FROM person WHERE name = '李梅' AND status = 'left'"); n != 1 {
			t.Error("one of two managers has not left")
		}
		if n := f.has("SELECT COUNT(*) FROM org_grant WHERE ended_at = 0"); n != 1 {
			t.Errorf("%d managers after one has left", n)
		}
	})
}
