package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Preset is a password policy as a whole.
type Preset string

const (
	// Modern asks for length and against the passwords that everybody tries
	// first, for no mixture and no regular change (NIST SP 800-63B-4 3.1.1.2).
	Modern Preset = "modern"
	// Dengbao is GB/T 22239-2019 8.1.4.1 as it is assessed at level three:
	// three of four kinds of characters, none of the last five passwords,
	// administrators change theirs every 90 days.
	Dengbao Preset = "dengbao"
)

// Presets lists the policies.
func Presets() []Preset { return []Preset{Modern, Dengbao} }

const (
	// PasswordLife is how long an administrator's password lives under Dengbao.
	PasswordLife = 90 * 24 * time.Hour
	// remembered is how many earlier passwords are kept and, under Dengbao, not
	// taken again.
	remembered = 5
)

// Policy is the password policy in force.
type Policy struct {
	Preset    Preset
	ChangedAt time.Time // zero: never
	ChangedBy id.Person
	Version   int64
}

// Policy returns the password policy; everybody may know it.
func (s *Service) Policy(ctx context.Context, by access.Actor) (Policy, error) {
	return s.store.policy(ctx)
}

// SetPolicy chooses the password policy. It holds from the next password on;
// the 90 days of administrators begin when it is set. version is the one that
// was shown. Errors: fault.ErrForbidden, fault.ErrInvalid, fault.ErrStale.
func (s *Service) SetPolicy(ctx context.Context, by access.Actor, preset Preset, version int64) error {
	if !by.Scope(access.PolicySet).All() {
		return errForbidden
	}
	if !slices.Contains(Presets(), preset) {
		return fault.Invalid(fault.At("preset", "account.policy.choose"))
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		set, err := s.store.setPolicy(ctx, tx, Policy{preset, s.clk.Now(), by.Person, version})
		if err != nil {
			return err
		}
		if !set {
			return fault.New(fault.ErrStale, "error.stale")
		}
		return s.note(ctx, tx, by, "policy.set", "policy", 1, by.Home(), detail("preset", preset))
	})
}

// managing are the roles whose passwords grow old under [Dengbao].
var managing = []access.Role{access.School, access.County, access.Prefecture, access.Province,
	access.OperatorRole, access.SysAdmin, access.SecAdmin, access.AuditAdmin}

// mustChange reports whether a password is too old to come in with.
func (p Policy) mustChange(who access.Actor, changed, now time.Time) bool {
	if p.Preset != Dengbao || !slices.ContainsFunc(who.Places, func(at access.Place) bool { return slices.Contains(managing, at.Role) }) {
		return false
	}
	from := changed
	if p.ChangedAt.After(from) {
		from = p.ChangedAt
	}
	return now.Sub(from) > PasswordLife
}

// judge applies the policy to a new password of somebody: a complaint about the
// field password, or nil. account is 0 for whoever has none yet.
func (s *Service) judge(ctx context.Context, who access.Actor, account Account, login, password string) (*fault.Field, error) {
	p, err := s.store.policy(ctx)
	if err != nil {
		return nil, err
	}
	if f := checkPassword(p.Preset, NeedsFactor(who), password, login, who.Name); f != nil {
		return f, nil
	}
	if p.Preset != Dengbao || account.ID == 0 {
		return nil, nil
	}
	old, err := s.store.oldPasswords(ctx, account.ID, remembered)
	if err != nil {
		return nil, err
	}
	for _, hash := range append(old, account.hash) {
		if hash == "" {
			continue
		}
		same, err := s.hasher.Verify(ctx, hash, normalPassword(password))
		if err != nil {
			return nil, err
		}
		if same {
			f := fault.At("password", "account.password.again", remembered)
			return &f, nil
		}
	}
	return nil, nil
}

// judgeNew applies the password policy to whoever activates.
func (s *Service) judgeNew(ctx context.Context, o Opening, login, password string) (*fault.Field, error) {
	places, err := s.places(ctx, o.Person)
	if err != nil {
		return nil, err
	}
	a, _, err := s.store.accountByPerson(ctx, o.Person)
	if err != nil {
		return nil, err
	}
	return s.judge(ctx, access.Actor{Person: o.Person, Name: o.Name, Places: places}, a, login, password)
}

func (s store) policy(ctx context.Context) (Policy, error) {
	var p Policy
	var changed int64
	err := s.db.QueryRow(ctx, `SELECT preset, changed_at, changed_by, version FROM acc_policy WHERE id = 1`).
		Scan(&p.Preset, &changed, &p.ChangedBy, &p.Version)
	if err != nil {
		return Policy{}, fmt.Errorf("read password policy: %w", err)
	}
	p.ChangedAt = clock.FromMillis(changed)
	return p, nil
}

func (s store) setPolicy(ctx context.Context, tx *db.Tx, p Policy) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_policy SET preset = $1, changed_at = $2, changed_by = $3, version = version + 1
		WHERE id = 1 AND version = $4`, string(p.Preset), clock.Millis(p.ChangedAt), p.ChangedBy, p.Version)
	if err != nil {
		return false, fmt.Errorf("set password policy: %w", err)
	}
	return n == 1, nil
}

// rememberPassword keeps the hash that an account has now, before another one
// takes its place, and forgets those that are too old to matter.
func (s store) rememberPassword(ctx context.Context, tx *db.Tx, row int64, account id.Account, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO acc_password_old (id, account, password_hash, at)
		SELECT CAST($1 AS BIGINT), id, password_hash, CAST($2 AS BIGINT) FROM acc_account WHERE id = $3 AND password_hash <> ''`, row, clock.Millis(now), account)
	if err != nil {
		return fmt.Errorf("remember password of account %d: %w", account, err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM acc_password_old WHERE account = $1 AND id NOT IN
		(SELECT id FROM acc_password_old WHERE account = $2 ORDER BY at DESC, id DESC LIMIT $3)`, account, account, remembered)
	if err != nil {
		return fmt.Errorf("forget passwords of account %d: %w", account, err)
	}
	return nil
}

func (s store) oldPasswords(ctx context.Context, account id.Account, limit int) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT password_hash FROM acc_password_old WHERE account = $1 ORDER BY at DESC, id DESC LIMIT $2`, account, limit)
	if err != nil {
		return nil, fmt.Errorf("read passwords of account %d: %w", account, err)
	}
	return collect(rows, func(r row) (hash string, err error) { return hash, r.Scan(&hash) })
}
