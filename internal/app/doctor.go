package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"learnspace/internal/config"
	"learnspace/internal/db"
	"learnspace/internal/schema"
	"learnspace/internal/seal"
)

// Check is one line of the doctor.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// About is the version of the program.
type About struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

// Version reads what the build recorded.
func Version() About {
	v := About{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v.Version += "+" + s.Value[:12]
		}
	}
	return v
}

// Migrate brings the schema of a database to this version, or with plan only
// lists the steps.
func Migrate(ctx context.Context, c config.Config, plan bool) ([]string, error) {
	d, err := db.Open(ctx, c.DB, db.Options{})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	steps, err := schema.Plan(ctx, d)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range steps {
		names = append(names, s.Name)
	}
	if plan {
		return names, nil
	}
	return names, schema.Migrate(ctx, d)
}

// Doctor checks an installation that no server holds.
func Doctor(ctx context.Context, c config.Config) ([]Check, error) {
	checks := folderChecks(c)
	d, err := db.Open(ctx, c.DB, db.Options{})
	if err != nil {
		return append(checks, Check{"database", false, err.Error()}), nil
	}
	defer d.Close()
	return append(checks, databaseChecks(ctx, d)...), nil
}

// Doctor checks the running installation.
func (a *App) Doctor(ctx context.Context) []Check {
	return append(folderChecks(a.Config), databaseChecks(ctx, a.DB)...)
}

// folderChecks looks at the data folder and the keys.
func folderChecks(c config.Config) []Check {
	var out []Check
	info, err := os.Stat(c.Data)
	switch {
	case err != nil:
		return []Check{{"data", false, err.Error()}}
	case info.Mode().Perm()&0o077 != 0:
		out = append(out, Check{"data", false, fmt.Sprintf("%s is open to others (%v); run chmod 700", c.Data, info.Mode().Perm())})
	default:
		out = append(out, Check{"data", true, c.Data})
	}
	if _, err := seal.Load(c.Keys()); err != nil {
		out = append(out, Check{"keys", false, err.Error()})
	} else {
		out = append(out, Check{"keys", true, c.Keys()})
	}
	if dir, ok := strings.CutPrefix(c.Blob, "file:"); ok {
		out = append(out, writable("blobs", dir))
	}
	if err := c.CheckBase(); err != nil {
		out = append(out, Check{"base_url", false, err.Error()})
	} else if !strings.HasPrefix(c.Base(), "https://") {
		out = append(out, Check{"base_url", true, c.Base() + " is not https: cookies travel in the open; set the base URL behind a proxy with TLS"})
	}
	return out
}

// writable tries to write into a folder.
func writable(name, dir string) Check {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Check{name, false, err.Error()}
	}
	probe := filepath.Join(dir, ".doctor")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return Check{name, false, err.Error()}
	}
	if err := os.Remove(probe); err != nil {
		return Check{name, false, err.Error()}
	}
	return Check{name, true, dir}
}

// databaseChecks looks at the database.
func databaseChecks(ctx context.Context, d *db.DB) []Check {
	if err := d.Ping(ctx); err != nil {
		return []Check{{"database", false, err.Error()}}
	}
	out := []Check{{"database", true, d.Dialect().String()}}
	steps, err := schema.Plan(ctx, d)
	switch {
	case err != nil:
		out = append(out, Check{"schema", false, err.Error()})
	case len(steps) > 0:
		out = append(out, Check{"schema", false, fmt.Sprintf("%d steps behind; run learnspace migrate", len(steps))})
	default:
		out = append(out, Check{"schema", true, "up to date"})
	}
	return out
}

// hasDatabase reports whether the folder's database is there already.
func hasDatabase(c config.Config) bool {
	path, ok := strings.CutPrefix(c.DB, "sqlite:")
	if !ok {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}
