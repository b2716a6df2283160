package person

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Draft is a person to be made, with his numbers in the open. Node and Unit say
// where he begins: for a pupil class and school, for staff the school twice, for
// a guardian Node is 0 and Unit the school of the ward.
type Draft struct {
	ID         id.Person // 0: given by Prepare
	Name       string
	Sex        int
	Birth      clock.Day
	Ethnic     string
	IDType     string // "" with a number means 1, 居民身份证
	IDNo       string
	StudentNo  string
	Phone      string
	NoIDReason string
	Role       string // pupil, teacher, guardian, officer
	Node       id.Node
	Unit       id.Node
	Subject    string
	Post       string
	From       clock.Day // of the affiliation; 0: today
	Boarding   string
	Enrolled   clock.Day
	Source     string // source platform, "" own
	Batch      id.Batch

	keyless bool // a merged record is known by nothing
}

// Prepared is a Draft with its numbers sealed and hashed, ready to be written.
type Prepared struct {
	Draft
	id, student, phone []byte
	hashes             []hash
}

// hash is one row of person_key to come.
type hash struct {
	kind   KeyKind
	h64    int64
	n      int
	person id.Person
	value  string
	gen    uint64 // of the keys that made h64
}

// Prepare seals and hashes the numbers of many, on all processors and outside
// any transaction, and gives ids where there are none. The open numbers stay in
// the result until it is dropped; they are never written.
func (s *Service) Prepare(ctx context.Context, by access.Actor, all []Draft) ([]Prepared, error) {
	out := make([]Prepared, len(all))
	for i := range all {
		out[i].Draft = all[i]
		if out[i].ID == 0 {
			out[i].ID = id.Next[id.Person](s.ids)
		}
	}
	parallel(len(all), func(i int) { s.prepare(&out[i]) })
	return out, ctx.Err()
}

// parallel runs fn for 0 … n-1 on all processors.
func parallel(n int, fn func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+255)/256)
	if workers <= 1 {
		for i := range n {
			fn(i)
		}
		return
	}
	var wg sync.WaitGroup
	step := (n + workers - 1) / workers
	for from := 0; from < n; from += step {
		wg.Go(func() {
			for i := from; i < min(from+step, n); i++ {
				fn(i)
			}
		})
	}
	wg.Wait()
}

func (s *Service) prepare(p *Prepared) {
	if p.IDNo != "" && p.IDType == "" {
		p.IDType = "1"
	}
	p.id, p.student, p.phone = s.seal(p.IDNo), s.seal(p.StudentNo), s.seal(p.Phone)
	gen := s.keys.Generation()
	for _, k := range keysOf(p.Draft) {
		p.hashes = append(p.hashes, hash{kind: k.kind, h64: s.keys.Hash64(hashNames[k.kind], k.value), person: p.ID, value: k.value, gen: gen})
	}
}

// empty is the stored form of no number.
var empty = []byte{}

func (s *Service) seal(plain string) []byte {
	if plain == "" {
		return empty
	}
	return s.keys.Seal([]byte(plain))
}

func (s *Service) open(sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := s.keys.Open(sealed)
	if err != nil {
		return "", fmt.Errorf("open a sealed number: %w", err)
	}
	return string(plain), nil
}

// InsertMany writes prepared persons with their keys, affiliations, personal
// spaces and the event person.made each, in the transaction of ctx or one of its
// own, which fails when it fails. Where one of them is known already, because
// somebody else made him meanwhile, nothing is written and the error is
// ErrConflict: the caller begins again and looks. The actor needs roster.import at each
// unit, for officers grant.give.
func (s *Service) InsertMany(ctx context.Context, by access.Actor, all []Prepared) error {
	if len(all) == 0 {
		return nil
	}
	if err := s.mayMake(ctx, by, all); err != nil {
		return err
	}
	err := s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.insertPersons(ctx, tx, all); err != nil {
			return err
		}
		if err := s.insertKeys(ctx, all); err != nil {
			return err
		}
		if err := s.insertAffiliations(ctx, tx, s.firstAffiliations(all)); err != nil {
			return err
		}
		if s.Spaces != nil {
			if err := s.Spaces.MakePersonal(ctx, by, all); err != nil {
				return err
			}
		}
		return s.log.Append(ctx, tx, madeEvents(by, all)...)
	})
	if err != nil {
		return fmt.Errorf("make %d persons: %w", len(all), err)
	}
	return nil
}

// mayMake checks the actor at each unit once.
func (s *Service) mayMake(ctx context.Context, by access.Actor, all []Prepared) error {
	type place struct {
		unit    id.Node
		officer bool
	}
	seen := map[place]bool{}
	for i := range all {
		at := place{all[i].Unit, all[i].Role == RoleOfficer}
		if seen[at] {
			continue
		}
		seen[at] = true
		need := access.RosterImport
		if at.officer {
			need = access.GrantGive
		}
		if by.IsSystem() || by.IsOperator() {
			continue
		}
		if err := s.mayAt(ctx, by, need, at.unit); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) insertPersons(ctx context.Context, tx *db.Tx, all []Prepared) error {
	now := s.clk.Now().UnixMilli()
	_, err := tx.Bulk(ctx, db.Bulk{
		Table: "person",
		Columns: []string{"id", "name", "name_key", "sex", "birth", "ethnic", "id_type", "id_sealed", "student_no_sealed", "phone_sealed",
			"id_tail", "no_id_reason", "role", "unit", "made_at", "source", "boarding", "enrolled", "batch"},
		Rows: func(yield func([]any) bool) {
			row := make([]any, 19)
			for i := range all {
				p := &all[i]
				row[0], row[1], row[2], row[3], row[4], row[5] = p.ID.Int(), p.Name, NameKey(p.Name), int64(p.Sex), int64(p.Birth), p.Ethnic
				row[6], row[7], row[8], row[9], row[10], row[11] = p.IDType, p.id, p.student, p.phone, tail(p.IDNo), p.NoIDReason
				row[12], row[13], row[14], row[15], row[16], row[17] = p.Role, p.Unit.Int(), now, p.Source, p.Boarding, int64(p.Enrolled)
				row[18] = p.Batch.Int()
				if !yield(row) {
					return
				}
			}
		},
	})
	return err
}

// insertKeys writes the hashes in their order, so that the tree of the index is
// walked once. Where a hash is taken it finds out why: by the same person, which
// is a conflict, or by another value, which moves on to the next n.
func (s *Service) insertKeys(ctx context.Context, all []Prepared) error {
	hashes := make([]hash, 0, len(all)+len(all)/2)
	for i := range all {
		hashes = append(hashes, all[i].hashes...)
	}
	return s.putNew(ctx, hashes)
}

func (s *Service) putKeys(ctx context.Context, hashes []hash) error {
	if len(hashes) == 0 {
		return nil
	}
	// What was prepared before the keys were rotated is hashed anew: it would
	// never be found.
	gen := s.keys.Generation()
	for i := range hashes {
		if h := &hashes[i]; h.gen != gen {
			h.h64, h.gen = s.keys.Hash64(hashNames[h.kind], h.value), gen
		}
	}
	slices.SortFunc(hashes, func(a, b hash) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.h64, b.h64)) })
	for try := 0; ; try++ {
		taken, err := s.tryKeys(ctx, hashes)
		if taken == nil || try == 3 {
			return cmp.Or(err, taken)
		}
		if err := s.stepAside(ctx, hashes, taken); err != nil {
			return err
		}
	}
}

// errTaken is what a hash that is taken is called where no engine's error says
// so.
var errTaken = errors.New("a key is taken")

// tryKeys writes all hashes, or none with the reason in taken where one is
// taken. A savepoint would undo what was written, but keeps a copy of each page
// of the index, and a large roster touches all of them: where nobody else
// writes, the rows are removed again instead.
func (s *Service) tryKeys(ctx context.Context, hashes []hash) (taken, err error) {
	keys := db.Bulk{
		Table:   "person_key",
		Columns: []string{"kind", "h64", "n", "person"},
		Rows: func(yield func([]any) bool) {
			row := make([]any, 4)
			for _, h := range hashes {
				row[0], row[1], row[2], row[3] = int64(h.kind), h.h64, int64(h.n), h.person.Int()
				if !yield(row) {
					return
				}
			}
		},
	}
	if !s.db.Serial() {
		err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Bulk(ctx, keys)
			return err
		})
		if db.IsUnique(err) {
			return err, nil
		}
		return nil, err
	}
	keys.Conflict = "ON CONFLICT (kind, h64, n) DO NOTHING"
	err = s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		taken = nil
		n, err := tx.Bulk(ctx, keys)
		if err != nil || n == int64(len(hashes)) {
			return err
		}
		taken = errTaken
		for _, h := range hashes {
			_, err := tx.Exec(ctx, "DELETE FROM person_key WHERE kind = $1 AND h64 = $2 AND n = $3 AND person = $4",
				int64(h.kind), h.h64, int64(h.n), h.person.Int())
			if err != nil {
				return err
			}
		}
		return nil
	})
	return taken, err
}

// stepAside gives hashes that are taken by other values the next free n.
func (s *Service) stepAside(ctx context.Context, hashes []hash, cause error) error {
	for i := range hashes {
		h := &hashes[i]
		if i > 0 && hashes[i-1].kind == h.kind && hashes[i-1].h64 == h.h64 {
			if hashes[i-1].value == h.value {
				return fault.Wrap(fault.ErrConflict, cause, "person.known")
			}
			h.n = max(h.n, hashes[i-1].n+1)
		}
	}
	for kind := ByIDNumber; kind <= ByPlace; kind++ {
		var values []string
		at := map[string]*hash{}
		for i := range hashes {
			if hashes[i].kind == kind {
				values = append(values, hashes[i].value)
				at[hashes[i].value] = &hashes[i]
			}
		}
		found, taken, err := s.lookup(ctx, s.db, kind, values)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fault.Wrap(fault.ErrConflict, cause, "person.known")
		}
		for value, n := range taken {
			at[value].n = max(at[value].n, n+1)
		}
	}
	return nil
}

// firstAffiliations are the primary places of new persons; guardians have none.
func (s *Service) firstAffiliations(all []Prepared) []Affiliation {
	today := s.today()
	out := make([]Affiliation, 0, len(all))
	for i := range all {
		p := &all[i]
		if p.Role == RoleGuardian {
			continue
		}
		a := Affiliation{Person: p.ID, Node: p.Node, Unit: p.Unit, Role: p.Role, Subject: p.Subject, Post: p.Post,
			Primary: true, From: p.From, Batch: p.Batch}
		if a.Node == 0 {
			a.Node = a.Unit
		}
		if a.From == 0 {
			a.From = today
		}
		out = append(out, a)
	}
	return out
}

func madeEvents(by access.Actor, all []Prepared) []event.Event {
	events := make([]event.Event, len(all))
	extras := map[string]string{}
	for i := range all {
		p := &all[i]
		x, ok := extras[p.Role]
		if !ok {
			x = Extra{Role: p.Role}.encode()
			extras[p.Role] = x
		}
		events[i] = event.Event{Actor: by.Person, Role: actorRole(by), Verb: EventMade, Kind: "person",
			Object: p.ID.Int(), Node: p.Node, Unit: p.Unit, Extra: x}
	}
	return events
}
