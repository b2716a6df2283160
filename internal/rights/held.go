package rights

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Held is what is held about a person, with the names of his places.
type Held struct {
	person.Held
	Labels map[id.Node]string
}

// Held returns what is held about a person, to himself, to a confirmed guardian
// of him and to whoever answers requests at his school, whose look is recorded;
// ErrNotFound to others. Nobody reads it by viewing as somebody.
func (s *Service) Held(ctx context.Context, by access.Actor, who id.Person) (Held, error) {
	if by.ViewedBy != 0 {
		return Held{}, errForbidden()
	}
	h, err := s.People.Held(ctx, by, who)
	if err != nil {
		return Held{}, err
	}
	if s.Look != nil && by.IsPerson() && by.Person != who && !person.Guards(by, who) {
		if err := s.Look(ctx, by, who, h.Unit); err != nil {
			return Held{}, err
		}
	}
	nodes := []id.Node{h.Unit}
	for _, a := range h.Places {
		nodes = append(nodes, a.Unit, a.Node)
	}
	found, err := org.Nodes(ctx, s.DB, nodes)
	if err != nil {
		return Held{}, err
	}
	out := Held{Held: h, Labels: map[id.Node]string{}}
	for at, n := range found {
		out.Labels[at] = n.Label(s.today())
	}
	return out, nil
}

// Family lists the actor and his confirmed wards, for the page on which he
// chooses of whom he wants to know.
func (s *Service) Family(ctx context.Context, by access.Actor) ([]person.Person, error) {
	if !by.IsPerson() || by.ViewedBy != 0 {
		return nil, errForbidden()
	}
	var out []person.Person
	for _, who := range append([]id.Person{by.Person}, by.Wards...) {
		p, err := s.People.Known(ctx, by, who)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
