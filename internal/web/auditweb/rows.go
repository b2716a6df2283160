package auditweb

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web/ui"
)

// rows dresses rows of the trail with the names that the reader may see.
func (f *Face) rows(ctx context.Context, by access.Actor, in form, found []audit.Row) ([]row, error) {
	names, places, err := f.names(ctx, by, found)
	if err != nil {
		return nil, err
	}
	out := make([]row, len(found))
	for i, r := range found {
		out[i] = dress(ctx, r, names, places)
		if r.Actor != 0 {
			out[i].WhoHref = in.address(ui.Hidden{Name: "who", Value: r.Actor.String()})
		}
		if r.Object != 0 {
			out[i].ObjectHref = in.address(ui.Hidden{Name: "object", Value: out[i].Object})
		}
	}
	return out, nil
}

// names looks up who acted and where.
func (f *Face) names(ctx context.Context, by access.Actor, found []audit.Row) (map[id.Person]string, map[id.Node]org.Node, error) {
	var persons []id.Person
	var nodes []id.Node
	seenPerson, seenNode := map[id.Person]bool{0: true}, map[id.Node]bool{0: true}
	for _, r := range found {
		if !seenPerson[r.Actor] {
			seenPerson[r.Actor] = true
			persons = append(persons, r.Actor)
		}
		if !seenNode[r.Node] {
			seenNode[r.Node] = true
			nodes = append(nodes, r.Node)
		}
	}
	names, err := f.people.StaffNames(ctx, by, persons)
	if err != nil {
		return nil, nil, err
	}
	places, err := f.org.Named(ctx, by, access.AuditRead, nodes)
	return names, places, err
}

// dress is a row as text. Who is no member of staff stands by his number: the
// trail shows no child's name.
func dress(ctx context.Context, r audit.Row, names map[id.Person]string, places map[id.Node]org.Node) row {
	out := row{At: r.At, Role: roleName(ctx, r.Role), Action: actionName(ctx, r.Action), Object: r.Kind, Detail: r.Detail, Number: r.ID.String()}
	switch name := names[r.Actor]; {
	case r.Actor == 0:
		out.Who = out.Role
	case name != "":
		out.Who = name
	default:
		out.Who = i18n.T(ctx, "audit.number", r.Actor.String())
	}
	if r.Object != 0 {
		out.Object += " " + id.ID[objectTag](r.Object).String()
	}
	if n, ok := places[r.Node]; ok {
		out.Place = n.Name
		if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
			out.Place = n.NameKo
		}
	}
	return out
}
