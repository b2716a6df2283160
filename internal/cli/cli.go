// Package cli is the command line: the contract that other programs call.
// Names, flags, JSON keys and exit codes stay as they are; more may be added.
//
// Exit codes: 0 done, 1 done but something was rejected or differs, 2 refused
// or failed and nothing changed.
//
// A command acts as the operator, which is the operating system's user, and is
// audited. With a server running on the data folder it runs inside that
// server, through the control socket.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/config"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
)

// The exit codes of the contract.
const (
	exitDone    = 0
	exitDiffers = 1
	exitFailed  = 2
)

// errDiffers ends a command that was done although something was rejected or
// differs: exit code 1, and nothing more to say.
var errDiffers = errors.New("something was rejected or differs")

// grammar is the command line as kong reads it.
type grammar struct {
	Common

	Demo     demoCmd       `cmd:"" help:"Make a demo province and serve it."`
	Init     initCmd       `cmd:"" help:"Make the province, one administrator with a one-time code, and the keys."`
	Grant    grantCmd      `cmd:"" help:"Give or end a role in a subtree."`
	Serve    serveCmd      `cmd:"" help:"Serve the data folder."`
	Migrate  migrateCmd    `cmd:"" help:"Bring the database to this version's schema."`
	Doctor   doctorCmd     `cmd:"" help:"Check the installation and say what is missing."`
	Version  versionCmd    `cmd:"" help:"Print the version."`
	Import   importCmd     `cmd:"" help:"Load the tree of nodes or rosters."`
	Transfer transferCmd   `cmd:"" help:"List, accept or refuse moves between schools."`
	Code     codeCmd       `cmd:"" help:"Issue one-time activation codes."`
	Figures  figuresCmd    `cmd:"" help:"Print the figures of a node."`
	Bulletin bulletinCmd   `cmd:"" help:"Freeze, draft, check, sign, issue or show a month's bulletin."`
	Recount  recountCmd    `cmd:"" help:"Rebuild every roll-up from the events."`
	Routes   routesCmd     `cmd:"" help:"List the routes of the web server."`
	Audit    auditCmd      `cmd:"" help:"Verify the audit trail."`
	Backup   backupCmd     `cmd:"" help:"Copy the database into one file."`
	Restore  restoreCmd    `cmd:"" help:"Put a backup into an empty data folder."`
	Keys     keysCmd       `cmd:"" help:"Rotate the keys."`
	Config   configCmd     `cmd:"" help:"List the settings, what is in force and where it came from."`
	Export   exportCmd     `cmd:"" help:"Write the file of an approved request, or trace a file that was found."`
	Glass    breakglassCmd `cmd:"" name:"breakglass" help:"Take data out in an emergency, with two key holders."`
	Bench    benchCmd      `cmd:"" help:"Measure speed and memory on own data."`
}

// Common holds the flags that every command knows.
type Common struct {
	DB   string            `name:"db" help:"Database: sqlite:PATH or postgres://… ($LEARNSPACE_DB)." placeholder:"URL"`
	Data string            `env:"LEARNSPACE_DATA" default:"./data" help:"Data folder." placeholder:"DIR"`
	Blob string            `help:"Where files go: file:DIR ($LEARNSPACE_BLOB)." placeholder:"URL"`
	File string            `name:"config" env:"LEARNSPACE_CONFIG" help:"File of settings instead of learnspace.conf in the data folder." placeholder:"FILE"`
	Set  map[string]string `mapsep:"none" help:"A setting, see learnspace config." placeholder:"KEY=VALUE"`
	JSON bool              `name:"json" help:"One JSON document on standard output; progress on standard error."`
	Lang string            `env:"LEARNSPACE_LANG" enum:"zh,en,ko," default:"" help:"Language: zh, en or ko."`
}

// env is what a running command sees of the world.
type env struct {
	Common
	ctx      context.Context
	stdout   io.Writer
	stderr   io.Writer
	dir      string
	user     string
	terminal bool
	running  *app.App // set when the command runs inside a server
	socket   bool     // set when it may be forwarded
	stdin    io.Reader
	input    string // what a command that asks for it reads of standard input
}

// Main runs the command line and returns the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	e := &env{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr, dir: dir, user: osUser(), terminal: isTerminal(os.Stderr), socket: true, stdin: os.Stdin}
	return e.run(args)
}

func osUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint(os.Getuid())
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// run parses and runs one command line.
func (e *env) run(args []string) int {
	var g grammar
	exit := -1
	k, err := kong.New(&g, kong.Name("learnspace"),
		kong.Description("Real-name online learning spaces for a province."),
		kong.Writers(e.stdout, e.stderr), kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(e.stderr, err)
		return exitFailed
	}
	parsed, err := k.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(e.stderr, "learnspace: %v\n", err)
		return exitFailed
	}
	e.Common = g.Common
	e.Data, e.File = e.path(e.Data), e.path(e.File)
	return e.code(e.dispatch(parsed, args))
}

// dispatch runs the command here, or in the server that holds the data folder.
func (e *env) dispatch(parsed *kong.Context, args []string) error {
	if err := e.readInput(parsed); err != nil {
		return err
	}
	if _, local := parsed.Selected().Target.Addr().Interface().(localCommand); !local && e.socket {
		if c := dial(config.Config{Data: e.Data}.Socket()); c != nil {
			code, err := forward(c, request{Args: args, Dir: e.dir, User: e.user, Terminal: e.terminal, Input: e.input}, e.stdout, e.stderr)
			if err != nil {
				return err
			}
			return codeError(code)
		}
	}
	return parsed.Run(e)
}

// maxInput bounds what a command reads of standard input.
const maxInput = 4096

// readInput reads standard input for a command that asks for it: inside a server
// there is none, so it travels with the request.
func (e *env) readInput(parsed *kong.Context) error {
	c, ok := parsed.Selected().Target.Addr().Interface().(interface{ wantsInput() bool })
	if !ok || !c.wantsInput() || e.stdin == nil {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(e.stdin, maxInput))
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	e.input = string(raw)
	return nil
}

// localCommand is a command that never runs inside a server.
type localCommand interface{ local() }

// codeError carries the exit code of a forwarded command.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// code turns the end of a command into its exit code and says what went wrong,
// once.
func (e *env) code(err error) int {
	var forwarded codeError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &forwarded):
		return int(forwarded)
	case errors.Is(err, errDiffers):
		return exitDiffers
	case errors.Is(err, db.ErrLocked):
		fmt.Fprintf(e.stderr, "learnspace: %s\n", i18n.Text(e.lang(), "cli.locked"))
		return exitFailed
	}
	fmt.Fprintf(e.stderr, "learnspace: %s\n", e.message(err))
	return exitFailed
}

// message is the error in the user's language, else as it stands.
func (e *env) message(err error) string {
	key, args := fault.Message(err)
	var lines []string
	if key != "" {
		lines = append(lines, i18n.Text(e.lang(), key, args...))
	}
	for _, f := range fault.Fields(err) {
		lines = append(lines, f.Name+": "+i18n.Text(e.lang(), f.Key, f.Args...))
	}
	if len(lines) == 0 {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}

func (e *env) lang() i18n.Language {
	for _, v := range []string{e.Lang, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")} {
		v, _, _ = strings.Cut(v, "_")
		if l, ok := i18n.Parse(v); ok {
			return l
		}
	}
	return i18n.English
}

// path makes a path of the command line absolute: a forwarded command runs in
// another folder than the user's.
func (e *env) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(e.dir, p)
}

// config is the configuration that the common flags ask for; more are flags of
// the command by key, above the common ones.
func (e *env) config(more ...map[string]string) (config.Config, error) {
	flags := maps.Clone(e.Set)
	if flags == nil {
		flags = map[string]string{}
	}
	for key, v := range map[string]string{"db": e.DB, "blob": e.Blob} {
		if v != "" {
			flags[key] = v
		}
	}
	for _, m := range more {
		for key, v := range m {
			if v != "" {
				flags[key] = v
			}
		}
	}
	return config.Load(config.Source{Data: e.Data, File: e.File, Flags: flags})
}

// withApp runs f on the data folder: on the server's own parts when the
// command runs inside one, else on parts opened for it.
func (e *env) withApp(f func(a *app.App, by access.Actor) error) error {
	if e.running != nil {
		return f(e.running, e.running.Operator(e.user))
	}
	c, err := e.config()
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, c, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return f(a, a.Operator(e.user))
}

// print writes the command's one JSON document, or lets text say the same.
func (e *env) print(doc any, text func(w io.Writer)) error {
	if e.JSON || text == nil {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(doc)
	}
	text(e.stdout)
	return nil
}

// say writes a line about what is going on, where it disturbs no program.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }

// t is a message in the command's language.
func (e *env) t(key string, args ...any) string { return i18n.Text(e.lang(), key, args...) }
