//go:build unix

package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// clusterPort only names the socket; nothing listens on the network.
const clusterPort = 54329

// startCluster returns the address of the user's shared test cluster and
// starts it when it does not run. It stays for the next package and goes by
// itself after a few idle minutes.
func startCluster() (string, error) {
	bin, err := findServer()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("learnspace-pg-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Held for as long as this process lives: the cluster has a user.
	users, err := os.OpenFile(filepath.Join(dir, "users.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	if err := syscall.Flock(int(users.Fd()), syscall.LOCK_SH); err != nil {
		return "", err
	}
	keepOpen = append(keepOpen, users)
	start, err := os.OpenFile(filepath.Join(dir, "start.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { _ = start.Close() }()
	if err := syscall.Flock(int(start.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	address := fmt.Sprintf("postgres://postgres@/postgres?host=%s&port=%d&sslmode=disable", dir, clusterPort)
	if alive(address) {
		return address, nil
	}
	if err := launch(bin, dir); err != nil {
		return "", err
	}
	if !alive(address) {
		return "", errors.New("the test cluster does not answer")
	}
	return address, nil
}

// keepOpen holds files whose locks last as long as the process.
var keepOpen []*os.File

// alive reports whether the server answers.
func alive(address string) bool {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// findServer returns the folder of initdb and pg_ctl, the newest version's.
func findServer() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	more, _ := filepath.Glob("/usr/local/pgsql*/bin")
	dirs = append(append(dirs, more...), "/usr/local/bin", "/usr/bin")
	if p, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	for _, dir := range dirs {
		if executable(dir, "initdb") && executable(dir, "pg_ctl") && executable(dir, "postgres") {
			return dir, nil
		}
	}
	return "", errors.New("initdb, pg_ctl and postgres are not installed")
}

// version returns the number in /usr/lib/postgresql/15/bin.
func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

func executable(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// unprivileged returns the identity to run the server as: it refuses root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("no unprivileged user to run the server as")
}

// settings of the test cluster: nothing is kept through a crash.
const settings = `
listen_addresses = ''
max_connections = 500
shared_buffers = 128MB
fsync = off
full_page_writes = off
synchronous_commit = off
max_wal_size = 2GB
autovacuum_naptime = 30s
log_min_messages = fatal
`

// launch makes a new cluster in dir and starts it, with a watchdog that ends
// it when no test process has used it for five minutes.
func launch(bin, dir string) error {
	cred, err := unprivileged()
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if cred != nil {
		for _, path := range []string{dir, data} {
			if err := os.Chown(path, int(cred.Uid), int(cred.Gid)); err != nil {
				return err
			}
		}
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
		var out bytes.Buffer
		if name == "initdb" {
			cmd.Stdout, cmd.Stderr = &out, &out
		}
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out.String())
		}
		return nil
	}
	if err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "%sport = %d\nunix_socket_directories = '%s'\n", settings, clusterPort, dir)
	if err := errors.Join(err, conf.Close()); err != nil {
		return err
	}
	if err := run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", filepath.Join(dir, "server.log"), "start"); err != nil {
		return err
	}
	return watch(bin, dir, data, cred)
}

// watchdog counts idle rounds of 20 seconds and then ends the cluster.
const watchdog = `idle=0
while sleep 20; do
  if flock -n -x "$1/users.lock" true; then idle=$((idle + 1)); else idle=0; fi
  if [ "$idle" -ge 15 ]; then break; fi
  [ -d "$2" ] || exit 0
done
"$3/pg_ctl" -D "$2" -m immediate stop
rm -rf "$2"`

// watch starts the watchdog where its tools are installed; elsewhere the
// cluster stays until somebody stops it.
func watch(bin, dir, data string, cred *syscall.Credential) error {
	if _, err := exec.LookPath("flock"); err != nil {
		return nil
	}
	cmd := exec.Command("sh", "-c", watchdog, "learnspace-pg-watchdog", dir, data, bin)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
