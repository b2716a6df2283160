package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/exchange/orgfile"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// importCmd loads nodes and people.
type importCmd struct {
	Org      importOrgCmd      `cmd:"" help:"Load the tree of nodes."`
	People   importPeopleCmd   `cmd:"" help:"Load rosters."`
	Undo     importUndoCmd     `cmd:"" help:"Take a whole batch back while it is unused."`
	List     importListCmd     `cmd:"" help:"List the batches."`
	Template importTemplateCmd `cmd:"" help:"Write a blank roster."`
}

// importOrgCmd loads the tree.
type importOrgCmd struct {
	Files  []string `arg:"" name:"file" help:"CSV or XLSX files."`
	DryRun bool     `help:"Only report."`
}

// Run imports the files as one.
func (c *importOrgCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		var rows []org.ImportRow
		for _, f := range c.Files {
			part, err := orgfile.Read(e.ctx, e.path(f))
			if err != nil {
				return fmt.Errorf("%s: %w", f, err)
			}
			rows = append(rows, part...)
		}
		run := a.Org.Import
		if c.DryRun {
			run = a.Org.ImportDry
		}
		rep, err := run(e.ctx, by, rows)
		if err != nil {
			return err
		}
		rep.Problems = nonNil(rep.Problems)
		err = e.print(rep, func(w io.Writer) {
			fmt.Fprintln(w, e.t("cli.import.counts", rep.Rows, rep.New, rep.Changed, rep.Unchanged, 0, rep.Rejected))
			for _, p := range rep.Problems {
				fmt.Fprintf(w, "%s %s:%d %s %s: %s → %s\n", p.Severity, filepath.Base(p.File), p.Row, p.Column, p.Code, p.Found, p.Expected)
			}
		})
		if err == nil && rep.Rejected > 0 {
			return errDiffers
		}
		return err
	})
}

// importPeopleCmd loads rosters.
type importPeopleCmd struct {
	Files            []string `arg:"" name:"file" help:"CSV or XLSX files."`
	Node             string   `required:"" help:"Code of the school, or of the county for all its schools." placeholder:"CODE"`
	Mode             string   `enum:"add,whole" default:"add" help:"add, or whole: who is not in the file has left."`
	DryRun           bool     `help:"Only report; nothing is written."`
	ConfirmPromotion bool     `help:"Release pupils who rise from another school's last grade."`
}

// Run imports the files as one request.
func (c *importPeopleCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		req := roster.Request{Node: n.ID, Mode: roster.Mode(c.Mode), DryRun: c.DryRun, ConfirmPromotion: c.ConfirmPromotion}
		for _, f := range c.Files {
			file, err := os.Open(e.path(f))
			if err != nil {
				return fmt.Errorf("open the roster: %w", err)
			}
			defer file.Close()
			info, err := file.Stat()
			if err != nil {
				return fmt.Errorf("open the roster: %w", err)
			}
			req.Sources = append(req.Sources, roster.Source{Name: filepath.Base(f), Data: file, Size: info.Size()})
		}
		if e.terminal {
			req.Progress = func(rows int64) { fmt.Fprintf(e.stderr, "\r%s", e.t("cli.import.progress", rows)) }
		}
		rep, err := a.Rosters.Import(e.ctx, by, req)
		if err != nil {
			return err
		}
		if e.running == nil && !c.DryRun {
			if err := a.CatchUp(e.ctx); err != nil {
				return err
			}
		}
		return e.report(rep)
	})
}

// report prints a roster's report and ends with the contract's exit code.
func (e *env) report(rep roster.Report) error {
	rep.Localize(e.lang())
	err := e.print(rep, func(w io.Writer) {
		for _, f := range rep.Files {
			if f.Refused != "" {
				fmt.Fprintf(w, "%s: %s\n", f.File, e.t("roster.code."+f.Refused+".problem"))
				continue
			}
			fmt.Fprintf(w, "%s %s (%s)\n", f.File, f.Sheet, f.Encoding)
			for _, p := range f.Problems {
				fmt.Fprintf(w, "  %d %s %s: %s → %s\n", p.Row, p.Column, p.Code, p.Found, p.Expected)
			}
		}
		t := rep.Totals
		fmt.Fprintln(w, e.t("cli.import.counts", t.Rows, t.New, t.Changed, t.Unchanged, t.Moved, t.Rejected))
	})
	switch {
	case err != nil:
		return err
	case rep.Refused() != "":
		return codeError(exitFailed)
	case !rep.Clean():
		return errDiffers
	}
	return nil
}

// importUndoCmd takes a batch back.
type importUndoCmd struct {
	Batch id.Batch `arg:"" help:"Number of the batch."`
}

// Run undoes the batch as a whole, or refuses.
func (c *importUndoCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		if err := a.Rosters.Undo(e.ctx, by, c.Batch); err != nil {
			return err
		}
		return e.print(map[string]any{"batch": c.Batch, "state": "undone"}, func(w io.Writer) {
			fmt.Fprintln(w, e.t("cli.import.undone", c.Batch))
		})
	})
}

// importListCmd lists batches.
type importListCmd struct {
	Node  string `default:"220000" help:"Code of the node." placeholder:"CODE"`
	Limit int    `default:"50" help:"At most so many, newest first."`
}

// batchLine is a batch as the command prints it.
type batchLine struct {
	Batch id.Batch     `json:"batch"`
	Node  string       `json:"node"`
	Files []string     `json:"files"`
	State roster.State `json:"state"`
	Rows  int64        `json:"rows"`
	Made  time.Time    `json:"made"`
	Undo  bool         `json:"undoable"`
}

// Run lists the batches at and below the node.
func (c *importListCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		list, err := a.Rosters.Batches(e.ctx, by, n.ID, 0, c.Limit)
		if err != nil {
			return err
		}
		out := []batchLine{}
		for _, b := range list {
			at, err := a.Org.Get(e.ctx, by, b.Node)
			if err != nil {
				return err
			}
			out = append(out, batchLine{b.ID, at.Code, nonNil(b.Names), b.State, b.Taken, b.MadeAt, b.Undoable(a.Clock.Now())})
		}
		return e.print(out, func(w io.Writer) {
			for _, b := range out {
				fmt.Fprintf(w, "%v %s %s %s %d %v\n", b.Batch, b.Made.Format(time.DateTime), b.Node, b.State, b.Rows, b.Files)
			}
		})
	})
}

// importTemplateCmd writes a blank file to fill in.
type importTemplateCmd struct {
	Kind string `arg:"" enum:"pupils,staff,org" help:"pupils, staff or org."`
	Out  string `required:"" help:"File to write." placeholder:"FILE"`
}

func (*importTemplateCmd) local() {}

// Run writes the workbook.
func (c *importTemplateCmd) Run(e *env) error {
	f, err := os.Create(e.path(c.Out))
	if err != nil {
		return fmt.Errorf("write the template: %w", err)
	}
	if err := read.WriteTemplate(f, c.Kind, e.lang()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// transferCmd decides on pupils whom another school lists.
type transferCmd struct {
	List   transferListCmd   `cmd:"" help:"List transfers."`
	Accept transferAcceptCmd `cmd:"" help:"Release a pupil to the other school."`
	Refuse transferRefuseCmd `cmd:"" help:"Keep a pupil."`
}

type transferListCmd struct {
	Node  string `default:"220000" help:"Code of the node." placeholder:"CODE"`
	State string `enum:"pending,accepted,refused,withdrawn,all" default:"pending" help:"State."`
	Limit int    `default:"500" help:"At most so many, newest first."`
}

// Run lists them.
func (c *transferListCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		state := c.State
		if state == "all" {
			state = ""
		}
		list, err := a.Rosters.Transfers(e.ctx, by, n.ID, state, 0, c.Limit)
		if err != nil {
			return err
		}
		return e.print(nonNil(list), func(w io.Writer) {
			for _, t := range list {
				fmt.Fprintf(w, "%v %s: %s %s → %s %s (%s)\n", t.ID, t.Name, t.FromName, t.FromClass, t.ToName, t.ToClass, t.State)
			}
		})
	})
}

type transferAcceptCmd struct {
	Transfer id.Transfer `arg:"" help:"Number of the transfer."`
}

// Run releases the pupil.
func (c *transferAcceptCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		if err := a.Rosters.Accept(e.ctx, by, c.Transfer); err != nil {
			return err
		}
		return e.print(map[string]any{"transfer": c.Transfer, "state": "accepted"}, nil)
	})
}

type transferRefuseCmd struct {
	Transfer id.Transfer `arg:"" help:"Number of the transfer."`
	Reason   string      `required:"" help:"Why."`
}

// Run keeps the pupil.
func (c *transferRefuseCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		if err := a.Rosters.Refuse(e.ctx, by, c.Transfer, c.Reason); err != nil {
			return err
		}
		return e.print(map[string]any{"transfer": c.Transfer, "state": "refused"}, nil)
	})
}
