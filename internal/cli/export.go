package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/custody"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// exportCmd hands out files of persons' data that were approved, and traces
// them.
type exportCmd struct {
	People exportPeopleCmd `cmd:"" help:"Write the file of an approved request."`
	Trace  exportTraceCmd  `cmd:"" help:"Name the request that a file comes from, also with its marks cut off."`
}

type exportPeopleCmd struct {
	Request id.Export `required:"" help:"Number of the approved request, without its E." placeholder:"ID"`
	Out     string    `required:"" help:"File to write (0600); it must not exist." placeholder:"FILE"`
}

// Run takes the file, which is recorded and counts like a taking by the
// requester.
func (c *exportPeopleCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		out := e.path(c.Out)
		if err := absent(out); err != nil {
			return err
		}
		file, err := a.Custody.Take(e.ctx, by, c.Request, "command line")
		if err != nil {
			return err
		}
		if err := writeNew(out, file.Data); err != nil {
			return err
		}
		return e.print(map[string]any{"request": c.Request, "file": out}, func(w io.Writer) { fmt.Fprintln(w, e.t("cli.export.done", out)) })
	})
}

// absent refuses a file that is there, before anything is recorded.
func absent(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fault.New(fault.ErrConflict, "cli.export.there", path)
	}
	return nil
}

// writeNew writes a file for the user alone.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	return nil
}

type exportTraceCmd struct {
	File string `arg:"" help:"Workbook or text file that was found somewhere."`
}

// traced is a request as trace prints it.
type traced struct {
	Request     id.Export `json:"request"`
	Node        string    `json:"node"`
	RequestedBy string    `json:"requested_by"`
	DecidedBy   string    `json:"decided_by"`
	By          string    `json:"found_by"`
	Rows        int       `json:"rows"`
	Of          int       `json:"of"`
	Ordered     int       `json:"ordered"`
	Pairs       int       `json:"pairs"`
}

// Run exits 1 when the file comes from no request.
func (c *exportTraceCmd) Run(e *env) error {
	f, err := os.Open(e.path(c.File))
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	return e.withApp(func(a *app.App, by access.Actor) error {
		got, err := a.Custody.Trace(e.ctx, by, f, info.Size())
		if err != nil && len(got) == 0 && err != custody.ErrNoTrace {
			return err
		}
		lines := []traced{}
		for _, t := range got {
			lines = append(lines, traced{t.Request.ID, t.Request.NodeName, t.Request.RequestedName, t.Request.DecidedName, t.By, t.Rows, t.Of, t.Ordered, t.Pairs})
		}
		err = e.print(map[string]any{"requests": lines}, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "E%s\t%s\t%s\t%s\t%s\t%d/%d\t%d/%d\n", l.Request, l.Node, l.RequestedBy, l.DecidedBy, l.By, l.Rows, l.Of, l.Ordered, l.Pairs)
			}
			if len(lines) == 0 {
				fmt.Fprintln(w, e.t("cli.export.no_trace"))
			}
		})
		if err == nil && len(lines) == 0 {
			return errDiffers
		}
		return err
	})
}

// breakglassCmd takes data out without a request, with the keys of two holders.
type breakglassCmd struct {
	Take   glassTakeCmd   `cmd:"" default:"withargs" help:"Take the pupils of a node out; two holders give their keys, and everybody concerned sees it."`
	Enroll glassEnrollCmd `cmd:"" help:"Give a holder a key, which is printed once and works after 24 hours."`
}

type glassTakeCmd struct {
	Node   string   `required:"" help:"Code of the node." placeholder:"CODE"`
	Reason string   `required:"" help:"Why nobody can ask and approve." placeholder:"TEXT"`
	Key    []string `name:"key-file" required:"" help:"File with a holder's key, given twice; - reads a line of standard input." placeholder:"FILE"`
	Out    string   `required:"" help:"File to write (0600); it must not exist." placeholder:"FILE"`
}

// wantsInput reports whether a key comes from standard input.
func (c *glassTakeCmd) wantsInput() bool {
	for _, k := range c.Key {
		if k == "-" {
			return true
		}
	}
	return false
}

// Run records first and writes then.
func (c *glassTakeCmd) Run(e *env) error {
	if len(c.Key) != 2 {
		return fault.New(fault.ErrInvalid, "cli.glass.two")
	}
	keys, err := e.keys(c.Key)
	if err != nil {
		return err
	}
	return e.withApp(func(a *app.App, by access.Actor) error {
		out := e.path(c.Out)
		if err := absent(out); err != nil {
			return err
		}
		n, err := a.Org.ByCode(e.ctx, by, c.Node)
		if err != nil {
			return err
		}
		r, file, err := a.Custody.Break(e.ctx, by, custody.Breaking{Node: n.ID, Reason: c.Reason, Keys: keys})
		if err != nil {
			return err
		}
		if err := writeNew(out, file.Data); err != nil {
			return err
		}
		return e.print(map[string]any{"request": r.ID, "rows": r.Records, "file": out}, func(w io.Writer) {
			fmt.Fprintln(w, e.t("cli.glass.done", r.Number(), r.Records, out))
		})
	})
}

// keys reads two keys from files, or from lines of standard input.
func (e *env) keys(from []string) (keys [2]string, err error) {
	lines := strings.Split(e.input, "\n")
	for i, path := range from {
		if path == "-" {
			if len(lines) > 0 {
				keys[i], lines = strings.TrimSpace(lines[0]), lines[1:]
			}
			continue
		}
		raw, err := os.ReadFile(e.path(path))
		if err != nil {
			return keys, fmt.Errorf("read a key: %w", err)
		}
		keys[i] = strings.TrimSpace(string(raw))
	}
	return keys, nil
}

type glassEnrollCmd struct {
	Login string `required:"" help:"Sign-in name of the holder." placeholder:"LOGIN"`
}

// Run prints the key once.
func (c *glassEnrollCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		who, err := a.Accounts.FindEntrance(e.ctx, by, c.Login)
		if err != nil {
			return err
		}
		key, from, err := a.Custody.Enrol(e.ctx, by, who)
		if err != nil {
			return err
		}
		return e.print(map[string]any{"login": c.Login, "key": key, "from": from}, func(w io.Writer) {
			fmt.Fprintln(w, e.t("cli.glass.enrolled", key, from.Format("2006-01-02 15:04")))
		})
	})
}
