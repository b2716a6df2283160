package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// stage is the province while its history is played: the product, its clock,
// and who plays.
type stage struct {
	ctx   context.Context
	app   *app.App
	clk   *clock.Manual
	full  *account.Service // hashes printed passwords at full cost
	ahead *ahead
	extra *rand.Rand // names of those who only show a role
	r     *rand.Rand
	world *world
	nodes map[string]id.Node // by code

	officers map[string]id.Person // by role and node code
	accounts []Account
	printed  map[id.Person]printed
	wide     bool
	here     map[id.Person]bool
	left     map[string]int // classes of a school whose accounts are printed
	logins   int
	script   []scene
}

// scene is one thing that happens at a time.
type scene struct {
	at    time.Time
	name  string
	small bool // it may share a transaction with those before and after it
	play  func() error
}

// later puts a scene on the script.
func (s *stage) later(at time.Time, name string, play func() error) {
	s.script = append(s.script, scene{at: at, name: name, play: play})
}

// small is later for what one person does in a few writes.
func (s *stage) small(at time.Time, name string, play func() error) {
	s.script = append(s.script, scene{at: at, name: name, play: play, small: true})
}

// run plays the script in order of time; scenes may add later ones.
func (s *stage) run() error {
	for len(s.script) > 0 {
		slices.SortStableFunc(s.script, func(a, b scene) int { return a.at.Compare(b.at) })
		todo := s.script
		s.script = nil
		for len(todo) > 0 && len(s.script) == 0 {
			n, err := s.playNext(todo)
			if err != nil {
				return err
			}
			todo = todo[n:]
		}
		s.script = append(s.script, todo...) // new scenes are sorted in with the rest
	}
	return nil
}

// together is how many small scenes share a transaction at most.
const together = 100

// playNext plays the first scene, or, in one transaction, the small ones that
// stand first, and returns how many it played. It stops behind a scene that
// adds others. The embedded engine runs the closure once.
func (s *stage) playNext(todo []scene) (n int, err error) {
	if !todo[0].small {
		return 1, s.playOne(todo[0])
	}
	before := s.ctx
	defer func() { s.ctx = before }()
	err = s.app.DB.Tx(before, func(ctx context.Context, _ *db.Tx) error {
		s.ctx = ctx
		for n < min(len(todo), together) && todo[n].small && len(s.script) == 0 {
			if err := s.playOne(todo[n]); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (s *stage) playOne(sc scene) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if sc.at.After(s.clk.Now()) {
		s.clk.Set(sc.at)
	}
	if err := sc.play(); err != nil {
		return fmt.Errorf("%s on %s: %w", sc.name, sc.at.Format(time.DateTime), err)
	}
	return nil
}

// at is a moment of 2019 by the product's clock.
func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2019, month, day, hour, minute, 0, 0, clock.Zone)
}

// sometime is a moment in school hours between two days, drawn by the seed.
func (s *stage) sometime(from, to time.Time) time.Time {
	days := int(to.Sub(from).Hours()/24) + 1
	day := from.AddDate(0, 0, s.r.IntN(max(1, days)))
	return time.Date(day.Year(), day.Month(), day.Day(), 8+s.r.IntN(9), s.r.IntN(60), s.r.IntN(60), 0, clock.Zone)
}

// operator is the command line.
func (s *stage) operator() access.Actor { return s.app.Operator("demo") }

// actor is a person in a role, with the rights of the moment.
func (s *stage) actor(who id.Person, role access.Role) (access.Actor, error) {
	return s.app.Accounts.ActorOf(s.ctx, s.app.System("demo"), who, role)
}

// officer makes an office worker with a role and lets him come in; where
// accounts are shown his is printed.
func (s *stage) officer(name, code string, role access.Role) (id.Person, error) {
	return s.worker(name, code, role, code == codes.Province || s.shown(code))
}

func (s *stage) worker(name, code string, role access.Role, shown bool) (id.Person, error) {
	by, node := s.operator(), s.nodes[code]
	who, err := s.app.MakeOfficer(s.ctx, by, node, name)
	if err != nil {
		return 0, err
	}
	if _, err := s.app.Org.Grant(s.ctx, by, org.GrantRequest{Person: who, Node: node, Role: role}); err != nil {
		return 0, fmt.Errorf("grant %s at %s: %w", role, code, err)
	}
	s.officers[string(role)+"@"+code] = who
	if shown {
		s.print(who, role, code)
	}
	return who, s.comeIn(who, account.Guardian{})
}

// comeIn activates a person by a slip, with a password that nobody knows.
func (s *stage) comeIn(who id.Person, g account.Guardian) error {
	slip, err := s.app.Accounts.IssueCode(s.ctx, s.operator(), who)
	if err != nil {
		return fmt.Errorf("issue a code: %w", err)
	}
	return s.useSlip(slip, g)
}

// comeInOnce lets somebody come in who has not yet.
func (s *stage) comeInOnce(who id.Person) error {
	if s.here[who] {
		return nil
	}
	return s.comeIn(who, account.Guardian{})
}

// useSlip activates with a slip that is there.
func (s *stage) useSlip(slip account.Slip, g account.Guardian) error {
	s.here[slip.Person] = true
	if p, ok := s.printed[slip.Person]; ok {
		return s.comeInPrinted(slip, g, p)
	}
	s.logins++
	_, err := s.app.Accounts.Activate(s.ctx, access.Anonymous(), account.Activation{Code: slip.Code, Guardian: g,
		Login: fmt.Sprintf("demo%06d", s.logins), Password: fmt.Sprintf("Nobody-%08x%08x", s.r.Uint32(), s.r.Uint32()),
		Network: fmt.Sprintf("192.0.2.%d", s.logins%250), Device: "demo"})
	return err
}

// confirm confirms a school's profile or a class list, which opens its space.
func confirm(s *stage, by access.Actor, node id.Node) error {
	_, err := s.app.Spaces.Confirm(s.ctx, by, node)
	return err
}
