package access

import (
	"testing"

	"pgregory.net/rapid"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// TestExplainSaysWhatHappens: over random places and questions an explanation
// says yes exactly where Allows does, and where a list's condition holds the
// node; and its place is one of the actor's that covers the node.
func TestExplainSaysWhatHappens(t *testing.T) {
	t.Parallel()
	paths := []string{"", "1/", "1/2/", "1/2/3/", "1/2/3/4/", "1/2/33/", "1/5/", "1/5/6/", "1/5/6/7/"}
	role := rapid.SampledFrom(append(Roles(), "stranger", ""))
	place := rapid.Custom(func(t *rapid.T) Place {
		return Place{Node: id.Node(rapid.IntRange(0, 9).Draw(t, "node")), Path: rapid.SampledFrom(paths).Draw(t, "path"),
			Role: role.Draw(t, "role"), For: id.Person(rapid.IntRange(0, 1).Draw(t, "for"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		by := Actor{Person: id.Person(rapid.IntRange(0, 3).Draw(t, "person")), Role: role.Draw(t, "active"),
			Places: rapid.SliceOfN(place, 0, 5).Draw(t, "places")}
		if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
			by = rapid.SampledFrom([]Actor{Anonymous(), System("test"), Operator("root"), {}}).Draw(t, "other")
		}
		p, path := rapid.SampledFrom(append(AllPermissions(), "no.such")).Draw(t, "permission"), rapid.SampledFrom(paths).Draw(t, "path")
		v := by.Explain(p, path)
		if v.Allowed != by.Allows(p, path) || v.Allowed != (v.Why == ByPlace || v.Why == ByCommand) {
			t.Fatalf("explained %+v, allowed %v", v, by.Allows(p, path))
		}
		if got := by.Scope(p).Contains(path); got != v.Allowed {
			t.Fatalf("a list holds it: %v, explained %+v", got, v)
		}
		if v.Why == ByPlace && (v.Place.Role != by.Role || !Covers(v.Place.Path, path)) {
			t.Fatalf("by a place that does not cover it: %+v", v)
		}
		if by.Can(p) != (v.Why == ByPlace || v.Why == ByCommand || v.Why == Outside || v.Why == Nowhere) {
			t.Fatalf("coarse gate %v, explained %s", by.Can(p), v.Why)
		}
		var args db.Args
		if none := by.Scope(p).Nodes("n", &args) == "1 = 0"; none && v.Allowed {
			t.Fatalf("a list would be empty, explained %+v", v)
		}
		some := false
		for _, r := range by.Roles() {
			some = some || by.As(r).Allows(p, path)
		}
		all := by.ExplainAll(p, path)
		yes := false
		for _, v := range all {
			yes = yes || v.Allowed
		}
		if by.IsPerson() && len(by.Roles()) > 0 && yes != some {
			t.Fatalf("over all roles %v, explained %v", some, yes)
		}
	})
}

// TestThreeAdministrators: none does another's work, reads what belongs to
// pupils, or is given by somebody who signs in.
func TestThreeAdministrators(t *testing.T) {
	t.Parallel()
	shared := map[Permission]bool{HomeRead: true, AccountSelf: true, AccessExplain: true}
	for _, a := range Roles() {
		if !a.Administers() {
			continue
		}
		for _, p := range []Permission{ClassRead, ClassTalk, PersonRead, PupilProfile, PersonProfile, PersonReveal, RosterImport, TransferDecide, CodeIssue,
			GrantGive, IdentityCheck, ExportRequest, ExportApprove, PersonMerge, PersonCorrect, ConsentRegister} {
			if Has(a, p) {
				t.Errorf("%s holds %s", a, p)
			}
		}
		for _, b := range Roles() {
			if a != b && !Exclude(a, b) || Exclude(a, b) != Exclude(b, a) {
				t.Errorf("%s and %s may be one person", a, b)
			}
			if (Actor{Person: 1, Role: b}).MayGive(a) {
				t.Errorf("%s names %s on a page", b, a)
			}
			if a == b || !b.Administers() {
				continue
			}
			for _, p := range Permissions(a) {
				if Has(b, p) && !shared[p] && !Has(School, p) {
					t.Errorf("%s and %s both hold %s", a, b, p)
				}
			}
		}
		if !(Operator("root")).MayGive(a) {
			t.Errorf("the command line cannot name %s", a)
		}
	}
}

// TestLendableRoles: only roles that stand in a class or are given by a manager
// are lent, and each of them may lend by the table.
func TestLendableRoles(t *testing.T) {
	t.Parallel()
	for _, r := range Roles() {
		if Lendable(r) != Has(r, RoleLend) {
			t.Errorf("%s: lendable %v, may lend %v", r, Lendable(r), Has(r, RoleLend))
		}
		if Lendable(r) && (r.Administers() || r == OperatorRole || r == Pupil || r == Guardian || r == Expert) {
			t.Errorf("%s is lent", r)
		}
	}
}
