package bench

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// rotatePeople is how many pupils the rotation is measured at.
const rotatePeople = 200_000

// rotate changes keys and suite of everybody while sign-ins, searches by number
// and pages go on, and counts what fails.
func (r *run) rotate() error {
	if err := r.load(r.peopleOr(rotatePeople), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	c, _, err := r.firstClass()
	if err != nil {
		return err
	}
	pupil, err := r.comeIn(c.pupils[len(c.pupils)-1], "benchrotate")
	if err != nil {
		return err
	}
	n, err := r.app.People.CountAll(r.ctx, r.app.System("bench"))
	if err != nil {
		return err
	}
	others := r.traffic(c, pupil)
	job, err := r.app.StartRotation(r.ctx, r.app.Operator("bench"), seal.SM)
	if err != nil {
		return err
	}
	begin := time.Now()
	heap := watchHeap()
	err = r.app.WorkOff(r.ctx)
	took, most := time.Since(begin), heap()
	done, failed := others()
	if err != nil {
		return err
	}
	state, err := r.app.RotationState(r.ctx, job)
	if err != nil {
		return err
	}
	if !state.Ended || state.Failed != "" || r.app.Keys.Moving() {
		return fmt.Errorf("the rotation has not ended: %+v", state)
	}
	of := map[string]any{"people": r.loaded, "persons": n, "from": string(seal.AES), "to": string(seal.SM), "requests": done, "seconds": took.Seconds()}
	r.add("rotate", "persons/s", float64(n)/took.Seconds(), of)
	r.add("rotate.failed", "requests", float64(failed), of)
	r.add("rotate.heap", "MiB", float64(most)/(1<<20), of)
	return nil
}

// watchHeap looks at the heap every 50 ms; the function it returns stops and
// gives the most.
func watchHeap() func() uint64 {
	var most atomic.Uint64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(stop); <-ended; return most.Load() }
}

// traffic keeps four kinds of requests going: pages of a pupil, sign-ins, searches
// by a whole number and numbers that are opened. The function it returns stops
// them and counts.
func (r *run) traffic(c class, token string) func() (done, failed int64) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var done, failed atomic.Int64
	busy := func(step func() error) {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := step(); err != nil {
					failed.Add(1)
					r.say("  failed: %v", err)
				}
				done.Add(1)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	system := r.app.System("bench")
	value := func() (string, id.Person, error) {
		who := c.pupils[rand.IntN(len(c.pupils))]
		number, err := r.app.People.Unseal(r.ctx, system, who, person.FieldIDNo)
		return number, who, err
	}
	clerk := r.app.Operator("bench")
	busy(func() error { return r.ask(http.MethodGet, "/home", "", token) })
	busy(func() error {
		return r.ask(http.MethodPost, "/signin", url.Values{"login": {"benchrotate"}, "password": {password}}.Encode(), "")
	})
	busy(func() error { _, _, err := value(); return err })
	busy(func() error {
		number, who, err := value()
		if err != nil {
			return err
		}
		key := person.IDValue("1", number)
		found, err := r.app.People.Lookup(r.ctx, clerk, person.ByIDNumber, []string{key})
		if err == nil && found[key].ID != who {
			err = fmt.Errorf("a person is not found by his number")
		}
		return err
	})
	return func() (int64, int64) { close(stop); wg.Wait(); return done.Load(), failed.Load() }
}

// ask sends one request to the handler.
func (r *run) ask(method, path, body, token string) error {
	req := httptest.NewRequestWithContext(r.ctx, method, r.app.Config.Base()+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.AddCookie(&http.Cookie{Name: "ls", Value: token})
	}
	w := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(w, req)
	if w.Code >= 400 {
		return fmt.Errorf("%s %s answers %d", method, path, w.Code)
	}
	return nil
}
