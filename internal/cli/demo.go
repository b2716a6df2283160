package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"learnspace/internal/app"
	"learnspace/internal/config"
	"learnspace/internal/demo"
)

// demoCmd makes a demo province and serves it.
type demoCmd struct {
	Dir    string `default:"./demo" help:"Folder of the demo."`
	Addr   string `default:"127.0.0.1:8080" help:"Address to listen on; the next free port when it is busy."`
	People int    `default:"3000" help:"About how many people."`
	Seed   uint64 `default:"1" help:"Seed of everything invented."`
	Wide   bool   `help:"Print one account a role in each of two prefectures, counties, schools and classes."`
	Factor string `name:"second-factor" enum:"on,off" default:"on" help:"Ask for a second factor where it is a must: on or off."`
}

func (*demoCmd) local() {}

// ready is what the command prints once everything answers.
type ready struct {
	URL      string         `json:"url"`
	Accounts []demo.Account `json:"accounts"`
}

// Run makes the province if the folder has none, and serves it.
func (d *demoCmd) Run(e *env) error {
	if d.People < 100 || d.People > 5_000_000 {
		return fmt.Errorf("people: %d; expected 100 to 5,000,000", d.People)
	}
	dir, err := filepath.Abs(e.path(d.Dir))
	if err != nil {
		return err
	}
	app.Spacious()
	if !demo.Made(dir) {
		e.say("%s", e.t("cli.demo.making", d.People))
		start := time.Now()
		if err := demo.Make(e.ctx, dir, demo.Options{People: d.People, Seed: d.Seed, Wide: d.Wide}, time.Now); err != nil {
			return err
		}
		e.say("%s", e.t("cli.demo.made", time.Since(start).Round(100*time.Millisecond)))
	}
	accounts, err := demo.Accounts(dir)
	if err != nil {
		return err
	}
	l, addr, err := listenNear(d.Addr)
	if err != nil {
		return err
	}
	e.Data = dir
	c, err := e.config(config.Own(dir, "", ""))
	if err != nil {
		l.Close()
		return err
	}
	c.Addr = addr
	if d.Factor == "off" {
		c.SecondFactor = d.Factor
	}
	return e.serve(c, l, func(*app.App) error { return e.demoReady(ready{c.Base(), accounts}) })
}

// demoReady prints the address and the accounts, once.
func (e *env) demoReady(r ready) error {
	if e.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	}
	fmt.Fprintf(e.stdout, "\n%s\n\n", e.t("cli.demo.ready", r.URL))
	codes := false
	for _, a := range r.Accounts {
		fmt.Fprintf(e.stdout, "  %-14s %-16s %s  %s\n", a.Role, a.Login, a.Password, a.Name)
		codes = codes || a.TOTPSecret != ""
	}
	if codes {
		fmt.Fprintf(e.stdout, "\n%s\n", e.t("cli.demo.codes", r.URL+"/demo/codes"))
	}
	fmt.Fprintf(e.stdout, "\n%s\n", e.t("cli.demo.stop"))
	return nil
}

// nextPorts is how many ports are tried when the first is busy.
const nextPorts = 50

// listenNear listens on addr, or on the next free port.
func listenNear(addr string) (net.Listener, string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", fmt.Errorf("address %q: expected host:port: %w", addr, err)
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, "", fmt.Errorf("address %q: the port is no number", addr)
	}
	for n := range nextPorts {
		at := net.JoinHostPort(host, strconv.Itoa(first+n))
		l, err := net.Listen("tcp", at)
		if err == nil {
			return l, l.Addr().String(), nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || first == 0 {
			return nil, "", fmt.Errorf("listen on %s: %w", at, err)
		}
	}
	return nil, "", fmt.Errorf("listen on %s: this port and the next %d are busy", addr, nextPorts-1)
}
