package bench

import (
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// password of the accounts that a benchmark signs in with; they live in a
// scratch folder for as long as it runs.
const password = "Measured-once-9"

// comeIn activates a person and returns the token of the session.
func (r *run) comeIn(who id.Person, login string) (string, error) {
	slip, err := r.app.Accounts.IssueCode(r.ctx, r.app.Operator("bench"), who)
	if err != nil {
		return "", err
	}
	act := account.Activation{Code: slip.Code, Login: login, Password: password, Network: "192.0.2.1", Device: "bench"}
	o, err := r.app.Accounts.Open(r.ctx, access.Anonymous(), act.Network, slip.Code)
	if err != nil {
		return "", err
	}
	if o.AskGuardian && !o.NoPhone {
		tails, err := r.app.People.GuardianTails(r.ctx, r.app.System("bench"), who)
		if err != nil {
			return "", err
		}
		act.Guardian = account.Guardian{Name: tails[0].Name, Relation: "mother", Tail: tails[0].PhoneTail, Answer: account.AnswerGiven}
	}
	t, err := r.app.Accounts.Activate(r.ctx, access.Anonymous(), act)
	if err != nil {
		return "", fmt.Errorf("activate %s: %w", login, err)
	}
	if t.Half == "" {
		return t.Token, nil
	}
	secret, err := r.app.Accounts.Preset(r.ctx, r.app.System("bench"), who)
	if err != nil {
		return "", err
	}
	t, err = r.app.Accounts.PassCode(r.ctx, access.Anonymous(), t.Half, factor.Code(secret, time.Now()))
	return t.Token, err
}

// officer makes an office worker who holds a role at a node.
func (r *run) officer(role access.Role, node id.Node, login string) (string, error) {
	by := r.app.Operator("bench")
	who, err := r.app.MakeOfficer(r.ctx, by, node, login)
	if err != nil {
		return "", err
	}
	if _, err := r.app.Org.Grant(r.ctx, by, org.GrantRequest{Person: who, Node: node, Role: role}); err != nil {
		return "", err
	}
	return r.comeIn(who, login)
}

// class is a class of the benchmark with its first pupils.
type class struct {
	node   id.Node
	pupils []id.Person
}

// firstClass finds the first class of the first school.
func (r *run) firstClass() (class, id.Node, error) {
	by := r.app.System("bench")
	school, err := r.app.Org.ByCode(r.ctx, by, schoolCode(0))
	if err != nil {
		return class{}, 0, err
	}
	classes, err := r.app.Org.Classes(r.ctx, by, school.ID)
	if err != nil {
		return class{}, 0, err
	}
	if len(classes) == 0 {
		return class{}, 0, fmt.Errorf("the school has no class")
	}
	c := class{node: classes[0].ID}
	list, err := r.app.People.Pupils(r.ctx, by, c.node)
	if err != nil {
		return class{}, 0, err
	}
	tails, err := r.withGuardian(list2ids(list))
	if err != nil {
		return class{}, 0, err
	}
	c.pupils = tails
	return c, school.ID, nil
}

// withGuardian keeps the pupils whose guardian can answer for them.
func (r *run) withGuardian(all []id.Person) ([]id.Person, error) {
	var out []id.Person
	for _, p := range all {
		g, err := r.app.People.GuardianTails(r.ctx, r.app.System("bench"), p)
		if err != nil {
			return nil, err
		}
		if len(g) > 0 {
			out = append(out, p)
		}
	}
	return out, nil
}
