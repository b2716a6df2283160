package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	"learnspace/internal/exchange/roster"
)

// defaultImport is how many pupils the import loads when nobody says.
const defaultImport = 1_000_000

// importPeople measures a roster from the file to the last commit, how long
// the figures need afterwards, and the peak memory of the process.
func (r *run) importPeople() error {
	people := r.People
	if people == 0 {
		people = defaultImport
	}
	return r.load(people, true)
}

// load loads the data that the other benchmarks run on, and with measure says
// how it went.
func (r *run) load(people int, measure bool) error {
	if r.loaded > 0 {
		return nil
	}
	path, err := r.roster(people)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	if err := r.open(); err != nil {
		return err
	}
	root, err := r.tree(people)
	if err != nil {
		return err
	}
	if err := r.app.CatchUp(r.ctx); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.app.Run(ctx) }() // the figures follow while rows come in, as on a server
	resetPeak()
	start := time.Now()
	rep, err := r.app.Rosters.Import(r.ctx, r.app.Operator("bench"), roster.Request{Node: root, Mode: roster.Add,
		Sources:  []roster.Source{{Name: "pupils.csv", Data: f, Size: info.Size()}},
		Progress: func(rows int64) { fmt.Fprintf(r.Progress, "\r  %d rows", rows) }})
	commit := time.Since(start)
	stop()
	<-ended
	if err != nil {
		return err
	}
	r.say("")
	if rep.Totals.New != int64(people) {
		return fmt.Errorf("the import made %d of %d pupils: %+v", rep.Totals.New, people, rep.Totals)
	}
	start = time.Now()
	if err := r.app.CatchUp(r.ctx); err != nil {
		return err
	}
	after := time.Since(start)
	r.loaded = people
	if !measure {
		return nil
	}
	of := func() map[string]any { return map[string]any{"pupils": people, "guardians": (people + 2) / 3} }
	r.add("import.commit", "s", commit.Seconds(), of())
	r.add("import.rows", "rows/s", float64(people)/commit.Seconds(), of())
	r.add("import.figures_after", "s", after.Seconds(), of())
	r.add("import.peak_memory", "MB", peakMB(), of())
	return nil
}
