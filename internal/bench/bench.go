// Package bench measures speed and memory on data of its own, in a scratch
// folder or the database it is given. Speed lives here and in Go benchmarks,
// never in a timed test.
package bench

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"time"

	"learnspace/internal/account"
	"learnspace/internal/app"
	"learnspace/internal/config"
)

// Figure is one measured number with the conditions it was measured under.
type Figure struct {
	Name  string         `json:"name"`
	Unit  string         `json:"unit"`
	Value float64        `json:"value"`
	Of    map[string]any `json:"of"`
}

// Options say what is measured and on what.
type Options struct {
	// Names are the benchmarks to run, in this order; none means all.
	Names []string
	// People is how many pupils the data have; 0 means each benchmark's own.
	People int
	// DB is the database to use: "" makes a SQLite file in the scratch folder,
	// "sqlite:PATH" one that must not be there yet, "postgres://…" a schema of
	// its own. All of them are removed afterwards.
	DB string
	// Program is the path of this program, for servers of their own.
	Program string
	// Progress receives a line for whoever watches.
	Progress io.Writer
}

// run is one benchmark under way.
type run struct {
	Options
	ctx     context.Context
	dir     string
	app     *app.App
	figures []Figure
	sha     float64
	loaded  int // people in the data, 0: none yet
}

// named are the benchmarks in the order in which all of them run: those that
// need fewer people first would load twice, so the data are loaded once.
var named = []struct {
	name string
	run  func(*run) error
}{
	{"import", (*run).importPeople},
	{"write", (*run).write},
	{"page", (*run).page},
	{"dashboard", (*run).dashboard},
	{"bulletin", (*run).bulletin},
	{"signin", (*run).signin},
	{"rollup", (*run).rollup},
	{"move", (*run).move},
	{"rotate", (*run).rotate},
}

// Names lists the benchmarks.
func Names() []string {
	var out []string
	for _, n := range named {
		out = append(out, n.name)
	}
	return out
}

// Run runs the benchmarks and returns their figures.
func Run(ctx context.Context, o Options) (figures []Figure, err error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	for _, n := range o.Names {
		if !slices.Contains(Names(), n) {
			return nil, fmt.Errorf("there is no benchmark %q; there are %v", n, Names())
		}
	}
	dir, err := os.MkdirTemp("", "learnspace-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	r := &run{Options: o, ctx: ctx, dir: dir, sha: shaMillis()}
	remove, err := r.own()
	if err != nil {
		return nil, err
	}
	defer func() {
		r.close()
		err = errors.Join(err, remove())
	}()
	for _, n := range named {
		if len(o.Names) > 0 && !slices.Contains(o.Names, n.name) {
			continue
		}
		r.say("%s …", n.name)
		if err := n.run(r); err != nil {
			return r.figures, fmt.Errorf("bench %s: %w", n.name, err)
		}
	}
	return r.figures, nil
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.Progress, format+"\n", args...) }

// add records a figure beside the machine's speed, the milliseconds of 1 MiB
// SHA-256, its processors and what else kept them busy.
func (r *run) add(name, unit string, value float64, of map[string]any) {
	if of == nil {
		of = map[string]any{}
	}
	of["sha256_1mib_ms"], of["processors"], of["load"] = r.sha, runtime.NumCPU(), loadAverage()
	if r.app != nil {
		of["engine"] = r.app.DB.Dialect().String()
	}
	r.figures = append(r.figures, Figure{name, unit, value, of})
	r.say("  %-28s %12.2f %s", name, value, unit)
}

// shaMillis is the median time of SHA-256 over 1 MiB.
func shaMillis() float64 {
	block := make([]byte, 1<<20)
	var times []float64
	for range 21 {
		start := time.Now()
		sha256.Sum256(block)
		times = append(times, float64(time.Since(start).Microseconds())/1000)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// config is the scratch installation.
func (r *run) config() (config.Config, error) { return config.New(r.dir, r.DB, "") }

// open opens the scratch installation.
func (r *run) open() error {
	if r.app != nil {
		return nil
	}
	c, err := r.config()
	if err != nil {
		return err
	}
	r.app, err = app.Open(r.ctx, c, app.Options{Logger: slog.New(slog.DiscardHandler), Hasher: account.NewPool(account.CheapCost, 0, 0), Migrate: true})
	return err
}

// close closes it, so that a server of its own may open it.
func (r *run) close() {
	if r.app != nil {
		r.app.Close()
		r.app = nil
	}
}
