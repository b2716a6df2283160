package custody

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// holderRoles are the roles whose holders may be given a key to break the glass.
var holderRoles = []access.Role{access.Province, access.OperatorRole, access.SysAdmin, access.SecAdmin, access.AuditAdmin}

// keyDelay is how long a new key of a holder does not work: long enough for the
// security administrator to see that it was given.
const keyDelay = 24 * time.Hour

// maxGlass bounds the persons of one file that is taken by breaking the glass.
const maxGlass = 20_000

// minReason is how many characters the reason for it needs.
const minReason = 10

// Enrol gives a person a key to break the glass and returns it: it is shown once
// and kept as a hash. It works after 24 hours; the security administrator sees
// it at once. A new key ends the one before. Only the command line may, for a
// holder of province, operator, sysadmin, secadmin or auditadmin.
func (s *Service) Enrol(ctx context.Context, by access.Actor, who id.Person) (key string, from time.Time, err error) {
	if !by.IsOperator() {
		return "", from, errForbidden()
	}
	if err := s.holds(ctx, who); err != nil {
		return "", from, err
	}
	key, from = rand.Text(), s.now().Add(keyDelay)
	hash := sha256.Sum256([]byte(key))
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO cus_keyholder (person, key_hash, made_at, from_at) VALUES ($1, $2, $3, $4)"+
			" ON CONFLICT (person) DO UPDATE SET key_hash = excluded.key_hash, made_at = excluded.made_at, from_at = excluded.from_at, ended_at = 0",
			who, hash[:], s.now().UnixMilli(), from.UnixMilli())
		if err != nil {
			return err
		}
		if err := s.raise(ctx, tx, Alarm{Kind: AlarmKeyHolder, Person: who, Role: by.Role, slot: s.now().UnixMilli()}); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "glass.enrolled", "person", who.Int(), 0, "")
	})
	if err != nil {
		return "", from, fmt.Errorf("enrol person %d: %w", who, err)
	}
	return key, from, nil
}

// holds asks whether a person may hold a key today.
func (s *Service) holds(ctx context.Context, who id.Person) error {
	grants, err := s.Org.GrantsOf(ctx, s.System, who)
	if err != nil {
		return err
	}
	for _, g := range grants {
		for _, r := range holderRoles {
			if g.Role == r {
				return nil
			}
		}
	}
	return fault.New(fault.ErrForbidden, "custody.glass.role")
}

// holder finds whose key it is; a wrong key, one that does not work yet and one
// of somebody without the role are answered alike.
func (s *Service) holder(ctx context.Context, key string) (id.Person, error) {
	wrong := fault.New(fault.ErrForbidden, "custody.glass.key")
	hash := sha256.Sum256([]byte(strings.TrimSpace(key)))
	var who id.Person
	err := s.DB.QueryRow(ctx, "SELECT person FROM cus_keyholder WHERE key_hash = $1 AND from_at <= $2 AND ended_at = 0", hash[:], s.now().UnixMilli()).Scan(&who)
	if errors.Is(err, db.ErrNoRows) {
		return 0, wrong
	}
	if err != nil {
		return 0, fmt.Errorf("read a key holder: %w", err)
	}
	if s.holds(ctx, who) != nil {
		return 0, wrong
	}
	return who, nil
}

// Breaking asks to take the pupils of a node out without a request.
type Breaking struct {
	Node   id.Node
	Reason string
	Keys   [2]string // of two holders
}

// Break takes the roster of a node out without request and approval, for the
// case that nobody else can be reached: two holders give their keys. Everything
// is recorded before the file is given: audit row, a look for each person, an
// alarm, and the request on the school's list. Only the command line may.
func (s *Service) Break(ctx context.Context, by access.Actor, ask Breaking) (Request, File, error) {
	if !by.IsOperator() {
		return Request{}, File{}, errForbidden()
	}
	ask.Reason = strings.TrimSpace(ask.Reason)
	if n := utf8.RuneCountInString(ask.Reason); n < minReason || n > maxPurpose {
		return Request{}, File{}, fault.Invalid(fault.At("reason", "custody.glass.reason", minReason, maxPurpose))
	}
	n, err := s.Org.Get(ctx, by, ask.Node)
	if err != nil {
		return Request{}, File{}, err
	}
	first, err := s.holder(ctx, ask.Keys[0])
	if err != nil {
		return Request{}, File{}, err
	}
	second, err := s.holder(ctx, ask.Keys[1])
	if err != nil {
		return Request{}, File{}, err
	}
	if first == second {
		return Request{}, File{}, fault.New(fault.ErrForbidden, "custody.glass.same")
	}
	now := s.now()
	r := Request{ID: id.Next[id.Export](s.IDs), Kind: Roster, Node: n.ID, Unit: n.Unit, NodeName: n.Label(clock.DayOf(now)), Fields: Roster.Fields(),
		Purpose: ask.Reason, Days: 1, RequestedBy: first, RequestedRole: access.OperatorRole, DecidedBy: second}
	for who, name := range map[id.Person]*string{first: &r.RequestedName, second: &r.DecidedName} {
		p, err := person.Load(ctx, s.DB, who)
		if err != nil {
			return Request{}, File{}, err
		}
		*name = p.Name
	}
	file, err := s.file(ctx, r, maxGlass)
	if err != nil {
		return Request{}, File{}, err
	}
	if err := s.noteFile(ctx, access.Actor{Person: first, Role: access.OperatorRole}, r, file.persons); err != nil {
		return Request{}, File{}, err
	}
	if err := s.recordGlass(ctx, by, r, file); err != nil {
		return Request{}, File{}, fmt.Errorf("record the broken glass: %w", err)
	}
	r, err = s.Get(ctx, by, r.ID)
	return r, File{Name: r.Number() + ".xlsx", Data: file.data}, err
}

// recordGlass writes what the broken glass leaves behind, in one transaction.
func (s *Service) recordGlass(ctx context.Context, by access.Actor, r Request, file made) error {
	now := s.now().UnixMilli()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO cus_request (id, kind, node, unit, fields, purpose, days, state, glass, expected, records, requested_by, requested_role,"+
			" requested_at, decided_by, decided_role, decided_at, made_at, expires_at, mark)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, 'expired', 1, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
			r.ID, string(r.Kind), r.Node, r.Unit, strings.Join(r.Fields, ","), r.Purpose, r.Days, len(file.persons), len(file.persons),
			r.RequestedBy, string(r.RequestedRole), now, r.DecidedBy, string(access.OperatorRole), now, now, now, s.Keys.Seal(file.mark))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO cus_download (id, request, person, role, network, at) VALUES ($1, $2, $3, $4, $5, $6)",
			s.IDs.Next(), r.ID, by.Person, string(by.Role), []byte{}, now)
		if err != nil {
			return err
		}
		a := Alarm{Kind: AlarmGlass, Person: r.RequestedBy, Role: by.Role, Node: r.Node, Object: int64(r.ID), slot: int64(r.ID)}
		if err := s.raise(ctx, tx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "glass.broken", "export", int64(r.ID), r.Node,
			fmt.Sprintf(`{"holders":["%d","%d"],"rows":%d}`, r.RequestedBy, r.DecidedBy, len(file.persons)))
	})
}
