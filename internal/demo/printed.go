package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/id"
)

// printed is an account whose password somebody knows: it is printed, hashed
// at full cost, and signs in by a name that says the role.
type printed struct {
	role     access.Role
	login    string
	node     string
	password string
}

// ahead is a hasher that has begun with passwords before they are asked for:
// the cores hash printed passwords while the history is played.
type ahead struct {
	account.Hasher
	made map[string]func() (string, error)
}

// newAhead hashes at full cost, with room for every printed account.
func newAhead() *ahead {
	return &ahead{Hasher: account.NewPool(account.FullCost, 0, 4096), made: map[string]func() (string, error){}}
}

// begin starts to hash a password.
func (a *ahead) begin(ctx context.Context, password string) {
	hash := sync.OnceValues(func() (string, error) { return a.Hasher.Hash(ctx, password) })
	a.made[password] = hash
	go func() { _, _ = hash() }()
}

// Hash waits for a password that was begun, and hashes any other.
func (a *ahead) Hash(ctx context.Context, password string) (string, error) {
	if hash, ok := a.made[password]; ok {
		return hash()
	}
	return a.Hasher.Hash(ctx, password)
}

// print marks a person whose account will be printed.
func (s *stage) print(who id.Person, role access.Role, node string) {
	n := 1
	for _, p := range s.printed {
		if p.role == role {
			n++
		}
	}
	login := strings.ReplaceAll(string(role), "_", "")
	if n > 1 {
		login = fmt.Sprintf("%s%d", login, n)
	}
	p := printed{role, login, node, rand.Text()[:12]}
	s.printed[who] = p
	s.ahead.begin(s.ctx, p.password)
}

// comeInPrinted activates a person with a password that is printed.
func (s *stage) comeInPrinted(slip account.Slip, g account.Guardian, p printed) error {
	_, err := s.full.Activate(s.ctx, access.Anonymous(), account.Activation{Code: slip.Code, Guardian: g, Login: p.login,
		Password: p.password, Network: "192.0.2.1", Device: "demo"})
	if err != nil {
		return fmt.Errorf("activate %s: %w", p.login, err)
	}
	var wards []id.Person
	if p.role == access.Guardian {
		if wards, err = s.app.People.WardsOf(s.ctx, s.operator(), slip.Person); err != nil {
			return err
		}
	}
	s.accounts = append(s.accounts, Account{Wards: wards, Role: string(p.role), Name: slip.Name, Login: p.login, Password: p.password, Home: "/home", Node: p.node})
	return nil
}

// presetFactors gives those printed accounts an authenticator app that need a
// second factor by what they hold in the end; its secret is printed.
func (s *stage) presetFactors() error {
	secrets := map[string]string{}
	for who, p := range s.printed {
		by, err := s.full.ActorOf(s.ctx, s.operator(), who, "")
		if err != nil {
			return fmt.Errorf("factor of %s: %w", p.login, err)
		}
		if !account.NeedsFactor(by) {
			continue
		}
		if secrets[p.login], err = s.full.Preset(s.ctx, s.app.System("demo"), who); err != nil {
			return fmt.Errorf("factor of %s: %w", p.login, err)
		}
	}
	for i := range s.accounts {
		s.accounts[i].TOTPSecret = secrets[s.accounts[i].Login]
	}
	return nil
}

// order sorts the printed accounts as the roles stand in the contract.
func (s *stage) order() {
	roles := access.Roles()
	slices.SortStableFunc(s.accounts, func(a, b Account) int {
		if d := slices.Index(roles, access.Role(a.Role)) - slices.Index(roles, access.Role(b.Role)); d != 0 {
			return d
		}
		return strings.Compare(a.Login, b.Login)
	})
}

// shown reports whether accounts of this county or prefecture are printed.
func (s *stage) shown(code string) bool {
	if s.wide {
		return slices.Contains(widePlaces, code)
	}
	return code == "220102" || code == "220100"
}

// widePlaces are the two prefectures and their two counties that a wide demo
// prints accounts for.
var widePlaces = []string{"220100", "220102", "220104", "220200", "220202", "220203"}

// printSchool reports whether accounts of this school are printed, and of how
// many of its classes.
func (s *stage) printSchool(sc *school) (classes int) {
	switch {
	case s.wide && slices.Contains(s.world.wide, sc.code):
		return 2
	case !s.wide && sc.code == firstPrimary:
		return 1
	}
	return 0
}
