package cli

import (
	"fmt"
	"io"

	"learnspace/internal/access"
	"learnspace/internal/app"
)

// backupCmd saves a data folder.
type backupCmd struct {
	File     string `arg:"" help:"File to write; it must not exist."`
	WithKeys bool   `help:"Put the keys into it: whoever has the file can then open the sealed data."`
}

// Run writes the backup; a running server goes on.
func (c *backupCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		file := e.path(c.File)
		if err := a.NoteBackup(e.ctx, by, c.WithKeys); err != nil {
			return err
		}
		if err := a.Backup(e.ctx, file, c.WithKeys); err != nil {
			return err
		}
		return e.print(map[string]any{"file": file, "keys": c.WithKeys}, func(w io.Writer) {
			fmt.Fprintln(w, e.t("cli.backup.done", file))
		})
	})
}

// restoreCmd puts a backup into an empty data folder.
type restoreCmd struct {
	File string `arg:"" help:"Backup to restore."`
}

func (*restoreCmd) local() {}

// Run restores; it refuses a folder that has a database.
func (c *restoreCmd) Run(e *env) error {
	conf, err := e.config()
	if err != nil {
		return err
	}
	keys, err := app.Restore(e.ctx, conf, e.path(c.File))
	if err != nil {
		return err
	}
	return e.print(map[string]any{"data": conf.Data, "keys": keys}, func(w io.Writer) {
		fmt.Fprintln(w, e.t("cli.restore.done", conf.Data))
		if !keys {
			fmt.Fprintln(w, e.t("cli.restore.nokeys", conf.Keys()))
		}
	})
}
