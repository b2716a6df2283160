package cli

import (
	"fmt"
	"io"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/metrics"
)

// figuresCmd prints the figures of a node.
type figuresCmd struct {
	Node  string `required:"" help:"Code of the node." placeholder:"CODE"`
	Month string `help:"Month, YYYY-MM; default: the clock's." placeholder:"MONTH"`
}

// Run prints the figures; a frozen month gives its snapshot.
func (c *figuresCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		var month clock.Month
		if c.Month != "" {
			if month, err = parseMonth(c.Month); err != nil {
				return err
			}
		}
		if err := a.CatchUp(e.ctx); err != nil {
			return err
		}
		f, err := a.Metrics.Figures(e.ctx, by, n.ID, month)
		if err != nil {
			return err
		}
		return e.print(f, func(w io.Writer) { figuresText(w, f) })
	})
}

// figuresText is the figures for a reader at the terminal.
func figuresText(w io.Writer, f metrics.Figures) {
	fmt.Fprintf(w, "%s %s (%s)\n", f.Node, f.Month, f.AsOf)
	line := func(name string, c metrics.Count) {
		fmt.Fprintf(w, "%-20s %9d %9d %9d\n", name, c.Pupil, c.Teacher, c.Guardian)
	}
	fmt.Fprintf(w, "%-20s %9s %9s %9s\n", "", "pupil", "teacher", "guardian")
	line("made", f.Made)
	line("activated", f.Activated)
	line("verified", f.Verified)
	line("newly_verified", f.NewlyVerified)
	line("cumulative_verified", f.CumulativeVerified)
	line("active", f.Active)
	fmt.Fprintf(w, "%-20s %9d %9d  (%s %s)\n", "base", f.Base.Pupil, f.Base.Teacher, f.Base.Source, f.Base.Day)
	fmt.Fprintf(w, "%-20s %d / %d / %d\n", "school_spaces", f.SchoolSpaces.Made, f.SchoolSpaces.Opened, f.SchoolSpaces.Of)
	fmt.Fprintf(w, "%-20s %d / %d / %d\n", "class_spaces", f.ClassSpaces.Made, f.ClassSpaces.Opened, f.ClassSpaces.Of)
}

// parseMonth reads YYYY-MM.
func parseMonth(s string) (clock.Month, error) {
	m, err := clock.ParseMonth(s)
	if err != nil {
		return 0, fault.Invalid(fault.At("month", "cli.month"))
	}
	return m, nil
}

// recountCmd rebuilds the roll-ups.
type recountCmd struct {
	Check bool `help:"Change nothing; print what differs."`
}

// Run rebuilds or checks; exit 1 when a check finds a difference.
func (c *recountCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		if err := a.CatchUp(e.ctx); err != nil {
			return err
		}
		diffs, err := a.Metrics.Recount(e.ctx, by, c.Check)
		if err != nil {
			return err
		}
		err = e.print(map[string]any{"check": c.Check, "differences": nonNil(diffs)}, func(w io.Writer) {
			for _, d := range diffs {
				fmt.Fprintf(w, "%+v\n", d)
			}
			fmt.Fprintln(w, e.t("cli.recount", len(diffs)))
		})
		if err == nil && c.Check && len(diffs) > 0 {
			return errDiffers
		}
		return err
	})
}

// routesCmd lists the route table.
type routesCmd struct{}

// routeLine is a route as the contract prints it.
type routeLine struct {
	Method     string            `json:"method"`
	Pattern    string            `json:"pattern"`
	Permission access.Permission `json:"permission"`
	Object     string            `json:"object"`
	Anonymous  bool              `json:"anonymous"`
}

// Run prints the table as JSON, since programs read it.
func (*routesCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, _ access.Actor) error {
		out := []routeLine{}
		for _, r := range a.Routes() {
			out = append(out, routeLine{r.Method, r.Pattern, r.Permission, r.Object, r.Anonymous})
		}
		return e.print(out, nil)
	})
}

// auditCmd works on the audit trail.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check the chain of the audit trail."`
}

type auditVerifyCmd struct{}

// Run checks the chain; exit 1 names the first row that was changed.
func (*auditVerifyCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		if _, err := a.Log.Sequence(e.ctx); err != nil {
			return err
		}
		heads, err := a.Trail.Heads() // Verify writes one more
		if err != nil {
			return err
		}
		rows, broken, err := a.Trail.Verify(e.ctx)
		if err != nil {
			return err
		}
		err = e.print(map[string]any{"rows": rows, "broken": broken, "heads": heads}, func(w io.Writer) {
			if broken == nil {
				fmt.Fprintln(w, e.t("cli.audit.whole", rows))
				if heads == 0 {
					fmt.Fprintln(w, e.t("cli.audit.no_heads"))
				}
				return
			}
			fmt.Fprintln(w, e.t("cli.audit.broken", broken.Seq, broken.ID.String(), e.t("cli.audit."+broken.Reason)))
		})
		if err == nil && broken != nil {
			return errDiffers
		}
		return err
	})
}
