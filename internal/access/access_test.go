package access

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"learnspace/internal/db"
)

func at(role Role, path string) Place { return Place{Node: 1, Path: path, Role: role} }

func someone(role Role, places ...Place) Actor {
	return Actor{Person: 7, Account: 8, Role: role, Places: places}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		by   Actor
		p    Permission
		path string
		want bool
	}{
		"own class":                {someone(ClassTeacher, at(ClassTeacher, "1/2/3/4/")), CodeIssue, "1/2/3/4/", true},
		"other class, same digits": {someone(ClassTeacher, at(ClassTeacher, "1/2/3/4/")), CodeIssue, "1/2/3/44/", false},
		"below the county":         {someone(County, at(County, "1/2/")), RosterImport, "1/2/9/", true},
		"above the county":         {someone(County, at(County, "1/2/")), OrgRead, "1/", false},
		"role that is not active":  {someone(Teacher, at(County, "1/2/"), at(Teacher, "1/5/6/7/")), RosterImport, "1/2/9/", false},
		"county reads no class":    {someone(County, at(County, "1/2/")), ClassRead, "1/2/3/4/", false},
		"province reads no class":  {someone(Province, at(Province, "1/")), ClassRead, "1/2/3/4/", false},
		"pupil hides nothing":      {someone(Pupil, at(Pupil, "1/2/3/4/")), PostHide, "1/2/3/4/", false},
		"staff without a class":    {someone(Teacher, at(Teacher, "")), ClassRead, "1/2/3/4/", false},
		"no path":                  {someone(Province, at(Province, "1/")), OrgRead, "", false},
		"nobody":                   {Anonymous(), HomeRead, "1/", false},
		"zero actor":               {Actor{}, AccountSelf, "1/", false},
		"the system":               {System("test"), TargetSet, "1/2/", true},
		"outside of every place":   {someone(Expert, at(Expert, "1/9/")), AccountSelf, "1/2/", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.by.Allows(test.p, test.path); got != test.want {
				t.Errorf("Allows = %v, want %v", got, test.want)
			}
		})
	}
}

func TestScopeCondition(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		by   Actor
		p    Permission
		want string
		args db.Args
	}{
		"nobody":       {Anonymous(), OrgRead, "1 = 0", nil},
		"not held":     {someone(Pupil, at(Pupil, "1/2/3/4/")), OrgRead, "1 = 0", nil},
		"the province": {someone(Province, at(Province, "1/")), OrgRead, "1 = 1", nil},
		"the operator": {Operator("root"), OrgRead, "1 = 1", nil},
		"two classes": {someone(Teacher, at(Teacher, "1/2/3/4/"), at(Teacher, "1/2/3/5/"), at(Registrar, "1/9/")), ClassRead,
			"n IN (SELECT id FROM org_node WHERE ((path >= $1 AND path < $2) OR (path >= $3 AND path < $4)))",
			db.Args{"1/2/3/4/", "1/2/3/40", "1/2/3/5/", "1/2/3/50"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args db.Args
			if got := test.by.Scope(test.p).Nodes("n", &args); got != test.want {
				t.Errorf("condition = %s, want %s", got, test.want)
			}
			if d := cmp.Diff(test.args, args); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRangeIsSubtree: the range of a path holds the node and what lies below
// it, and nothing else.
func TestRangeIsSubtree(t *testing.T) {
	t.Parallel()
	path := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.StringMatching(`[0-9a-z]{1,3}`), 1, 5).Draw(t, "steps"), "/") + "/"
	})
	rapid.Check(t, func(t *rapid.T) {
		outer, inner := path.Draw(t, "outer"), path.Draw(t, "inner")
		if rapid.Bool().Draw(t, "below") {
			inner = outer + inner
		}
		if got, want := inner >= outer && inner < UpperBound(outer), Covers(outer, inner); got != want {
			t.Fatalf("range of %q holds %q: %v, want %v", outer, inner, got, want)
		}
	})
}

// TestTableOfPermissions: the lines that would hurt most if they were wrong.
func TestTableOfPermissions(t *testing.T) {
	t.Parallel()
	for _, r := range Roles() {
		if inClass := r == Pupil || r == Teacher || r == ClassTeacher || r == School; Has(r, ClassRead) != inClass {
			t.Errorf("%s reads class spaces: %v", r, !inClass)
		}
		if Has(r, BulletinDraft) != (r == Province) {
			t.Errorf("%s works on bulletins: %v", r, r != Province)
		}
		if MayGive(r, SysAdmin) && r != OperatorRole {
			t.Errorf("%s may name a system administrator", r)
		}
		if !Has(r, AccountSelf) {
			t.Errorf("%s has no account of its own", r)
		}
		for _, given := range Givable(r) {
			if given == Pupil || given == Teacher || given == ClassTeacher || given == Guardian {
				t.Errorf("%s may give %s, which comes from the roster", r, given)
			}
		}
	}
	if Has("stranger", HomeRead) {
		t.Error("a word that is no role holds something")
	}
}
