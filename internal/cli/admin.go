package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// initCmd makes the province and its first administrator.
type initCmd struct {
	Name  string `default:"吉林省" help:"Name of the province."`
	Admin string `default:"系统管理员" help:"Name of the first administrator."`
}

// Run makes what is missing; a second run changes nothing.
func (c *initCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		got, err := a.Init(e.ctx, by, c.Name, c.Admin)
		if err != nil {
			return err
		}
		return e.print(got, func(w io.Writer) {
			if got.Code == "" {
				fmt.Fprintln(w, e.t("cli.init.again"))
				return
			}
			fmt.Fprintln(w, e.t("cli.init.done", c.Name, c.Admin, got.Person, got.Code, got.Expires.In(clock.Zone).Format(time.DateOnly)))
		})
	})
}

// grantCmd gives and ends roles.
type grantCmd struct {
	Give   grantGiveCmd   `cmd:"" default:"withargs" help:"Give a role."`
	End    grantEndCmd    `cmd:"" help:"End a role."`
	List   grantListCmd   `cmd:"" help:"List the roles held at a node and below it."`
	Review grantReviewCmd `cmd:"" help:"Record that a role is still needed (once a year)."`
}

type grantGiveCmd struct {
	Role   string    `arg:"" help:"Role, e.g. school, county, province."`
	Node   string    `required:"" help:"Code of the node." placeholder:"CODE"`
	Person id.Person `xor:"whom" required:"" help:"Number of the person." placeholder:"ID"`
	Name   string    `xor:"whom" required:"" help:"Instead of --person: the name of an office worker to make at the node." placeholder:"NAME"`
	Until  string    `help:"Last day, YYYY-MM-DD." placeholder:"DAY"`
	Reason string    `help:"Why, for the list of roles." placeholder:"WHY"`
}

// Run gives the role from today.
func (c *grantGiveCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		req := org.GrantRequest{Person: c.Person, Node: n.ID, Role: access.Role(c.Role), Reason: c.Reason}
		if c.Until != "" {
			last, err := clock.ParseDay(c.Until)
			if err != nil {
				return fault.Invalid(fault.At("until", "cli.day"))
			}
			req.Until = last.AddDays(1)
		}
		if c.Name != "" {
			if !access.FitsKind(req.Role, n.Kind) {
				return fault.New(fault.ErrInvalid, "cli.grant.kind", c.Role, n.Name)
			}
			if req.Person, err = a.MakeOfficer(e.ctx, by, n.ID, c.Name); err != nil {
				return err
			}
		}
		g, err := a.Org.Grant(e.ctx, by, req)
		if err != nil {
			return err
		}
		doc := map[string]any{"grant": g.ID, "person": g.Person, "role": g.Role, "node": n.Code, "from": g.From.String()}
		if g.To != 0 {
			doc["until"] = g.To.AddDays(-1).String()
		}
		return e.print(doc, func(w io.Writer) { fmt.Fprintln(w, e.t("cli.grant.given", c.Role, n.Name, g.ID, g.Person)) })
	})
}

type grantEndCmd struct {
	Role   string    `arg:"" optional:"" help:"Role."`
	Node   string    `help:"Code of the node." placeholder:"CODE"`
	Person id.Person `help:"Number of the person." placeholder:"ID"`
	Grant  id.Grant  `help:"Number of the grant, instead of the three." placeholder:"ID"`

	Successor id.Person `help:"Who holds the role from today on; the last manager of a node needs one." placeholder:"ID"`
}

// Run ends the role at once.
func (c *grantEndCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		which := c.Grant
		if which == 0 {
			n, err := a.Org.ByCode(e.ctx, by, c.Node)
			if err != nil {
				return err
			}
			grants, err := a.Org.GrantsOf(e.ctx, by, c.Person)
			if err != nil {
				return err
			}
			for _, g := range grants {
				if g.Node == n.ID && string(g.Role) == c.Role && g.Ended.IsZero() {
					which = g.ID
				}
			}
			if which == 0 {
				return fault.New(fault.ErrNotFound, "cli.grant.none", c.Role, n.Name)
			}
		}
		doc := map[string]any{"grant": which, "ended": true}
		var err error
		if c.Successor != 0 {
			doc["successor"] = c.Successor
			_, err = a.Org.HandOver(e.ctx, by, which, c.Successor)
		} else {
			_, err = a.Org.EndGrant(e.ctx, by, which)
		}
		if err != nil {
			return err
		}
		return e.print(doc, func(w io.Writer) { fmt.Fprintln(w, e.t("cli.grant.ended", which)) })
	})
}

type grantListCmd struct {
	Node string `required:"" help:"Code of the node." placeholder:"CODE"`
	Due  bool   `help:"Only those whose yearly review is due."`
}

// grantLine is one role of the list.
type grantLine struct {
	Grant    id.Grant  `json:"grant"`
	Role     string    `json:"role"`
	Person   id.Person `json:"person"`
	Node     string    `json:"node"`
	From     string    `json:"from"`
	Until    string    `json:"until,omitempty"` // last day
	LentBy   id.Person `json:"lent_by,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	Reviewed string    `json:"reviewed,omitempty"`
	Due      string    `json:"due"`
}

// Run lists the roles in force, the newest first.
func (c *grantListCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		lines := []grantLine{}
		list := org.GrantList{Node: n.ID, Due: c.Due, Limit: 500}
		for {
			page, err := a.Org.Grants(e.ctx, by, list)
			if err != nil {
				return err
			}
			for _, g := range page {
				lines = append(lines, lineOf(g))
				list.After = g.ID
			}
			if len(page) < list.Limit {
				break
			}
		}
		return e.print(lines, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Grant, l.Role, l.Node, l.From, l.Until)
			}
		})
	})
}

func lineOf(g org.Grant) grantLine {
	l := grantLine{Grant: g.ID, Role: string(g.Role), Person: g.Person, Node: g.NodeName, From: g.From.String(), LentBy: g.LentBy,
		Reason: g.Reason, Due: g.DueOn().String()}
	if g.To != 0 {
		l.Until = g.To.AddDays(-1).String()
	}
	if !g.Reviewed.IsZero() {
		l.Reviewed = clock.DayOf(g.Reviewed).String()
	}
	return l
}

type grantReviewCmd struct {
	Grant id.Grant `arg:"" help:"Number of the grant."`
}

// Run records that the role is still needed.
func (c *grantReviewCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		g, err := a.Org.Review(e.ctx, by, c.Grant)
		if err != nil {
			return err
		}
		return e.print(map[string]any{"grant": g.ID, "reviewed": true, "due": g.DueOn().String()},
			func(w io.Writer) { fmt.Fprintln(w, e.t("cli.grant.reviewed", g.ID, g.DueOn())) })
	})
}

// codeCmd issues activation codes.
type codeCmd struct {
	Issue codeIssueCmd `cmd:"" help:"Issue codes for a node's people or one person."`
}

type codeIssueCmd struct {
	Node   string    `xor:"whom" required:"" help:"Code of the class's school, or of a node." placeholder:"CODE"`
	Person id.Person `xor:"whom" required:"" help:"Number of the person." placeholder:"ID"`
	Out    string    `help:"File to write instead of standard output (0600)." placeholder:"FILE"`
}

// slipLine is a code as the contract prints it.
type slipLine struct {
	Person  id.Person `json:"person"`
	Name    string    `json:"name"`
	Node    string    `json:"node"`
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// Run issues the codes; those that were issued before become void.
func (c *codeIssueCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		var slips []account.Slip
		if c.Person != 0 {
			s, err := a.Accounts.IssueCode(e.ctx, by, c.Person)
			if err != nil {
				return err
			}
			slips = append(slips, s)
		} else {
			n, err := a.Org.ByCode(e.ctx, by, c.Node)
			if err != nil {
				return err
			}
			if slips, err = a.Accounts.IssueCodes(e.ctx, by, n.ID); err != nil {
				return err
			}
		}
		lines := []slipLine{}
		for _, s := range slips {
			lines = append(lines, slipLine{s.Person, s.Name, s.Node, s.Code, s.Expires.In(clock.Zone)})
		}
		return e.slips(lines, c.Out)
	})
}

// slips prints codes, or writes them to a file for the user alone.
func (e *env) slips(lines []slipLine, out string) error {
	if out != "" {
		raw, err := json.MarshalIndent(lines, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(e.path(out), append(raw, '\n'), 0o600); err != nil {
			return fmt.Errorf("write the codes: %w", err)
		}
		return nil
	}
	return e.print(lines, func(w io.Writer) {
		for _, l := range lines {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Code, l.Name, l.Node, l.Expires.Format(time.DateOnly))
		}
	})
}
