package cli

import (
	"fmt"
	"io"
	"os"

	"learnspace/internal/bench"
)

// benchCmd measures speed and memory.
type benchCmd struct {
	Names  []string `arg:"" optional:"" name:"name" help:"import, write, page, dashboard, bulletin, signin, rollup, move; none: all."`
	People int      `help:"How many pupils; default: each benchmark's own."`
}

func (*benchCmd) local() {}

// Run measures in a scratch folder, or in a part of its own of the database
// that --db names.
func (b *benchCmd) Run(e *env) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	figures, err := bench.Run(e.ctx, bench.Options{Names: b.Names, People: b.People, DB: e.DB, Program: program, Progress: e.stderr})
	if err != nil {
		return err
	}
	return e.print(nonNil(figures), func(w io.Writer) {
		for _, f := range figures {
			fmt.Fprintf(w, "%-28s %12.2f %-10s %v\n", f.Name, f.Value, f.Unit, f.Of)
		}
	})
}
