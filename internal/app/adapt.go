package app

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/talk/post"
)

// classes tells the package post what it must know of a class.
type classes struct {
	db     *db.DB
	spaces *space.Service
}

func (c classes) Class(ctx context.Context, node id.Node) (post.Class, error) {
	at, err := org.SpotOf(ctx, c.db, node)
	if err != nil {
		return post.Class{}, err
	}
	if at.Kind != org.KindClass {
		return post.Class{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return post.Class{Node: node, Path: at.Path, Open: at.Status != org.StatusClosed}, nil
}

func (c classes) Space(ctx context.Context, node id.Node) (id.Space, id.Node, error) {
	sp, err := c.spaces.OfNode(ctx, access.System("find the space of a class"), node)
	return sp.ID, sp.Unit, err
}

// people gives the package post names and class lists.
type people struct{ people *person.Service }

func (p people) Names(ctx context.Context, persons []id.Person) (map[id.Person]string, error) {
	return p.people.Names(ctx, access.System("names under posts"), persons)
}

func (p people) Pupils(ctx context.Context, class id.Node) ([]post.Member, error) {
	list, err := p.people.Pupils(ctx, access.System("receipts of a notice"), class)
	if err != nil {
		return nil, err
	}
	out := make([]post.Member, len(list))
	for i, m := range list {
		out[i] = post.Member{Person: m.ID, Name: m.Name, Activated: !m.Activated.IsZero()}
	}
	return out, nil
}
