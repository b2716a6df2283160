package org_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// everybody is a People that knows all persons.
type everybody struct{}

func (everybody) Within(context.Context, access.Actor, access.Permission, id.Person) (bool, error) {
	return true, nil
}

func (everybody) Holds(context.Context, access.Actor, id.Person, id.Node, access.Role) (bool, error) {
	return true, nil
}

func (everybody) WorksAt(context.Context, access.Actor, id.Person, ...id.Node) (bool, error) {
	return true, nil
}

// strangers is a People that knows nobody.
type strangers struct{}

func (strangers) Within(context.Context, access.Actor, access.Permission, id.Person) (bool, error) {
	return false, nil
}

func (strangers) Holds(context.Context, access.Actor, id.Person, id.Node, access.Role) (bool, error) {
	return false, nil
}

func (strangers) WorksAt(context.Context, access.Actor, id.Person, ...id.Node) (bool, error) {
	return false, nil
}

func TestGrantRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		county := f.actor(t, access.County, "220102")
		cases := []struct {
			name   string
			by     access.Actor
			role   access.Role
			node   string
			person id.Person
			until  int32
			want   error
		}{
			{"county makes a school manager", county, access.School, "2122000001", 7, 0, nil},
			{"county makes a county officer", county, access.County, "220102", 7, 0, nil},
			{"school makes a registrar", f.actor(t, access.School, "2122000001"), access.Registrar, "2122000001", 7, 0, nil},
			{"province makes a reporter", f.actor(t, access.Province, "22"), access.Reporter, "22CB00", 7, 0, nil},
			{"command line makes an operator", f.op, access.OperatorRole, "22", 7, 0, nil},
			{"of another county", county, access.School, "2122000002", 7, 0, fault.ErrNotFound},
			{"a role above one's own", county, access.Prefecture, "220102", 7, 0, fault.ErrForbidden},
			{"school makes a school manager", f.actor(t, access.School, "2122000001"), access.School, "2122000001", 7, 0, fault.ErrForbidden},
			{"to oneself", county, access.School, "2122000001", county.Person, 0, fault.ErrForbidden},
			{"reporter gives", f.actor(t, access.Reporter, "220100"), access.School, "2122000001", 7, 0, fault.ErrForbidden},
			{"registrar gives", f.actor(t, access.Registrar, "2122000001"), access.Registrar, "2122000001", 7, 0, fault.ErrForbidden},
			{"role at a wrong kind", county, access.School, "220102", 7, 0, fault.ErrInvalid},
			{"ended before it begins", county, access.School, "3122000001", 7, 20191105, fault.ErrInvalid},
			{"a teacher by grant", f.op, access.Teacher, "2122000001", 7, 0, fault.ErrForbidden},
			{"anonymous", access.Anonymous(), access.School, "2122000001", 7, 0, fault.ErrNotFound},
			{"nobody", county, access.School, "2122000001", 0, 0, fault.ErrInvalid},
		}
		for _, c := range cases {
			_, err := f.svc.Grant(t.Context(), c.by, org.GrantRequest{Person: c.person, Node: f.node(t, c.node).ID, Role: c.role, Until: day(c.until)})
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		f.svc.People = strangers{}
		if _, err := f.svc.Grant(t.Context(), county, org.GrantRequest{Person: 9, Node: f.node(t, "2122000001").ID, Role: access.School}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("to a stranger: %v", err)
		}
	})
}

func TestGrantLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		county, school := f.actor(t, access.County, "220102"), f.node(t, "2122000001")
		who := id.Person(77)
		req := org.GrantRequest{Person: who, Node: school.ID, Role: access.School, Until: 20191201}
		g, err := f.svc.Grant(ctx, county, req)
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.svc.Grant(ctx, county, req)
		if err != nil || again.ID != g.ID {
			t.Errorf("a double click: %+v, %v", again, err)
		}
		req.Until = 0
		if _, err := f.svc.Grant(ctx, county, req); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("the same role with another end: %v", err)
		}
		if of, err := f.svc.GrantsOf(ctx, access.Actor{Person: who}, who); err != nil || len(of) != 1 || of[0].Path != school.Path {
			t.Errorf("grants %+v, %v", of, err)
		}
		f.Clock.Set(day(20191201).Start().Add(time.Hour))
		if of, err := f.svc.GrantsOf(ctx, f.op, who); err != nil || len(of) != 0 {
			t.Errorf("grants after the last day %+v, %v", of, err)
		}
		next, err := f.svc.Grant(ctx, county, req)
		if err != nil || next.ID == g.ID {
			t.Fatalf("a new grant after the old has run out: %+v, %v", next, err)
		}
		foreign := f.actor(t, access.County, "220302")
		if _, err := f.svc.EndGrant(ctx, foreign, next.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another county ends it: %v", err)
		}
		if _, err := f.svc.EndGrant(ctx, f.actor(t, access.School, "2122000001"), next.ID); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("the school ends its manager: %v", err)
		}
		if _, err := f.svc.Grant(ctx, county, org.GrantRequest{Person: 78, Node: school.ID, Role: access.School}); err != nil {
			t.Fatal(err) // a second manager, so that the first may go
		}
		f.verbs(t, 0)
		head, err := f.Log.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		self := f.actor(t, access.County, "220102")
		self.Person = who
		if _, err := f.svc.EndGrant(ctx, self, next.ID); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("one's own: %v", err)
		}
		for range 2 {
			ended, err := f.svc.EndGrant(ctx, county, next.ID)
			if err != nil || ended.On(20191201) {
				t.Errorf("ended %+v, %v", ended, err)
			}
		}
		if got := f.verbs(t, head); got[org.EventGrantGiven] != 0 || got[org.EventGrantEnded] != 1 {
			t.Errorf("events %v", got)
		}
	})
}

func TestGrantListsStayInScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		a, b := f.node(t, "2122000001"), f.node(t, "2122000002")
		for _, n := range []org.Node{a, b} {
			for i := range 3 {
				if _, err := f.svc.Grant(ctx, f.op, org.GrantRequest{Person: id.Person(100 + i), Node: n.ID, Role: access.School}); err != nil {
					t.Fatal(err)
				}
			}
		}
		county := f.actor(t, access.County, "220102")
		got, err := f.svc.Grants(ctx, county, org.GrantList{Node: f.node(t, "220102").ID, Limit: 2})
		if err != nil || len(got) != 2 || got[0].Node != a.ID {
			t.Fatalf("first page %+v, %v", got, err)
		}
		rest, err := f.svc.Grants(ctx, county, org.GrantList{Node: f.node(t, "220102").ID, Limit: 2, After: got[1].ID})
		if err != nil || len(rest) != 1 || rest[0].Node != a.ID {
			t.Errorf("second page %+v, %v", rest, err)
		}
		if _, err := f.svc.Grants(ctx, county, org.GrantList{Node: b.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a school of another county: %v", err)
		}
		if _, err := f.svc.Grants(ctx, county, org.GrantList{Node: f.node(t, "220100").ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the city above: %v", err)
		}
		if of, err := f.svc.GrantsOf(ctx, county, 100); err != nil || len(of) != 1 {
			t.Errorf("grants of a person at home in two counties: %+v, %v", of, err)
		}
	})
}
