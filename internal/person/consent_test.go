package person_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

func TestConsent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(pupil(f.a1, "李晓", number1))[0]
		self := access.Actor{Person: who, Role: access.Pupil}
		say := func(answer string) {
			t.Helper()
			if err := f.people.RecordConsent(ctx, self, person.Consent{Child: who, Purpose: "space", TextVersion: "2019-1", Answer: answer, ByName: "李父", ByRelation: "父亲"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.people.Activate(ctx, self, who); err != nil {
			t.Fatal(err)
		}
		manager := actor(access.School, f.a, 99)
		for by, source := range map[*access.Actor]string{&self: person.SourceRoster, &manager: person.SourceSchool} {
			if err := f.people.Verify(ctx, *by, who, source); !errors.Is(err, fault.ErrConflict) {
				t.Errorf("verified by %s before anybody was asked: %v", source, err)
			}
		}
		say(person.ConsentRefused)
		if err := f.people.Verify(ctx, self, who, person.SourceRoster); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("verified against the guardian: %v", err)
		}
		say(person.ConsentGiven)
		if err := f.people.Verify(ctx, self, who, person.SourceRoster); err != nil {
			t.Fatal(err)
		}
		say(person.ConsentWithdrawn)
		p, err := f.people.Get(ctx, self, who)
		if err != nil || p.Verified.IsZero() || p.Activated.IsZero() || p.Consent != person.ConsentWithdrawn {
			t.Errorf("after withdrawal %+v, %v", p, err)
		}
		want := []string{`person.made a {"r":"pupil"}`, `person.activated a {"r":"pupil"}`, `person.verified a {"r":"pupil","first":1}`}
		if diff := cmp.Diff(want, f.log(who)); diff != "" {
			t.Error(diff)
		}
		all, err := f.people.Consents(ctx, self, who)
		if err != nil || len(all) != 3 {
			t.Errorf("answers %+v, %v", all, err)
		}
	})
}

func TestReachableGuardians(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ids := f.make(pupil(f.a1, "李晓", number1), pupil(f.a1, "王一鸣", number2),
			person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID}, person.Draft{Name: "王父", Role: person.RoleGuardian, Unit: f.a.ID})
		err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: ids[2], Ward: ids[0], PhoneTail: "2222"}, {Guardian: ids[3], Ward: ids[1]}})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			by   access.Actor
			want map[id.Person]bool
		}{
			"class teacher":    {actor(access.ClassTeacher, f.a1, 90), map[id.Person]bool{ids[0]: true}},
			"of another class": {actor(access.ClassTeacher, f.a2, 91), map[id.Person]bool{}},
			"another school":   {actor(access.School, f.b, 92), map[id.Person]bool{}},
			"pupil":            {actor(access.Pupil, f.a1, ids[1]), map[id.Person]bool{}},
		} {
			got, err := f.people.Reachable(ctx, c.by, ids[:2])
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v, %v", name, diff, err)
			}
		}
	})
}

func TestStanding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p     person.Person
		grade string
		want  person.Standing
	}{
		"child, not asked":       {person.Person{Role: person.RolePupil, Birth: 20051106}, "J3", person.Unanswered},
		"child, agreed":          {person.Person{Role: person.RolePupil, Birth: 20051106, Consent: person.ConsentGiven}, "P3", person.Free},
		"child, refused":         {person.Person{Role: person.RolePupil, Birth: 20051106, Consent: person.ConsentRefused}, "P3", person.Against},
		"child, withdrawn":       {person.Person{Role: person.RolePupil, Birth: 20051106, Consent: person.ConsentWithdrawn}, "P3", person.Against},
		"fourteen, not asked":    {person.Person{Role: person.RolePupil, Birth: 20051105}, "J2", person.Free},
		"fourteen, refused once": {person.Person{Role: person.RolePupil, Birth: 20051105, Consent: person.ConsentRefused}, "J2", person.Against},
		"no birth, primary":      {person.Person{Role: person.RolePupil}, "P6", person.Unanswered},
		"no birth, first junior": {person.Person{Role: person.RolePupil}, "J1", person.Unanswered},
		"no birth, third junior": {person.Person{Role: person.RolePupil}, "J3", person.Free},
		"no birth, no grade":     {person.Person{Role: person.RolePupil}, "", person.Unanswered},
		"teacher":                {person.Person{Role: person.RoleTeacher}, "", person.Free},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.p.Standing(c.grade, 20191105); got != c.want {
				t.Errorf("standing %d, want %d", got, c.want)
			}
		})
	}
}

func TestUnder14(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		birth clock.Day
		role  string
		want  bool
	}{
		"thirteen": {20051106, person.RolePupil, true}, "fourteenth birthday": {20051105, person.RolePupil, false},
		"pupil without birth": {0, person.RolePupil, true}, "teacher without birth": {0, person.RoleTeacher, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (person.Person{Birth: c.birth, Role: c.role}).Under14(20191105); got != c.want {
				t.Errorf("under 14: %v", got)
			}
		})
	}
}
