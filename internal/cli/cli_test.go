package cli

import (
	"os"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"learnspace": func() { os.Exit(Main(os.Args[1:])) }})
}

// TestScript runs the command line as other programs call it.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Setup: func(e *testscript.Env) error {
		e.Setenv("LEARNSPACE_LANG", "en")
		return nil
	}, Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"keep": keep}})
}

// keep NAME PATTERN sets a variable to the first group of the pattern in what
// the last command printed.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME PATTERN")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("%s is not in the output", args[1])
	}
	ts.Setenv(args[0], found[1])
}
