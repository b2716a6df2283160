package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/id"
)

// The accounts that sign in, those that come in during the rush of an
// activation, and how long each part goes on.
const (
	signInPeople   = 200
	activatePeople = 400
	signInFor      = 8 * time.Second
	rushFor        = 4 * time.Second
	activateRate   = 2000.0 / 60 // a second
)

// signin measures sign-in and activation through the pages of a server in a
// process of its own, with passwords hashed at full cost: the rate, what ten
// times that rate does to memory and waiting, a rush of activations, and
// whether time tells a known name from an unknown one.
func (r *run) signin() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	logins, codes, err := r.entrants()
	if err != nil {
		return err
	}
	r.close() // the server takes the database over
	s, stop, err := r.server("LEARNSPACE_TRUSTED_PROXIES=127.0.0.0/8")
	if err != nil {
		return err
	}
	defer stop()
	d := &door{ctx: r.ctx, url: s.url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4096}, CheckRedirect: stay}}
	rate, err := d.rate(logins)
	if err != nil {
		return err
	}
	r.add("signin.rate", "1/s", rate, map[string]any{"clients": 64})
	if err := r.rush(d, s, logins, rate); err != nil {
		return err
	}
	if err := r.activations(d, codes); err != nil {
		return err
	}
	return r.telltale(d, logins)
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// entrants makes accounts with passwords at full cost, and codes for others.
func (r *run) entrants() (logins, codes []string, err error) {
	pool := account.NewPool(account.FullCost, 0, 1<<20)
	full := account.New(account.Deps{DB: r.app.DB, IDs: r.app.IDs, Clock: r.app.Clock, Keys: r.app.Keys, Log: r.app.Log,
		Trail: r.app.Trail, Org: r.app.Org, People: r.app.People, Hasher: pool})
	pupils, err := r.pupils(signInPeople + activatePeople)
	if err != nil {
		return nil, nil, err
	}
	var failed atomic.Value
	var all sync.WaitGroup
	for i, who := range pupils {
		slip, err := full.IssueCode(r.ctx, r.app.Operator("bench"), who)
		if err != nil {
			return nil, nil, err
		}
		if i >= signInPeople {
			codes = append(codes, slip.Code)
			continue
		}
		login := fmt.Sprintf("signer%d", i)
		logins = append(logins, login)
		all.Go(func() {
			_, err := full.Activate(r.ctx, access.Anonymous(), account.Activation{Code: slip.Code, Login: login, Password: password, Network: "192.0.2.1", Device: "bench"})
			if err != nil {
				failed.Store(err)
			}
		})
	}
	all.Wait()
	err, _ = failed.Load().(error)
	return logins, codes, err
}

// pupils finds pupils who come in without anybody's answer.
func (r *run) pupils(n int) (out []id.Person, err error) {
	by := r.app.System("bench")
	for school := 0; len(out) < n; school++ {
		at, err := r.app.Org.ByCode(r.ctx, by, schoolCode(school))
		if err != nil {
			return nil, fmt.Errorf("%d of %d pupils: %w", len(out), n, err)
		}
		classes, err := r.app.Org.Classes(r.ctx, by, at.ID)
		if err != nil {
			return nil, err
		}
		for _, c := range classes {
			list, err := r.app.People.Pupils(r.ctx, by, c.ID)
			if err != nil {
				return nil, err
			}
			for _, p := range list2ids(list) {
				tails, err := r.app.People.GuardianTails(r.ctx, by, p)
				if err != nil {
					return nil, err
				}
				if len(tails) == 0 {
					out = append(out, p)
				}
			}
		}
	}
	return out[:n], nil
}

// door is the server's entrance.
type door struct {
	ctx    context.Context
	url    string
	client *http.Client
	n      atomic.Int64
}

// post sends a form and returns the status and the header.
func (d *door) post(client *http.Client, path, address string, form url.Values) (int, http.Header, error) {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if address != "" {
		req.Header.Set("X-Forwarded-For", address)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header, err
}

// address is another network for each call.
func (d *door) address() string {
	n := d.n.Add(1)
	return fmt.Sprintf("10.%d.%d.7", n/250%250, n%250)
}

// signIn signs in once, as often as the waiting page asks; waited counts it.
func (d *door) signIn(login, address string, waited *atomic.Int64) error {
	for {
		status, header, err := d.post(d.client, "/signin", address, url.Values{"login": {login}, "password": {password}})
		switch {
		case err != nil:
			return err
		case status == http.StatusSeeOther:
			return nil
		case status != http.StatusServiceUnavailable:
			return fmt.Errorf("sign-in of %s: status %d", login, status)
		}
		waited.Add(1)
		seconds, err := strconv.Atoi(header.Get("Retry-After"))
		if err != nil || seconds < 1 {
			return errors.New("the waiting page does not say when to come back")
		}
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

// rate is how many sign in a second, with as many clients as wait at once.
func (d *door) rate(logins []string) (float64, error) {
	var done, next, waited atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	begun := time.Now()
	for range 64 {
		all.Go(func() {
			for time.Since(begun) < signInFor {
				i := int(next.Add(1))
				if err := d.signIn(logins[i%len(logins)], "192.0.2.9", &waited); err != nil {
					failed.Store(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	err, _ := failed.Load().(error)
	return float64(done.Load()) / time.Since(begun).Seconds(), err
}

// rush lets ten times as many arrive, and waits until all of them are in.
func (r *run) rush(d *door, s server, logins []string, rate float64) error {
	forgetPeak(s.pid)
	before := peakOf(strconv.Itoa(s.pid))
	people := int(10 * rate * rushFor.Seconds())
	var waited atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	begun := time.Now()
	for i := range people {
		time.Sleep(time.Until(begun.Add(time.Duration(float64(i) / (10 * rate) * float64(time.Second)))))
		all.Go(func() {
			school := fmt.Sprintf("198.18.%d.9", i%100) // people sit in a hundred schools
			if err := d.signIn(logins[i%len(logins)], school, &waited); err != nil {
				failed.Store(err)
			}
		})
	}
	all.Wait()
	if err, ok := failed.Load().(error); ok {
		return fmt.Errorf("rush: %w", err)
	}
	of := map[string]any{"people": people, "arrivals_per_s": 10 * rate, "waiting_pages": waited.Load(), "served": people}
	r.add("signin.rush_all_in", "s", time.Since(begun).Seconds(), of)
	r.add("signin.rush_memory", "MB", peakOf(strconv.Itoa(s.pid))-before, map[string]any{"before_mb": before})
	return nil
}

// activations lets people come in by slip, 2,000 a minute, each with four forms.
func (r *run) activations(d *door, codes []string) error {
	var waited atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	var slowest atomic.Int64
	begun := time.Now()
	for i, code := range codes {
		time.Sleep(time.Until(begun.Add(time.Duration(float64(i) / activateRate * float64(time.Second)))))
		all.Go(func() {
			from := time.Now()
			if err := d.activate(code, fmt.Sprintf("newcomer%d", i), &waited); err != nil {
				failed.Store(err)
			}
			for took := int64(time.Since(from)); ; {
				if old := slowest.Load(); took <= old || slowest.CompareAndSwap(old, took) {
					break
				}
			}
		})
	}
	all.Wait()
	if err, ok := failed.Load().(error); ok {
		return fmt.Errorf("activations: %w", err)
	}
	r.add("signin.activations", "1/min", float64(len(codes))/time.Since(begun).Minutes(),
		map[string]any{"people": len(codes), "waiting_pages": waited.Load(), "slowest_ms": millis(time.Duration(slowest.Load()))})
	return nil
}

// activate goes through the four steps of a slip.
func (d *door) activate(code, login string, waited *atomic.Int64) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: d.client.Transport, Jar: jar, CheckRedirect: stay}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/activate/code", url.Values{"code": {code}}},
		{"/activate/name", url.Values{}},
		{"/activate/consent", url.Values{"alone": {"1"}}},
		{"/activate/login", url.Values{"login": {login}, "password": {password}}},
	} {
		for {
			status, _, err := d.post(client, step.path, "192.0.2.9", step.form)
			if err != nil {
				return err
			}
			if status == http.StatusServiceUnavailable {
				waited.Add(1)
				time.Sleep(account.RetryAfter * time.Second)
				continue
			}
			if status != http.StatusSeeOther {
				return fmt.Errorf("%s: status %d", step.path, status)
			}
			break
		}
	}
	return nil
}

// telltale compares the times of a wrong password of known and of unknown
// names, in turn, each from a network of its own with a password of its own.
func (r *run) telltale(d *door, logins []string) error {
	var known, unknown []float64
	for i := range 2 * len(logins) {
		name := logins[i/2]
		if i%2 == 1 {
			name = fmt.Sprintf("stranger%d", i)
		}
		begun := time.Now()
		status, _, err := d.post(d.client, "/signin", d.address(), url.Values{"login": {name}, "password": {fmt.Sprintf("wrong-%d-%d", i, begun.UnixNano())}})
		if err != nil {
			return err
		}
		if status != http.StatusUnprocessableEntity {
			return fmt.Errorf("a wrong password: status %d", status)
		}
		took := millis(time.Since(begun))
		if i%2 == 0 {
			known = append(known, took)
		} else {
			unknown = append(unknown, took)
		}
	}
	a, sa := mean(known)
	b, sb := mean(unknown)
	noise := math.Sqrt(sa*sa/float64(len(known)) + sb*sb/float64(len(unknown)))
	r.add("signin.known_unknown", "ms", math.Abs(a-b), map[string]any{"known_ms": a, "unknown_ms": b,
		"noise_of_the_means_ms": noise, "noise_of_one_ms": (sa + sb) / 2, "tries_each": len(known)})
	return nil
}

// mean returns mean and standard deviation.
func mean(v []float64) (m, dev float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	for _, x := range v {
		dev += (x - m) * (x - m) / float64(len(v))
	}
	return m, math.Sqrt(dev)
}
