package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/demo"
	"learnspace/internal/fault"
)

// bulletinCmd works on a month's bulletin.
type bulletinCmd struct {
	Freeze bulletinFreezeCmd `cmd:"" help:"Close the month; a job does it on day 1 at 06:00."`
	Draft  bulletinDraftCmd  `cmd:"" help:"Draft the bulletin."`
	Check  bulletinCheckCmd  `cmd:"" help:"Check it: another person than the drafter."`
	Sign   bulletinSignCmd   `cmd:"" help:"Sign it: a third person."`
	Issue  bulletinIssueCmd  `cmd:"" help:"Number, stamp and issue it."`
	Show   bulletinShowCmd   `cmd:"" help:"Show it or write the paper."`
}

// monthFlags are what every step needs.
type monthFlags struct {
	Month string `required:"" help:"Month, YYYY-MM." placeholder:"MONTH"`
	Node  string `default:"220000" help:"Code of the node whose part is shown." placeholder:"CODE"`
	By    string `help:"Sign-in name of the officer who takes the step." placeholder:"LOGIN"`
}

// The place of each step's officer among those of a demo folder.
const (
	drafter = iota
	checker
	signer
)

// officer is who takes a step: the account named, in a demo folder its own n-th
// officer of the province.
func (e *env) officer(a *app.App, f monthFlags, n int) (access.Actor, error) {
	login := f.By
	if login == "" && a.Config.Demo != nil {
		accounts, err := demo.Accounts(a.Config.Data)
		if err != nil {
			return access.Actor{}, err
		}
		for _, acc := range accounts {
			if acc.Role != string(access.Province) {
				continue
			}
			if n == 0 {
				login = acc.Login
				break
			}
			n--
		}
	}
	if login == "" {
		return access.Actor{}, fault.New(fault.ErrInvalid, "cli.bulletin.by")
	}
	return a.Accounts.ActorByLogin(e.ctx, a.Operator(e.user), login, access.Province)
}

// step runs one step as its officer and prints where the bulletin stands.
func (e *env) step(f monthFlags, n int, do func(a *app.App, by access.Actor, month clock.Month) error) error {
	return e.withApp(func(a *app.App, operator access.Actor) error {
		month, err := parseMonth(f.Month)
		if err != nil {
			return err
		}
		by := operator
		if n >= 0 {
			if by, err = e.officer(a, f, n); err != nil {
				return err
			}
		}
		if err := a.CatchUp(e.ctx); err != nil {
			return err
		}
		if err := do(a, by, month); err != nil {
			return err
		}
		return e.showBulletin(a, f, operator, month)
	})
}

// showBulletin prints the state of the bulletin.
func (e *env) showBulletin(a *app.App, f monthFlags, by access.Actor, month clock.Month) error {
	n, err := a.Org.ByCode(e.ctx, by, f.Node)
	if err != nil {
		return err
	}
	v, err := a.Bulletin.Show(e.ctx, by, month, n.ID)
	if err != nil {
		return err
	}
	return e.print(v, func(w io.Writer) { bulletinText(w, e, v) })
}

func bulletinText(w io.Writer, e *env, v bulletin.View) {
	fmt.Fprintln(w, e.t("cli.bulletin.done", v.Month.String(), v.State))
}

type bulletinFreezeCmd struct{ monthFlags }

// Run closes the month.
func (c *bulletinFreezeCmd) Run(e *env) error {
	return e.step(c.monthFlags, -1, func(a *app.App, _ access.Actor, m clock.Month) error {
		return a.Bulletin.Freeze(e.ctx, a.System("freeze by command"), m)
	})
}

type bulletinDraftCmd struct{ monthFlags }

// Run drafts.
func (c *bulletinDraftCmd) Run(e *env) error {
	return e.step(c.monthFlags, drafter, func(a *app.App, by access.Actor, m clock.Month) error { return a.Bulletin.Draft(e.ctx, by, m) })
}

type bulletinCheckCmd struct{ monthFlags }

// Run checks.
func (c *bulletinCheckCmd) Run(e *env) error {
	return e.step(c.monthFlags, checker, func(a *app.App, by access.Actor, m clock.Month) error { return a.Bulletin.Check(e.ctx, by, m) })
}

type bulletinSignCmd struct{ monthFlags }

// Run signs.
func (c *bulletinSignCmd) Run(e *env) error {
	return e.step(c.monthFlags, signer, func(a *app.App, by access.Actor, m clock.Month) error { return a.Bulletin.Sign(e.ctx, by, m) })
}

type bulletinIssueCmd struct {
	monthFlags
	Early string `help:"Why it is issued before the checking days end." placeholder:"REASON"`
}

// Run issues.
func (c *bulletinIssueCmd) Run(e *env) error {
	return e.step(c.monthFlags, signer, func(a *app.App, by access.Actor, m clock.Month) error { return a.Bulletin.Issue(e.ctx, by, m, c.Early) })
}

type bulletinShowCmd struct {
	monthFlags
	Out string `help:"File to write: .html, .docx, .xlsx or .json." placeholder:"FILE"`
}

// Run prints the state, or writes the paper in the format of the file's name.
func (c *bulletinShowCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		month, err := parseMonth(c.Month)
		if err != nil {
			return err
		}
		if c.Out == "" {
			return e.showBulletin(a, c.monthFlags, by, month)
		}
		format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Out)), ".")
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		out := e.path(c.Out)
		f, err := os.CreateTemp(filepath.Dir(out), ".bulletin-")
		if err != nil {
			return fmt.Errorf("write the bulletin: %w", err)
		}
		defer os.Remove(f.Name())
		if err := a.Bulletin.Render(e.ctx, by, month, n.ID, format, f); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("write the bulletin: %w", err)
		}
		if err := os.Rename(f.Name(), out); err != nil {
			return fmt.Errorf("write the bulletin: %w", err)
		}
		return e.print(map[string]any{"month": month, "file": out}, func(w io.Writer) { fmt.Fprintln(w, out) })
	})
}
