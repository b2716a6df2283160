package cli

import (
	"fmt"
	"io"

	"learnspace/internal/access"
	"learnspace/internal/app"
)

// keysCmd works on the keys.
type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make the keys of a new data folder, with the suite of your choice."`
	Rotate keysRotateCmd `cmd:"" help:"Seal and hash with new keys from now on; what is known is sealed anew while the server runs."`
}

type keysCreateCmd struct {
	Suite string `enum:"aes,sm" default:"aes" help:"Algorithms: aes (AES-256-GCM, HMAC-SHA256) or sm (SM4-GCM, HMAC-SM3)."`
}

func (*keysCreateCmd) local() {}

// Run makes the key file; one that is there is never overwritten.
func (c *keysCreateCmd) Run(e *env) error {
	conf, err := e.config()
	if err != nil {
		return err
	}
	if err := app.CreateKeys(conf, c.Suite); err != nil {
		return err
	}
	return e.print(map[string]any{"keys": conf.Keys(), "suite": c.Suite}, func(w io.Writer) { fmt.Fprintln(w, e.t("cli.keys.created", conf.Keys())) })
}

type keysRotateCmd struct {
	Suite string `enum:"aes,sm," default:"" help:"Algorithms from now on: aes or sm; without it those in use."`
}

// Run rotates the keys and waits until everything is sealed anew. Broken off, the
// work goes on in the server, or at the next start.
func (c *keysRotateCmd) Run(e *env) error {
	return e.withApp(func(a *app.App, by access.Actor) error {
		job, err := a.StartRotation(e.ctx, by, app.Suites[c.Suite])
		if err != nil {
			return err
		}
		if e.running == nil {
			if err := a.WorkOff(e.ctx); err != nil {
				return err
			}
		}
		got, err := a.AwaitRotation(e.ctx, job, func(r app.Rotation) {
			if e.terminal {
				fmt.Fprintf(e.stderr, "\r%d / %d ", r.Done, r.Total)
			}
		})
		if err != nil {
			return err
		}
		if got.Failed != "" {
			return fmt.Errorf("seal anew: %s", got.Failed)
		}
		n := max(got.Total-1, 0)
		return e.print(map[string]any{"resealed": n}, func(w io.Writer) { fmt.Fprintln(w, e.t("cli.keys.rotated", n)) })
	})
}
