package custody

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

const requestColumns = "r.id, r.kind, r.node, r.unit, r.fields, r.purpose, r.days, r.state, r.glass, r.expected, r.records," +
	" r.requested_by, r.requested_role, r.requested_at, r.decided_by, r.decided_role, r.decided_at, r.decided_note, r.made_at, r.expires_at"

type scanner interface{ Scan(dest ...any) error }

func scanRequest(row scanner) (Request, error) {
	var r Request
	var fields string
	var glass int
	var asked, decided, made, expires int64
	err := row.Scan(&r.ID, &r.Kind, &r.Node, &r.Unit, &fields, &r.Purpose, &r.Days, &r.State, &glass, &r.Expected, &r.Records,
		&r.RequestedBy, &r.RequestedRole, &asked, &r.DecidedBy, &r.DecidedRole, &decided, &r.DecidedNote, &made, &expires)
	r.Fields, r.Glass = strings.Split(fields, ","), glass == 1
	r.Requested, r.Decided = clock.FromMillis(asked), clock.FromMillis(decided)
	r.MadeAt, r.Expires = clock.FromMillis(made), clock.FromMillis(expires)
	return r, err
}

// visible is the condition that a request is the actor's own or lies where he
// may approve; the command line sees all.
func visible(by access.Actor, args *db.Args) string {
	if by.IsOperator() || by.IsSystem() {
		return "1 = 1"
	}
	return "(r.requested_by = " + args.Add(by.Person) + " AND r.requested_by <> 0 OR " + by.Scope(access.ExportApprove).Nodes("r.node", args) + ")"
}

// Get reads a request that is the actor's own or lies where he holds
// export.approve; ErrNotFound for every other.
func (s *Service) Get(ctx context.Context, by access.Actor, request id.Export) (Request, error) {
	var args db.Args
	q := "SELECT " + requestColumns + " FROM cus_request r WHERE r.id = " + args.Add(request) + " AND " + visible(by, &args)
	r, err := scanRequest(s.DB.QueryRow(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Request{}, errMissing()
	}
	if err != nil {
		return Request{}, fmt.Errorf("read request %d: %w", request, err)
	}
	one := []Request{r}
	return one[0], s.nameRequests(ctx, one, &r)
}

// Listing says which requests to list.
type Listing struct {
	Node   id.Node // 0: everywhere
	Open   bool    // only those that wait for a decision
	Ready  bool    // only the actor's own whose file he has not taken yet
	Before id.Export
	Limit  int // 0: 20
}

// List lists requests, the newest first: the actor's own and those where he
// holds export.approve.
func (s *Service) List(ctx context.Context, by access.Actor, list Listing) ([]Request, error) {
	if list.Limit <= 0 {
		list.Limit = 20
	}
	var args db.Args
	q := "SELECT " + requestColumns + " FROM cus_request r WHERE " + visible(by, &args)
	if list.Node != 0 {
		q += " AND r.node = " + args.Add(list.Node)
	}
	if list.Open {
		q += " AND r.state = 'waiting'"
	}
	if list.Ready {
		q += " AND r.state = 'made' AND r.requested_by = " + args.Add(by.Person) + " AND r.expires_at > " + args.Add(s.now().UnixMilli()) +
			" AND NOT EXISTS (SELECT 1 FROM cus_download d WHERE d.request = r.id)"
	}
	if list.Before != 0 {
		q += " AND r.id < " + args.Add(list.Before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY r.id DESC LIMIT "+args.Add(list.Limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, fmt.Errorf("list requests: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	rows.Close()
	return out, s.nameRequests(ctx, out, nil)
}

// nameRequests adds names of nodes and of those who asked and decided, who are
// no pupils. one, if not nil, is filled from the first.
func (s *Service) nameRequests(ctx context.Context, all []Request, one *Request) error {
	nodes := make([]id.Node, len(all))
	for i := range all {
		nodes[i] = all[i].Node
	}
	known, err := org.Nodes(ctx, s.DB, nodes)
	if err != nil {
		return err
	}
	names := map[id.Person]string{0: ""}
	for i := range all {
		for _, who := range []id.Person{all[i].RequestedBy, all[i].DecidedBy} {
			if err := s.name(ctx, names, who); err != nil {
				return err
			}
		}
		n := known[all[i].Node]
		all[i].NodeName = n.Name
		if n.Kind == org.KindClass {
			all[i].NodeName = n.Label(s.today())
		}
		all[i].RequestedName, all[i].DecidedName = names[all[i].RequestedBy], names[all[i].DecidedBy]
	}
	if one != nil {
		*one = all[0]
	}
	return nil
}

// Download is one taking of a file.
type Download struct {
	By     id.Person // 0: the command line
	ByName string
	Role   access.Role
	At     time.Time
	// Network is the beginning of the keyed hash of the network, to compare.
	Network string
}

// Downloads lists who took the file of a request, the newest first, at most 100.
// The same rule as for Get.
func (s *Service) Downloads(ctx context.Context, by access.Actor, request id.Export) ([]Download, error) {
	if _, err := s.Get(ctx, by, request); err != nil {
		return nil, err
	}
	rows, err := s.DB.Query(ctx, "SELECT person, role, network, at FROM cus_download WHERE request = $1 ORDER BY id DESC LIMIT 100", request)
	if err != nil {
		return nil, fmt.Errorf("list downloads: %w", err)
	}
	defer rows.Close()
	var out []Download
	for rows.Next() {
		var d Download
		var at int64
		var network []byte
		if err := rows.Scan(&d.By, &d.Role, &network, &at); err != nil {
			return nil, fmt.Errorf("list downloads: %w", err)
		}
		d.At, d.Network = clock.FromMillis(at), fmt.Sprintf("%x", network)
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list downloads: %w", err)
	}
	rows.Close()
	names := map[id.Person]string{0: ""}
	for i := range out {
		if err := s.name(ctx, names, out[i].By); err != nil {
			return nil, err
		}
		out[i].ByName = names[out[i].By]
	}
	return out, nil
}

// name adds a name to those that are known; somebody who is gone has none.
func (s *Service) name(ctx context.Context, known map[id.Person]string, who id.Person) error {
	if _, have := known[who]; have {
		return nil
	}
	p, err := person.Load(ctx, s.DB, who)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	known[who] = p.Name
	return nil
}
