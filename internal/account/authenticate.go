package account

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// gate remembers the last use of sessions until it is written, outside of
// requests.
type gate struct {
	mu   sync.Mutex
	seen map[id.Session]time.Time // last use that is newer than the stored one
	due  map[id.Session]bool      // of those, not written yet
}

func newGate() *gate { return &gate{seen: map[id.Session]time.Time{}, due: map[id.Session]bool{}} }

// errNoSession is any token that opens nothing; of kind fault.ErrNotFound.
var errNoSession = fault.New(fault.ErrNotFound, "account.session.missing")

// Authenticate returns who the token's session acts as today: account, active
// role and every role held. Roles are loaded anew for each request, so the next
// request after a change answers by the new rights; an active role that is no
// longer held falls back to another one. fault.ErrNotFound for a token without
// a live session and for a person who may no longer come in; an error with a
// method StepUp where the second factor is missing that he needs by now.
//
// It is the one method that makes an actor instead of taking one.
func (s *Service) Authenticate(ctx context.Context, token string) (access.Actor, Session, error) {
	if len(token) < 40 || len(token) > 64 {
		return access.Actor{}, Session{}, errNoSession
	}
	ses, p, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	now := s.clk.Now()
	if ok {
		ses.SeenAt = s.gate.lastUse(ses)
	}
	if !ok || !ses.live(now) {
		return access.Actor{}, Session{}, errNoSession
	}
	who, status, err := s.actorOf(ctx, p, ses.Account, ses.Role)
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	if !mayEnter(status) {
		return access.Actor{}, Session{}, errNoSession
	}
	if ses.FactorAt.IsZero() && !s.factorOff && NeedsFactor(who) {
		return access.Actor{}, ses, errStepUp{}
	}
	s.gate.note(ses, now)
	who.Shared = ses.Shared
	if ses.View != 0 {
		who, err = s.viewed(ctx, who, ses)
	}
	return who, ses, err
}

// errStepUp is a session whose holder needs a second factor and has not shown
// one in it: he was given a role since. It opens nothing but the way there. It
// is of kind fault.ErrForbidden.
type errStepUp struct{}

func (errStepUp) Error() string { return "session without the second factor that its holder needs" }
func (errStepUp) Unwrap() error { return fault.ErrForbidden }

// StepUp marks the error for the web server, see web.Sessions.
func (errStepUp) StepUp() {}

// lastUse is the newer of the stored and the noted last use.
func (g *gate) lastUse(ses Session) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := g.seen[ses.ID]; at.After(ses.SeenAt) {
		return at
	}
	return ses.SeenAt
}

// touchEvery is how often the last use of a session is written at most.
const touchEvery = time.Minute

// note remembers the use; it becomes due for writing once a minute has passed.
func (g *gate) note(ses Session, now time.Time) {
	if now.Sub(ses.SeenAt) < touchEvery {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[ses.ID], g.due[ses.ID] = now, true
}

// take hands out what is due.
func (g *gate) take() map[id.Session]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	batch := make(map[id.Session]time.Time, len(g.due))
	for ses := range g.due {
		batch[ses] = g.seen[ses]
	}
	clear(g.due)
	return batch
}

// forget drops what was written: the table has it now.
func (g *gate) forget(part []id.Session, batch map[id.Session]time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ses := range part {
		if g.seen[ses].Equal(batch[ses]) {
			delete(g.seen, ses)
		}
	}
}

// Flush writes the last uses of sessions that are due, in small transactions.
func (s *Service) Flush(ctx context.Context, by access.Actor) error {
	batch := s.gate.take()
	all := slices.Sorted(maps.Keys(batch))
	for part := range slices.Chunk(all, 200) {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, ses := range part {
				if err := s.store.touch(ctx, tx, ses, batch[ses]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.gate.forget(part, batch)
	}
	return nil
}

// Run flushes every few seconds until ctx ends, and once more then.
func (s *Service) Run(ctx context.Context, by access.Actor) error {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.Flush(last, by)
		case <-tick.C:
			if err := s.Flush(ctx, by); err != nil && ctx.Err() == nil {
				slog.Error("note last use of sessions", "error", err)
			}
		}
	}
}

// today is the day by the service's clock.
func (s *Service) today() clock.Day { return clock.DayOf(s.clk.Now()) }
