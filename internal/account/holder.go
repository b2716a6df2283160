package account

import (
	"context"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

var errForbidden = fault.New(fault.ErrForbidden, "account.forbidden")

// preference orders roles for whoever holds several and has not chosen: the
// one with the most waiting for it first.
var preference = []access.Role{access.Province, access.Prefecture, access.County, access.Reporter, access.School,
	access.Registrar, access.ClassTeacher, access.Teacher, access.Pupil, access.Guardian, access.Inspector,
	access.Researcher, access.OperatorRole, access.SysAdmin, access.SecAdmin, access.AuditAdmin, access.Expert,
	access.StudioLeader, access.ClubTeacher}

// chooseRole returns wanted when it is held, else the first of preference.
func chooseRole(places []access.Place, wanted access.Role) access.Role {
	has := func(r access.Role) bool {
		return slices.ContainsFunc(places, func(p access.Place) bool { return p.Role == r })
	}
	if wanted != "" && has(wanted) {
		return wanted
	}
	for _, r := range preference {
		if has(r) {
			return r
		}
	}
	return ""
}

// holds reports whether the actor holds the role today.
func holds(by access.Actor, role access.Role) bool {
	return slices.ContainsFunc(by.Places, func(p access.Place) bool { return p.Role == role })
}

// ReadDays is for how many days a pupil who left or graduated may still sign in,
// to read and take along what is his: he has no place, so no class, no list and
// no search opens. Staff who left, a dead person's and a merged record's account
// let nobody in.
const ReadDays = 90

// reads reports whether a pupil who is no longer here may still read his own.
func reads(p person.Person, day clock.Day) bool {
	return p.Role == person.RolePupil && p.Status == person.StatusLeft && p.EndedOn != 0 && day < p.EndedOn.AddDays(ReadDays)
}

// mayEnter reports whether a person in this state may sign in. Whoever has left
// keeps the account but has no role, and is told so.
func mayEnter(status string) bool { return status == person.StatusNormal }

// selfOf is the person as an actor on his own record, before his roles are
// known.
func selfOf(p id.Person) access.Actor { return access.Actor{Person: p} }

// places works out which roles a person holds today and where: by the roster's
// affiliations and by grants. Classes stand before schools, so that the home of
// a teacher is a class. A teacher's place at the school itself has no path: it
// says where he works and opens no class that he does not teach.
func (s *Service) places(ctx context.Context, p id.Person) ([]access.Place, error) {
	all, err := s.people.Affiliations(ctx, selfOf(p), p)
	if err != nil {
		return nil, err
	}
	affiliations := all[p]
	nodes := make([]id.Node, 0, len(affiliations))
	for _, a := range affiliations {
		nodes = append(nodes, a.Node)
	}
	spots, err := org.Spots(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	grants, err := s.org.GrantsOf(ctx, selfOf(p), p)
	if err != nil {
		return nil, err
	}
	var out, last []access.Place
	for _, g := range grants {
		place := access.Place{Node: g.Node, Path: g.Path, Role: g.Role, Grant: g.ID, For: g.LentBy, From: g.From, Until: g.To, GivenBy: g.GivenBy}
		out = add(out, place)
		if g.Role == access.ClassTeacher {
			place.Role = access.Teacher
			out = add(out, place)
		}
	}
	for _, a := range affiliations {
		spot, ok := spots[a.Node]
		role := access.Role(a.Role)
		// A closed class stays readable for those who are in it.
		if !ok || spot.Status == org.StatusClosed && spot.Kind != org.KindClass || !role.Valid() {
			continue
		}
		place := access.Place{Node: a.Node, Path: spot.Path, Role: role, From: a.From, Until: a.To}
		if spot.Kind != org.KindClass {
			place.Path = ""
			last = add(last, place)
			continue
		}
		out = add(out, place)
		if role == access.ClassTeacher {
			place.Role = access.Teacher
			out = add(out, place)
		}
	}
	return append(out, last...), nil
}

// add appends a place. Of the same role at the same node the holder's own place
// comes before one that is lent to him.
func add(all []access.Place, p access.Place) []access.Place {
	i := slices.IndexFunc(all, func(o access.Place) bool { return o.Node == p.Node && o.Role == p.Role })
	switch {
	case i < 0:
		return append(all, p)
	case all[i].For != 0 && p.For == 0:
		all[i] = p
	}
	return all
}

// actorOf loads who a person is today, with the wanted role active when he
// holds it, and the person's status.
func (s *Service) actorOf(ctx context.Context, p id.Person, a id.Account, wanted access.Role) (access.Actor, string, error) {
	rec, err := person.Load(ctx, s.db, p)
	if err != nil {
		return access.Actor{}, "", err
	}
	places, err := s.places(ctx, p)
	if err != nil {
		return access.Actor{}, "", err
	}
	var wards []id.Person
	if rec.Role == person.RoleGuardian {
		places = append(places, guardianPlace(rec))
		if wards, err = s.people.WardsOf(ctx, selfOf(p), p); err != nil {
			return access.Actor{}, "", err
		}
	}
	talk := ""
	if rec.Role == person.RolePupil {
		if talk, err = person.AnswerOf(ctx, s.db, p, person.PurposeTalk); err != nil {
			return access.Actor{}, "", err
		}
	}
	standing, err := person.StandingOf(ctx, s.db, rec, s.today())
	if err != nil {
		return access.Actor{}, "", err
	}
	role, status := chooseRole(places, wanted), rec.Status
	if reads(rec, s.today()) {
		status = person.StatusNormal
		if role == "" {
			role = access.Pupil
		}
	}
	return access.Actor{Person: p, Account: a, Role: role, Name: rec.Name, Places: places, Wards: wards, Talk: talk,
		NoConsent: standing != person.Free, Unanswered: standing == person.Unanswered}, status, nil
}

// holder is everything that an activation shows and decides by.
type holder struct {
	person  person.Person
	places  []access.Place
	primary person.Affiliation
	school  string
	class   string
	grade   string // of a pupil's class on the day, "" else
}

// holder loads a person with the names of his school and class.
func (s *Service) holder(ctx context.Context, p id.Person) (holder, error) {
	rec, err := person.Load(ctx, s.db, p)
	if err != nil {
		return holder{}, err
	}
	h := holder{person: rec}
	if h.places, err = s.places(ctx, p); err != nil {
		return holder{}, err
	}
	if rec.Role == person.RoleGuardian {
		h.places = append(h.places, guardianPlace(rec))
		h.primary = person.Affiliation{Node: rec.Unit, Unit: rec.Unit}
	}
	all, err := s.people.Affiliations(ctx, selfOf(p), p)
	if err != nil {
		return holder{}, err
	}
	for _, a := range all[p] {
		if a.Primary || h.primary.Node == 0 {
			h.primary = a
		}
	}
	day := clock.DayOf(s.clk.Now())
	nodes, err := org.Nodes(ctx, s.db, []id.Node{h.primary.Node, h.primary.Unit})
	if err != nil {
		return holder{}, err
	}
	h.school = nodes[h.primary.Unit].Name
	if n := nodes[h.primary.Node]; n.Kind == org.KindClass {
		h.class, h.grade = n.Label(day), n.Grade(day)
	}
	return h, nil
}

// defaultRole is the role in which the person comes in.
func (h holder) defaultRole(wanted access.Role) access.Role { return chooseRole(h.places, wanted) }
