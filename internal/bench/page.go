package bench

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

// The requests of one page: those that warm up and those that count.
const (
	warmRequests  = 200
	countRequests = 2000
)

// pagePeople is how many pupils the pages are measured at.
const pagePeople = 100_000

// visit is one page as one role.
type visit struct{ name, path, token string }

// page measures the processor time of signed-in pages on a server in a process
// of its own, with compression.
func (r *run) page() error {
	if err := r.load(r.peopleOr(pagePeople), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	visits, err := r.visits()
	if err != nil {
		return err
	}
	people := r.loaded
	r.close() // the server takes the database over
	base, stop, err := r.server()
	if err != nil {
		return err
	}
	defer stop()
	var total time.Duration
	for _, v := range visits {
		cpu, bytes, err := measure(r.ctx, base, v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		total += cpu
		of := map[string]any{"people": people, "path": v.name, "requests": countRequests, "bytes_gzip": bytes}
		r.add("page."+v.name, "ms CPU", millis(cpu), of)
	}
	r.add("page.mean", "ms CPU", millis(total)/float64(len(visits)), map[string]any{"people": people, "pages": len(visits)})
	first, err := firstVisit(r.ctx, base)
	if err != nil {
		return err
	}
	r.add("page.first_visit", "KB", float64(first)/1000, map[string]any{"path": "/signin", "with": "style sheet, scripts, icons"})
	return nil
}

// visits makes the accounts and a stream to look at.
func (r *run) visits() ([]visit, error) {
	c, school, err := r.firstClass()
	if err != nil {
		return nil, err
	}
	pupil, err := r.comeIn(c.pupils[len(c.pupils)-1], "benchpupil")
	if err != nil {
		return nil, err
	}
	by, err := r.app.Accounts.ActorOf(r.ctx, r.app.System("bench"), c.pupils[len(c.pupils)-1], access.Pupil)
	if err != nil {
		return nil, err
	}
	var last id.Post
	for n := range 30 {
		if last, err = r.app.Posts.Publish(r.ctx, by, post.Draft{Node: c.node, Kind: post.Question,
			Body: strings.Repeat("第15页第3题，为什么要先通分？", 3), Key: fmt.Sprint("page-", n)}); err != nil {
			return nil, err
		}
		if _, err := r.app.Posts.Comment(r.ctx, by, last, "先找分母的最小公倍数。", fmt.Sprint("page-", n)); err != nil {
			return nil, err
		}
	}
	manager, err := r.officer(access.School, school, "benchschool")
	if err != nil {
		return nil, err
	}
	root, err := r.app.Org.Root(r.ctx, r.app.System("bench"))
	if err != nil {
		return nil, err
	}
	province, err := r.officer(access.Province, root.ID, "benchprovince")
	if err != nil {
		return nil, err
	}
	if err := r.app.CatchUp(r.ctx); err != nil {
		return nil, err
	}
	return []visit{
		{"pupil_home", "/home", pupil},
		{"class", "/classes/" + c.node.String(), pupil},
		{"post", "/posts/" + last.String(), pupil},
		{"school_home", "/home", manager},
		{"school_figures", "/figures/" + school.String(), manager},
		{"node", "/nodes/" + school.String(), manager},
		{"province_home", "/home", province},
		{"province_figures", "/figures/" + root.ID.String(), province},
	}, nil
}

// server starts this program as a server on the scratch folder, with env beside
// the environment.
func (r *run) server(env ...string) (base server, stop func(), err error) {
	args := []string{"serve", "--data", r.dir, "--addr", "127.0.0.1:0"}
	if r.DB != "" {
		args = append(args, "--db", r.DB)
	}
	cmd := exec.CommandContext(r.ctx, r.Program, args...)
	cmd.Env = append(append(os.Environ(), "LANG=C"), env...)
	errs, err := cmd.StderrPipe()
	if err != nil {
		return base, nil, err
	}
	if err := cmd.Start(); err != nil {
		return base, nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(errs)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "http://"); ok && strings.HasPrefix(lines.Text(), "Serving") {
			url, _, _ = strings.Cut(url, " ")
			go io.Copy(io.Discard, errs)
			return server{"http://" + url, cmd.Process.Pid}, stop, nil
		}
	}
	stop()
	return base, nil, errors.New("the server did not start")
}

// server is a server in a process of its own.
type server struct {
	url string
	pid int
}

// measure fetches one page many times and returns the server's processor time
// a page and the bytes of one answer.
func measure(ctx context.Context, s server, v visit) (time.Duration, int, error) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	fetch := func() (int, error) { return get(ctx, client, s.url+v.path, v.token) }
	size := 0
	for range warmRequests {
		n, err := fetch()
		if err != nil {
			return 0, 0, err
		}
		size = n
	}
	before, err := cpuOf(s.pid)
	if err != nil {
		return 0, 0, err
	}
	for range countRequests {
		if _, err := fetch(); err != nil {
			return 0, 0, err
		}
	}
	after, err := cpuOf(s.pid)
	return (after - before) / countRequests, size, err
}

// get fetches an address, compressed, and returns the size of the body.
func get(ctx context.Context, client *http.Client, url, token string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if token != "" {
		req.AddCookie(&http.Cookie{Name: "ls", Value: token})
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return int(n), err
}

// firstVisit adds up what a browser loads that has been here never before:
// the page and every file of this server that it names.
func firstVisit(ctx context.Context, s server) (int, error) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	total, err := get(ctx, client, s.url+"/signin", "")
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/signin", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	zip, err := gzip.NewReader(res.Body)
	if err != nil {
		return 0, err
	}
	html, err := io.ReadAll(zip)
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(string(html), `"`) {
		file, _, _ := strings.Cut(part, "#")
		if !strings.HasPrefix(file, "/static/") || seen[file] {
			continue
		}
		seen[file] = true
		n, err := get(ctx, client, s.url+file, "")
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
