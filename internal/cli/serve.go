package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"learnspace/internal/app"
	"learnspace/internal/config"
	"learnspace/internal/db"
	"learnspace/internal/logs"
)

// serveCmd serves a data folder until it is told to stop.
type serveCmd struct {
	Addr    string   `help:"Address to listen on (127.0.0.1:8080)." placeholder:"HOST:PORT"`
	BaseURL string   `name:"base-url" help:"Address under which users reach the server." placeholder:"URL"`
	Proxy   []string `help:"Networks (CIDR) whose forwarded headers are believed." placeholder:"CIDR"`
}

func (*serveCmd) local() {}

// Run serves until the context ends.
func (s *serveCmd) Run(e *env) error {
	c, err := e.config(map[string]string{"addr": s.Addr, "base_url": s.BaseURL, "trusted_proxies": strings.Join(s.Proxy, ",")})
	if err != nil {
		return err
	}
	for _, name := range config.Strangers(os.Environ()) {
		e.say("%s", e.t("cli.config.stranger", name))
	}
	if err := c.CheckBase(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	c.Addr = l.Addr().String()
	return e.serve(c, l, func(*app.App) error {
		e.say("%s", e.t("cli.serving", c.Base()))
		return nil
	})
}

// serve runs the server on l: web, control socket, consumers and jobs. ready is
// called once everything answers.
func (e *env) serve(c config.Config, l net.Listener, ready func(*app.App) error) error {
	app.Spacious()
	log := logs.New(e.stderr, c.LogLevel)
	slog.SetDefault(log)
	a, err := app.Open(e.ctx, c, app.Options{Logger: log})
	if err != nil {
		l.Close()
		return err
	}
	defer a.Close()
	control, err := listenControl(c.Socket())
	if err != nil {
		l.Close()
		return err
	}
	defer control.Close()
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	go serveControl(ctx, control, func(ctx context.Context, req request, stdout, stderr io.Writer) int {
		inner := &env{ctx: ctx, stdout: stdout, stderr: stderr, dir: req.Dir, user: req.User, terminal: req.Terminal, running: a, input: req.Input}
		return inner.run(req.Args)
	})
	background := make(chan error, 1)
	go func() { background <- a.Run(ctx) }()
	srv := a.Server()
	failed := make(chan error, 2)
	go func() { failed <- srv.Serve(l) }()
	if c.MetricsAddr != "" {
		ml, err := net.Listen("tcp", c.MetricsAddr)
		if err != nil {
			srv.Close()
			return fmt.Errorf("listen for metrics on %s: %w", c.MetricsAddr, err)
		}
		metrics := a.MetricsServer()
		defer metrics.Close()
		go func() { failed <- metrics.Serve(ml) }()
	}
	if err := ready(a); err != nil {
		srv.Close()
		return err
	}
	select {
	case err = <-failed:
	case err = <-background:
	case <-e.ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	stopped := srv.Shutdown(grace)
	stop()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, stopped)
}

// migrateCmd brings the schema to this version.
type migrateCmd struct {
	Plan bool `help:"Only list what would be done."`
}

// Run migrates, or lists what is missing.
func (m *migrateCmd) Run(e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	pending, err := app.Migrate(e.ctx, c, m.Plan)
	if err != nil {
		return err
	}
	doc := map[string]any{"pending": nonNil(pending), "applied": !m.Plan}
	return e.print(doc, func(w io.Writer) {
		for _, p := range pending {
			fmt.Fprintln(w, p)
		}
		if len(pending) == 0 {
			fmt.Fprintln(w, e.t("cli.migrate.none"))
		}
	})
}

// nonNil turns a nil list into an empty one, so that JSON shows [].
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// versionCmd prints the version.
type versionCmd struct{}

func (*versionCmd) local() {}

// Run prints the version that the build recorded.
func (*versionCmd) Run(e *env) error {
	v := app.Version()
	return e.print(v, func(w io.Writer) { fmt.Fprintf(w, "learnspace %s %s\n", v.Version, v.Go) })
}

// doctorCmd checks the installation.
type doctorCmd struct{}

// Run checks and exits 1 when something is missing.
func (*doctorCmd) Run(e *env) error {
	var checks []app.Check
	c, err := e.config()
	if err != nil {
		return err
	}
	if e.running != nil {
		checks = e.running.Doctor(e.ctx)
	} else {
		checks, err = app.Doctor(e.ctx, c)
	}
	if err != nil && !errors.Is(err, db.ErrLocked) {
		return err
	}
	bad := false
	for _, k := range checks {
		bad = bad || !k.OK
	}
	err = e.print(map[string]any{"checks": nonNil(checks)}, func(w io.Writer) {
		for _, k := range checks {
			mark := "ok  "
			if !k.OK {
				mark = "FAIL"
			}
			fmt.Fprintf(w, "%s %-12s %s\n", mark, k.Name, k.Detail)
		}
	})
	if err == nil && bad {
		return errDiffers
	}
	return err
}
