package explain

import (
	"context"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/talk/post"
)

// Kind is a kind of object that can be asked about.
type Kind string

// The kinds.
const (
	Node   Kind = "node"
	Person Kind = "person"
	Post   Kind = "post"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Node, Person, Post} }

// Service answers.
type Service struct {
	db       *db.DB
	accounts *account.Service
	orgs     *org.Service
	people   *person.Service
}

// New returns the service.
func New(d *db.DB, accounts *account.Service, orgs *org.Service, people *person.Service) *Service {
	return &Service{db: d, accounts: accounts, orgs: orgs, people: people}
}

// Question asks about one person and one object.
type Question struct {
	Who    id.Person
	Kind   Kind
	Object int64 // id of the node, person or post
}

// Line is the answer for one permission.
type Line struct {
	access.Verdict
	// At is the node where the role is held, of a refusal the one where it is held
	// instead; the zero Node where there is none or it is no business of the asker.
	At org.Node
	// GivenBy and For are names of staff; "" where nobody gave it or the name is
	// not for the asker.
	GivenBy, For string
}

// Held is one role that the person holds; At is the zero Node where that is
// outside of what the asker may ask about.
type Held struct {
	Place access.Place
	At    org.Node
}

// Answer is what a person may do with an object, and why.
type Answer struct {
	Who   string // the person's name
	Roles []access.Role
	Held  []Held
	// Name is the object's, "" where the asker may not read it; At is where it
	// stands.
	Name  string
	At    org.Node
	Lines []Line
}

// permissions lists for each kind of object what can be done with it.
var permissions = map[Kind][]access.Permission{
	Node: {access.OrgRead, access.FiguresRead, access.GrantGive, access.PersonRead, access.RosterImport, access.ClassRead, access.CodeIssue, access.AuditRead},
	Person: {access.PersonRead, access.PersonProfile, access.PupilProfile, access.PersonReveal, access.RosterImport, access.ClassRead,
		access.GrantGive, access.CodeIssue},
	Post: {access.ClassRead, access.ClassTalk, access.PostHide, access.PostReport},
}

// ofClass is what can be done with a class besides.
var ofClass = []access.Permission{access.ClassRead, access.ClassTalk, access.ClassPost, access.PostHide, access.PersonRead, access.PupilProfile,
	access.CodeIssue, access.ClassConfirm, access.OrgRead}

// Explain answers the question. ErrNotFound for a person who does not work where
// the asker holds access.explain, or an object that does not stand there.
func (s *Service) Explain(ctx context.Context, by access.Actor, q Question) (Answer, error) {
	who, err := s.accounts.RightsOf(ctx, by, q.Who)
	if err != nil {
		return Answer{}, err
	}
	places, err := s.places(ctx, by, q)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Who: who.Name, Roles: who.Roles(), At: places[0]}
	for _, at := range who.Places {
		a.Held = append(a.Held, Held{Place: at})
	}
	asked := permissions[q.Kind]
	if q.Kind == Node && a.At.Kind == org.KindClass {
		asked = ofClass
	}
	for _, p := range asked {
		a.Lines = append(a.Lines, Line{Verdict: best(who, p, places)})
	}
	slices.SortStableFunc(a.Lines, func(x, y Line) int { return order(x) - order(y) })
	if err := s.name(ctx, by, q, &a); err != nil {
		return Answer{}, err
	}
	return a, s.dress(ctx, by, &a)
}

// order puts what is allowed before what is not.
func order(l Line) int {
	if l.Allowed {
		return 0
	}
	return 1
}

// best is the verdict that decides for a person who may switch between his
// roles and an object that stands at several nodes: the first that allows, else
// the refusal that came nearest.
func best(who access.Actor, p access.Permission, places []org.Node) access.Verdict {
	near := []access.Why{access.NotSignedIn, access.NotInRole, access.NotHeld, access.Nowhere, access.Outside}
	var out access.Verdict
	for i, n := range places {
		for j, v := range who.ExplainAll(p, n.Path) {
			if v.Allowed {
				return v
			}
			if i == 0 && j == 0 || slices.Index(near, v.Why) > slices.Index(near, out.Why) {
				out = v
			}
		}
	}
	return out
}

// places finds the nodes at which the object stands, all of them in the asker's
// scope or at least one: the others are left out.
func (s *Service) places(ctx context.Context, by access.Actor, q Question) ([]org.Node, error) {
	var nodes []id.Node
	var err error
	switch q.Kind {
	case Node:
		nodes = []id.Node{id.Node(q.Object)}
	case Person:
		nodes, err = person.PlacesOf(ctx, s.db, id.Person(q.Object))
	case Post:
		var node id.Node
		node, err = post.NodeOf(ctx, s.db, id.Post(q.Object))
		nodes = []id.Node{node}
	}
	if err != nil {
		return nil, err
	}
	found, err := org.Nodes(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	var out []org.Node
	for _, n := range nodes {
		if at, ok := found[n]; ok && by.Allows(access.AccessExplain, at.Path) {
			out = append(out, at)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.ErrNotFound, "explain.object_missing")
	}
	return out, nil
}

// name names the object as far as the asker may know its name.
func (s *Service) name(ctx context.Context, by access.Actor, q Question, a *Answer) error {
	if q.Kind != Person {
		return nil
	}
	who := id.Person(q.Object)
	names, err := s.people.WorkerNames(ctx, by, access.AccessExplain, who)
	if err != nil {
		return err
	}
	if a.Name = names[who]; a.Name != "" || !by.Can(access.PersonRead) {
		return nil
	}
	names, err = s.people.Names(ctx, by, []id.Person{who})
	a.Name = names[who]
	return err
}

// dress adds nodes and names. Where a role is held tells the asker nothing about
// places that are no business of his: a node that neither lies in his area nor
// above the object stays unnamed.
func (s *Service) dress(ctx context.Context, by access.Actor, a *Answer) error {
	var nodes []id.Node
	var people []id.Person
	for _, h := range a.Held {
		nodes = append(nodes, h.Place.Node)
		people = append(people, h.Place.GivenBy, h.Place.For)
	}
	found, err := org.Nodes(ctx, s.db, nodes)
	if err != nil {
		return err
	}
	names, err := s.people.WorkerNames(ctx, by, access.AccessExplain, people...)
	if err != nil {
		return err
	}
	told := func(n id.Node) org.Node {
		if at := found[n]; by.Allows(access.AccessExplain, at.Path) || access.Covers(at.Path, a.At.Path) {
			return at
		}
		return org.Node{}
	}
	for i, h := range a.Held {
		a.Held[i].At = told(h.Place.Node)
	}
	for i, l := range a.Lines {
		a.Lines[i].At, a.Lines[i].GivenBy, a.Lines[i].For = told(l.Place.Node), names[l.Place.GivenBy], names[l.Place.For]
	}
	return nil
}
