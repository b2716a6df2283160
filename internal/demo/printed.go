package demo

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/id"
)

// printed is an account whose password somebody knows: it is printed, hashed
// at full cost, and signs in by a name that says the role.
type printed struct {
	role  access.Role
	login string
	node  string
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
	s.printed[who] = printed{role, login, node}
}

// comeInPrinted activates a person with a password that is printed.
func (s *stage) comeInPrinted(slip account.Slip, g account.Guardian, p printed) error {
	password := rand.Text()[:12]
	_, err := s.full.Activate(s.ctx, access.Anonymous(), account.Activation{Code: slip.Code, Guardian: g, Login: p.login,
		Password: password, Network: "192.0.2.1", Device: "demo"})
	if err != nil {
		return fmt.Errorf("activate %s: %w", p.login, err)
	}
	var wards []id.Person
	if p.role == access.Guardian {
		if wards, err = s.app.People.WardsOf(s.ctx, s.operator(), slip.Person); err != nil {
			return err
		}
	}
	s.accounts = append(s.accounts, Account{Wards: wards, Role: string(p.role), Name: slip.Name, Login: p.login, Password: password, Home: "/home", Node: p.node})
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
