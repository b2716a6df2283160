package cli

import (
	"os"
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
	}})
}
