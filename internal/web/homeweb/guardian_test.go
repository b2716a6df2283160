package homeweb_test

import (
	"net/http"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// guardian is a guardian of children who has come in by a slip.
func (f *fixture) guardian(name string, wards ...access.Actor) access.Actor {
	f.t.Helper()
	ctx, unit := f.t.Context(), f.nodes["a1"].Unit
	made, err := f.deps.People.Prepare(ctx, f.op, []person.Draft{{Name: name, Role: person.RoleGuardian, Phone: "13900012345", Unit: unit}})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.deps.People.InsertMany(ctx, f.op, made); err != nil {
		f.t.Fatal(err)
	}
	for _, w := range wards {
		if err := f.deps.People.Link(ctx, f.op, []person.Guardianship{{Guardian: made[0].ID, Ward: w.Person, Relation: "母亲", PhoneTail: "2345"}}); err != nil {
			f.t.Fatal(err)
		}
	}
	slip, err := f.deps.Accounts.IssueCode(ctx, f.op, made[0].ID)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = f.deps.Accounts.Activate(ctx, access.Anonymous(), account.Activation{Code: slip.Code, Login: "qiuyue", Password: "maple-river-42",
		Guardian: account.Guardian{Tail: "2345"}})
	if err != nil {
		f.t.Fatal(err)
	}
	by, err := f.deps.Accounts.ActorOf(ctx, f.op, made[0].ID, access.Guardian)
	if err != nil {
		f.t.Fatal(err)
	}
	return by
}

// TestGuardianHome: the children with class and school, a decision in one tap,
// and nobody else's children.
func TestGuardianHome(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.New(t, db.SQLite))
	one, two := f.make("林知夏", access.Pupil, "a1"), f.make("林知秋", access.Pupil, "a2")
	f.make("王一鸣", access.Pupil, "a1")
	p := f.As(f.guardian("林秋月", one, two)).Get("/home").Want(http.StatusOK)
	main := p.Text("main")
	for _, want := range []string{"林知夏", "林知秋", "松苑小学", "三年级1班", "三年级2班"} {
		if !strings.Contains(main, want) {
			t.Errorf("the home does not name %s", want)
		}
	}
	if strings.Contains(main, "王一鸣") {
		t.Error("the home names a child of others")
	}
	form := p.Form("form[action$='/consent']")
	if form.Get("answer") != "given" || form.Get("back") != "/home" || p.Count("form[action$='/consent']") != 6 {
		t.Errorf("decisions in one tap: %v", form)
	}
	if p.Count("form[action='/signout']") == 0 {
		t.Error("no way out")
	}
	nobody := access.Actor{Person: id.Next[id.Person](f.IDs), Role: access.Guardian, Places: []access.Place{{Node: f.nodes["a1"].Unit, Role: access.Guardian}}}
	if got := f.As(nobody).Get("/home").Want(http.StatusOK).Text("main"); strings.Contains(got, "林知夏") {
		t.Errorf("without a binding: %q", got)
	}
}
