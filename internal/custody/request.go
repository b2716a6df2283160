package custody

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Kind says which data a file holds.
type Kind string

// The kinds of file.
const (
	ClassList Kind = "class_list" // names of pupils
	Contacts  Kind = "contacts"   // pupils with guardians and their telephones
	Roster    Kind = "roster"     // what the school's roster knows of pupils
	Staff     Kind = "staff"      // staff with posts and telephones
)

// Kinds lists the kinds that the actor may ask for somewhere, in the order of
// the form.
func Kinds(by access.Actor) []Kind {
	if by.Can(access.PupilProfile) {
		return []Kind{ClassList, Contacts, Roster, Staff}
	}
	return []Kind{Staff}
}

// The fields of files.
var fields = map[Kind][]string{
	ClassList: {"class", "name", "sex"},
	Contacts:  {"class", "name", "guardian", "relation", "guardian_phone"},
	Roster:    {"class", "name", "sex", "birth", "ethnic", "student_no", "id_no", "boarding", "guardian", "relation", "guardian_phone"},
	Staff:     {"unit", "name", "sex", "post", "subject", "phone"},
}

// Fields lists what a file of the kind may hold. The name is always in it.
func (k Kind) Fields() []string { return slices.Clone(fields[k]) }

// roles are the roles at a place whose holders stand in a file of the kind.
func (k Kind) roles() []string {
	if k == Staff {
		return []string{person.RoleTeacher, person.RoleClassTeacher, person.RoleOfficer}
	}
	return []string{person.RolePupil}
}

// State is how far a request has come.
type State string

// The states of a request.
const (
	Waiting   State = "waiting"
	Approved  State = "approved" // the file is being made
	Made      State = "made"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
	Expired   State = "expired" // the file is erased
	Failed    State = "failed"  // the file could not be made
)

// Request asks to take persons' data out in a file.
type Request struct {
	ID            id.Export
	Kind          Kind
	Node, Unit    id.Node
	NodeName      string
	Fields        []string
	Purpose       string
	Days          int // how long the file can be taken
	State         State
	Glass         bool // two key holders broke the glass at the command line
	Expected      int  // persons when it was asked for
	Records       int  // persons in the file
	RequestedBy   id.Person
	RequestedName string
	RequestedRole access.Role
	Requested     time.Time
	DecidedBy     id.Person
	DecidedName   string
	DecidedRole   access.Role
	Decided       time.Time
	DecidedNote   string
	MadeAt        time.Time
	Expires       time.Time
}

// Number is the request's number as it stands in its file.
func (r Request) Number() string { return "E" + r.ID.String() }

// The limits of a request: days in which the file can be taken, and characters
// of the purpose.
const (
	StandardDays = 7
	MaxDays      = 30
	minPurpose   = 8
	maxPurpose   = 300
)

// Asking is a new request. Key makes it repeatable.
type Asking struct {
	Node    id.Node
	Kind    Kind
	Fields  []string // of the kind; nil: all
	Purpose string
	Days    int // 0: StandardDays
	Key     string
}

// Ask asks for a file. The actor needs export.request at the node, for pupils'
// data pupil.profile too. Somebody else must approve. ErrInvalid names the
// fields; a request for more persons than one may take out in a day is refused.
func (s *Service) Ask(ctx context.Context, by access.Actor, ask Asking) (Request, error) {
	n, err := s.askable(ctx, by, ask.Node)
	if err != nil {
		return Request{}, err
	}
	if err := ask.check(by, n); err != nil {
		return Request{}, err
	}
	expected, err := s.People.CountLines(ctx, by, n.Path, ask.Kind.roles())
	if err != nil {
		return Request{}, err
	}
	limit, err := s.limit(ctx, s.DB, RowsDay)
	if err != nil {
		return Request{}, err
	}
	switch {
	case expected == 0:
		return Request{}, fault.Invalid(fault.At("kind", "custody.request.nobody"))
	case int64(expected) > limit:
		return Request{}, fault.Invalid(fault.At("node", "custody.request.many", expected, limit))
	}
	var out id.Export
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = id.Next[id.Export](s.IDs)
		inserted, err := tx.Exec(ctx, "INSERT INTO cus_request (id, kind, node, unit, fields, purpose, days, state, expected, requested_by, requested_role, requested_at, request_key)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10, $11, $12) ON CONFLICT (requested_by, request_key) DO NOTHING",
			out, string(ask.Kind), n.ID, n.Unit, strings.Join(ask.Fields, ","), ask.Purpose, ask.Days, expected,
			by.Person, string(by.Role), s.now().UnixMilli(), keyOrNone(ask.Key))
		if err != nil {
			return err
		}
		if inserted == 0 {
			return tx.QueryRow(ctx, "SELECT id FROM cus_request WHERE requested_by = $1 AND request_key = $2", by.Person, ask.Key).Scan(&out)
		}
		return s.record(ctx, tx, by, "export.requested", "export", int64(out), n.ID, fmt.Sprintf(`{"kind":%q,"expected":%d}`, ask.Kind, expected))
	})
	if err != nil {
		return Request{}, fmt.Errorf("ask for a file: %w", err)
	}
	return s.Get(ctx, by, out)
}

func keyOrNone(key string) any {
	if key == "" {
		return nil
	}
	return key
}

// askable reads the node of a request.
func (s *Service) askable(ctx context.Context, by access.Actor, node id.Node) (org.Node, error) {
	nodes, err := org.Nodes(ctx, s.DB, []id.Node{node})
	if err != nil {
		return org.Node{}, err
	}
	n, ok := nodes[node]
	if !ok || !by.IsPerson() || !by.Allows(access.ExportRequest, n.Path) {
		return org.Node{}, errMissing()
	}
	return n, nil
}

// check validates a request and completes it.
func (ask *Asking) check(by access.Actor, n org.Node) error {
	var errs []fault.Field
	if !slices.Contains(Kinds(by), ask.Kind) {
		return fault.Invalid(fault.At("kind", "custody.request.kind"))
	}
	if ask.Kind != Staff && (!n.IsSchool() && n.Kind != org.KindClass || !by.Allows(access.PupilProfile, n.Path)) {
		errs = append(errs, fault.At("node", "custody.request.node"))
	}
	allowed := ask.Kind.Fields()
	if len(ask.Fields) == 0 {
		ask.Fields = allowed
	}
	ask.Fields = slices.DeleteFunc(allowed, func(f string) bool { return f != "name" && !slices.Contains(ask.Fields, f) })
	ask.Purpose = strings.TrimSpace(ask.Purpose)
	if l := utf8.RuneCountInString(ask.Purpose); l < minPurpose || l > maxPurpose {
		errs = append(errs, fault.At("purpose", "custody.request.purpose", minPurpose, maxPurpose))
	}
	if ask.Days == 0 {
		ask.Days = StandardDays
	}
	if ask.Days < 1 || ask.Days > MaxDays {
		errs = append(errs, fault.At("days", "custody.request.days", MaxDays))
	}
	if len(ask.Key) > 64 || strings.ContainsRune(ask.Key, 0) {
		ask.Key = ""
	}
	if len(errs) > 0 {
		return fault.Invalid(errs...)
	}
	return nil
}

// freshTime is how long a role that a person has given, and a way in that another
// person has renewed, do not count: both could be one hand's, and those concerned
// shall have seen it.
const freshTime = 24 * time.Hour

// Approve agrees to a request: the file is made by a job. The actor needs
// export.approve over the node by a grant that holds at this moment, which is
// asked inside the transaction; he is never the requester, who must still hold
// his right too. A role that a person has given either of them within the last 24
// hours does not count, nor one that they have lent each other, nor somebody
// whose way in another person has renewed in that time.
func (s *Service) Approve(ctx context.Context, by access.Actor, request id.Export, note string) error {
	return s.decide(ctx, by, request, Approved, note, func(ctx context.Context, tx *db.Tx, r Request, path string) error {
		if err := s.stands(ctx, by.Person, r.RequestedBy, path, access.ExportApprove, by.Role); err != nil {
			return err
		}
		err := s.stands(ctx, r.RequestedBy, by.Person, path, access.ExportRequest, r.RequestedRole)
		if errors.Is(err, errLost) {
			return fault.New(fault.ErrConflict, "custody.request.requester_left")
		}
		if err != nil {
			return err
		}
		for _, who := range []id.Person{by.Person, r.RequestedBy} {
			if err := s.settled(ctx, who); err != nil {
				return err
			}
		}
		_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobMake, Key: r.ID.String(), Payload: r.ID.String()})
		return err
	})
}

// Refuse says no to a request, with the reason. The same rule as for Approve.
func (s *Service) Refuse(ctx context.Context, by access.Actor, request id.Export, note string) error {
	if strings.TrimSpace(note) == "" {
		return fault.Invalid(fault.At("note", "custody.request.reason"))
	}
	return s.decide(ctx, by, request, Refused, note, func(ctx context.Context, _ *db.Tx, r Request, path string) error {
		return s.stands(ctx, by.Person, 0, path, access.ExportApprove, by.Role)
	})
}

// decide takes the request's row first, so that of two deciders one comes too
// late.
func (s *Service) decide(ctx context.Context, by access.Actor, request id.Export, to State, note string,
	check func(context.Context, *db.Tx, Request, string) error) error {
	r, err := s.Get(ctx, by, request)
	if err != nil {
		return err
	}
	path, err := s.pathOf(ctx, r.Node)
	if err != nil {
		return err
	}
	if !by.IsPerson() || !by.Allows(access.ExportApprove, path) {
		return errForbidden()
	}
	if r.RequestedBy == by.Person {
		return fault.New(fault.ErrForbidden, "custody.request.own")
	}
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > maxNote {
		return fault.Invalid(fault.At("note", "custody.note.long", maxNote))
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE cus_request SET state = $1, decided_by = $2, decided_role = $3, decided_at = $4, decided_note = $5, version = version + 1"+
			" WHERE id = $6 AND state = 'waiting'", string(to), by.Person, string(by.Role), s.now().UnixMilli(), note, request)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.ErrConflict, "custody.request.decided")
		}
		path, err := org.Path(ctx, tx, r.Node)
		if err != nil {
			return err
		}
		if err := check(ctx, tx, r, path); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "export."+string(to), "export", int64(request), r.Node, "")
	})
	if err != nil {
		return fmt.Errorf("decide request %d: %w", request, err)
	}
	return nil
}

// errLost is for whoever does not hold the right at this moment.
var errLost = fault.New(fault.ErrForbidden, "custody.request.no_right")

// stands asks whether a person holds p in the role over the path at this moment,
// by a grant. Where notBy is somebody, one that he has lent does not count, nor
// one that any person has given within the last day.
func (s *Service) stands(ctx context.Context, who, notBy id.Person, path string, p access.Permission, role access.Role) error {
	grants, err := s.Org.GrantsOf(ctx, s.System, who)
	if err != nil {
		return err
	}
	recent := false
	for _, g := range grants {
		if g.Role != role || !access.Has(role, p) || !access.Covers(g.Path, path) {
			continue
		}
		if notBy != 0 && (g.LentBy == notBy || g.GivenBy != 0 && g.Given.After(s.now().Add(-freshTime))) {
			recent = true
			continue
		}
		return nil
	}
	if recent {
		return fault.New(fault.ErrForbidden, "custody.request.recent")
	}
	return errLost
}

// settled refuses whoever may have come in as somebody else: another person has
// made him a slip or reset his factor within the last day.
func (s *Service) settled(ctx context.Context, who id.Person) error {
	if s.Renewed == nil {
		return nil
	}
	renewed, err := s.Renewed(ctx, who, s.now().Add(-freshTime))
	if err == nil && renewed {
		return fault.New(fault.ErrForbidden, "custody.request.renewed")
	}
	return err
}

// Withdraw takes a request back that nobody has decided. Only the requester may;
// a second time changes nothing.
func (s *Service) Withdraw(ctx context.Context, by access.Actor, request id.Export) error {
	r, err := s.Get(ctx, by, request)
	if err != nil {
		return err
	}
	if r.RequestedBy != by.Person {
		return errForbidden()
	}
	if r.State == Withdrawn {
		return nil
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE cus_request SET state = 'withdrawn', version = version + 1 WHERE id = $1 AND state = 'waiting'", request)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.ErrConflict, "custody.request.decided")
		}
		return s.record(ctx, tx, by, "export.withdrawn", "export", int64(request), r.Node, "")
	})
	if err != nil {
		return fmt.Errorf("withdraw request %d: %w", request, err)
	}
	return nil
}
