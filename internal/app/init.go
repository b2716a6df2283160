package app

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Initial is what init made: the first administrator with a one-time code, ""
// when he has been there already.
type Initial struct {
	Node    string    `json:"node"`
	Person  id.Person `json:"person"`
	Code    string    `json:"code"`
	Expires time.Time `json:"expires,omitzero"`
}

// Init makes the province and one administrator with a one-time code. A second
// call changes nothing.
func (a *App) Init(ctx context.Context, by access.Actor, province, admin string) (Initial, error) {
	root, _, err := a.Org.EnsureProvince(ctx, by, province, "normal")
	if err != nil {
		return Initial{}, err
	}
	holders, err := a.Org.Holders(ctx, by, root.ID, access.OperatorRole)
	if err != nil {
		return Initial{}, err
	}
	if len(holders) > 0 {
		return Initial{Node: root.Code, Person: holders[0]}, nil
	}
	who, err := a.MakeOfficer(ctx, by, root.ID, admin)
	if err != nil {
		return Initial{}, err
	}
	for _, role := range []access.Role{access.OperatorRole, access.Province} {
		if _, err := a.Org.Grant(ctx, by, org.GrantRequest{Person: who, Node: root.ID, Role: role}); err != nil {
			return Initial{}, fmt.Errorf("first administrator: %w", err)
		}
	}
	slip, err := a.Accounts.IssueCode(ctx, by, who)
	if err != nil {
		return Initial{}, err
	}
	return Initial{Node: root.Code, Person: who, Code: slip.Code, Expires: slip.Expires.In(clock.Zone)}, nil
}

// MakeOfficer makes an office worker at a node, who counts nowhere and holds no
// role until one is given.
func (a *App) MakeOfficer(ctx context.Context, by access.Actor, node id.Node, name string) (id.Person, error) {
	made, err := a.People.Prepare(ctx, by, []person.Draft{{Name: name, Role: person.RoleOfficer, Node: node, Unit: node,
		NoIDReason: "名册外登记，未录入证件号", From: clock.DayOf(a.Clock.Now())}})
	if err != nil {
		return 0, err
	}
	if err := a.Spaces.MakePeople(ctx, by, made); err != nil {
		return 0, fmt.Errorf("make officer: %w", err)
	}
	return made[0].ID, nil
}
