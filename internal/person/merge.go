package person

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Absorption says which record of one person is kept and which number is right
// where the two differ.
type Absorption struct {
	Keep, Drop id.Person
	// Right is the record whose identity number is right where both have one; 0
	// where there is no choice.
	Right id.Person
}

// Absorbed is what a merging changed in the tables of persons: enough to take
// it back. It holds open numbers and is kept sealed.
type Absorbed struct {
	Keep, Drop Fields // of the kept record before and after
	// States of the kept record before.
	Activated, Verified, First int64
	Source, DropStatus         string
	Ended, Added               []int64
	Bound                      []bound
	Consents, Answers          []id.Consent // about the dropped child, of the dropped guardian
	Followers                  []id.Person  // merged into the dropped record before
	Roles                      []org.Held   // by grant, of the dropped record
}

// Fields are the values by which a record is known.
type Fields struct {
	Name, Ethnic, IDType, IDNo, StudentNo, Phone, NoIDReason, Boarding string
	Sex                                                                int
	Birth, Enrolled                                                    clock.Day
}

// bound is a binding of a guardian as it was.
type bound struct {
	ID               int64
	Guardian, Ward   id.Person
	Status           string
	Renamed, Changed bool
}

func fieldsOf(f Found) Fields {
	return Fields{Name: f.Name, Ethnic: f.Ethnic, IDType: f.IDType, IDNo: f.IDNo, StudentNo: f.StudentNo, Phone: f.Phone, NoIDReason: f.NoIDReason,
		Boarding: f.Boarding, Sex: f.Sex, Birth: f.Birth, Enrolled: f.Enrolled}
}

func (f Fields) amendment(who id.Person) Amendment {
	return Amendment{Person: who, Name: &f.Name, Sex: &f.Sex, Birth: &f.Birth, Ethnic: &f.Ethnic, IDType: &f.IDType, IDNo: &f.IDNo,
		StudentNo: &f.StudentNo, Phone: &f.Phone, NoIDReason: &f.NoIDReason, Boarding: &f.Boarding, Enrolled: &f.Enrolled}
}

// CheckMerge tells whether two records may be made one and what the kept one
// will say. Records of two roles, a kept record of somebody who is not here while
// the other is, and two living children with two different valid numbers are
// ErrConflict; other different numbers need the right one named, ErrInvalid.
func CheckMerge(keep, drop Found, a Absorption) (Fields, error) {
	switch {
	case keep.ID == drop.ID:
		return Fields{}, fault.New(fault.ErrInvalid, "merge.same")
	case keep.Status == StatusMerged || drop.Status == StatusMerged:
		return Fields{}, fault.New(fault.ErrConflict, "merge.already")
	case keep.Status == StatusClosed || drop.Status == StatusClosed:
		return Fields{}, fault.New(fault.ErrConflict, "merge.closed")
	case keep.Role != drop.Role:
		return Fields{}, fault.New(fault.ErrConflict, "merge.roles")
	case keep.Status != StatusNormal && drop.Status == StatusNormal:
		return Fields{}, fault.New(fault.ErrConflict, "merge.keep_who_is_here")
	}
	out := fieldsOf(keep)
	other := fieldsOf(drop)
	k, d := IDValue(keep.IDType, keep.IDNo), IDValue(drop.IDType, drop.IDNo)
	if k != "" && d != "" && k != d {
		if keep.Role == RolePupil && valid(keep) && valid(drop) {
			return Fields{}, fault.New(fault.ErrConflict, "merge.two_children")
		}
		switch a.Right {
		case keep.ID:
		case drop.ID:
			out.IDType, out.IDNo = other.IDType, other.IDNo
			if valid(drop) {
				out.Birth, out.Sex = other.Birth, other.Sex
			}
		default:
			return Fields{}, fault.Invalid(fault.At("number", "merge.number_needed"))
		}
	}
	if out.IDNo == "" && other.IDNo != "" {
		out.IDType, out.IDNo = other.IDType, other.IDNo
		if valid(drop) {
			out.Birth, out.Sex = other.Birth, other.Sex
		}
	}
	out.fill(other)
	return out, nil
}

// fill takes over what is not known yet.
func (f *Fields) fill(other Fields) {
	for _, t := range []struct{ to, from *string }{{&f.Ethnic, &other.Ethnic}, {&f.StudentNo, &other.StudentNo}, {&f.Phone, &other.Phone},
		{&f.NoIDReason, &other.NoIDReason}, {&f.Boarding, &other.Boarding}} {
		if *t.to == "" {
			*t.to = *t.from
		}
	}
	if f.IDNo != "" || f.StudentNo != "" {
		f.NoIDReason = ""
	}
	if f.Sex == 0 {
		f.Sex = other.Sex
	}
	if f.Birth == 0 {
		f.Birth = other.Birth
	}
	if f.Enrolled == 0 {
		f.Enrolled = other.Enrolled
	}
}

// valid reports whether the identity number stands by its own check digit
// (GB 11643).
func valid(f Found) bool {
	return f.IDNo != "" && (f.IDType == "" || f.IDType == codes.IDResident) && codes.CheckIDNumber(f.IDNo) == nil
}

// MergePair reads two records with open numbers for whoever may merge both, and
// ErrConflict where one of them is also at a place out of his reach. ErrNotFound
// for records of others.
func (s *Service) MergePair(ctx context.Context, by access.Actor, keep, drop id.Person) (Found, Found, error) {
	var out [2]Found
	for i, who := range []id.Person{keep, drop} {
		f, err := s.Open(ctx, by, access.PersonMerge, who)
		if err != nil {
			return Found{}, Found{}, err
		}
		out[i] = f
	}
	if by.IsPerson() && (by.Person == keep || by.Person == drop) {
		return Found{}, Found{}, fault.New(fault.ErrForbidden, "merge.self")
	}
	return out[0], out[1], s.withinReach(ctx, by, keep, drop)
}

// Open reads one record with open numbers for a service of the domain whose
// actor holds p at the unit of the person; ErrNotFound elsewhere. What it
// returns is never shown as it is.
func (s *Service) Open(ctx context.Context, by access.Actor, p access.Permission, who id.Person) (Found, error) {
	var r sealedRow
	var args db.Args
	q := "SELECT " + foundColumns + " FROM person p" + foundJoin + "WHERE p.id = " + args.Add(who.Int()) + " AND " + by.Scope(p).Nodes("p.unit", &args)
	err := r.scan(s.db.QueryRow(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Found{}, errMissing()
	}
	if err != nil {
		return Found{}, fmt.Errorf("read person %d: %w", who, err)
	}
	return r.Found, s.unseal(&r)
}

// withinReach refuses persons who, or whose wards, have a place today where the
// actor may not merge.
func (s *Service) withinReach(ctx context.Context, by access.Actor, persons ...id.Person) error {
	scope := by.Scope(access.PersonMerge)
	if scope.All() {
		return nil
	}
	var args db.Args
	list := db.List(&args, persons)
	q := "SELECT COUNT(*) FROM person_affiliation a WHERE a.to_on = 0 AND (a.person IN (" + list + ")"
	q += " OR a.person IN (SELECT g.ward FROM person_guardianship g WHERE g.status <> 'ended' AND g.guardian IN (" + db.List(&args, persons) + ")))"
	q += " AND NOT (" + scope.Nodes("a.node", &args) + ")"
	var n int
	if err := s.db.QueryRow(ctx, q, args...).Scan(&n); err != nil {
		return fmt.Errorf("look for places of %d persons: %w", len(persons), err)
	}
	if n > 0 {
		return fault.New(fault.ErrConflict, "merge.elsewhere")
	}
	return nil
}

// Hold takes the rows of persons in order of their ids in the transaction of
// ctx, so that whoever changes them waits. It changes nothing.
func (s *Service) Hold(ctx context.Context, by access.Actor, persons ...id.Person) error {
	persons = slices.Clone(persons)
	slices.Sort(persons)
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, who := range persons {
			if _, err := lock(ctx, tx, who); err != nil {
				return err
			}
		}
		return nil
	})
}

// Absorb makes two records one in the transaction of ctx: the dropped one is
// known by nothing any more and names the kept one, which takes its missing
// values, places, bindings and answers; its roles by grant end, for whoever may
// end each of them. Its posts keep their author. It writes
// person.merged, which takes the duplicate out of the figures of the month of
// finding (DOMAIN Q2), and for the kept record the states that it did not have.
// account tells that the sign-in goes along. The actor needs person.merge at
// both.
func (s *Service) Absorb(ctx context.Context, by access.Actor, a Absorption, account bool) (Absorbed, error) {
	var out Absorbed
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Absorbed{}
		if err := s.Hold(ctx, by, a.Keep, a.Drop); err != nil {
			return err
		}
		keep, drop, err := s.MergePair(ctx, by, a.Keep, a.Drop)
		if err != nil {
			return err
		}
		now, err := CheckMerge(keep, drop, a)
		if err != nil {
			return err
		}
		out.Keep, out.Drop = fieldsOf(keep), now
		out.DropStatus = drop.Status
		return s.absorb(ctx, tx, by, keep, drop, account, &out)
	})
	if err != nil {
		return Absorbed{}, fmt.Errorf("merge person %d into %d: %w", a.Drop, a.Keep, err)
	}
	return out, nil
}

func (s *Service) absorb(ctx context.Context, tx *db.Tx, by access.Actor, keep, drop Found, account bool, out *Absorbed) error {
	for _, k := range keysOf(draftOf(drop)) {
		if err := s.dropKey(ctx, tx, drop.ID, k); err != nil {
			return err
		}
	}
	if err := s.amend(ctx, tx, keep, out.Drop.amendment(keep.ID)); err != nil {
		return err
	}
	err := s.absorbPlaces(ctx, tx, keep, drop, out)
	if err != nil {
		return err
	}
	if isStaff(drop.Person) {
		if out.Roles, err = s.org.EndMerged(ctx, by, drop.ID); err != nil {
			return err
		}
	}
	if err := s.absorbBonds(ctx, tx, keep.ID, drop.ID, out); err != nil {
		return err
	}
	if err := s.absorbConsents(ctx, tx, by, keep.Person, drop.Person, out); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET status = 'merged', merged_into = $1 WHERE id = $2", keep.ID.Int(), drop.ID.Int()); err != nil {
		return err
	}
	followers, err := mergedInto(ctx, tx, drop.ID)
	if err != nil {
		return err
	}
	out.Followers = followers
	if _, err := tx.Exec(ctx, "UPDATE person SET merged_into = $1 WHERE merged_into = $2", keep.ID.Int(), drop.ID.Int()); err != nil {
		return err
	}
	if s.Spaces != nil {
		if err := s.Spaces.PutAway(ctx, by, drop.ID); err != nil {
			return err
		}
	}
	if err := s.absorbStates(ctx, tx, by, keep, drop, account, out); err != nil {
		return err
	}
	x := Extra{}.states(drop.Person)
	x.Into = keep.ID
	return s.log.Append(ctx, tx, newEvent(by, EventMerged, drop.ID, drop.Main.Node, drop.Unit, x))
}

// absorbPlaces ends the places of the dropped record; those of staff go on
// beside the others'. A pupil learns where the kept record says.
func (s *Service) absorbPlaces(ctx context.Context, tx *db.Tx, keep, drop Found, out *Absorbed) error {
	theirs, err := readAffiliations(ctx, tx, "a.person = $1 AND a.to_on = 0 ORDER BY a.id", drop.ID.Int())
	if err != nil {
		return err
	}
	own, err := readAffiliations(ctx, tx, "a.person = $1 AND a.to_on = 0 ORDER BY a.id", keep.ID.Int())
	if err != nil {
		return err
	}
	var added []Affiliation
	for _, a := range theirs {
		if err := endAffiliation(ctx, tx, a, s.today()); err != nil {
			return err
		}
		out.Ended = append(out.Ended, a.ID)
		there := slices.ContainsFunc(own, func(o Affiliation) bool { return o.Node == a.Node && o.Role == a.Role && o.Subject == a.Subject })
		if there || a.Role == RolePupil {
			continue
		}
		added = append(added, Affiliation{Person: keep.ID, Node: a.Node, Unit: a.Unit, Role: a.Role, Subject: a.Subject, Post: a.Post, From: s.today(), Batch: a.Batch})
	}
	if err := s.insertAffiliations(ctx, tx, added); err != nil {
		return err
	}
	for _, a := range added {
		out.Added = append(out.Added, a.ID)
	}
	return nil
}

// absorbBonds hands the bindings over, as ward and as guardian; where the pair
// is bound already the stronger state stays.
func (s *Service) absorbBonds(ctx context.Context, tx *db.Tx, keep, drop id.Person, out *Absorbed) error {
	theirs, err := readBonds(ctx, tx, "g.ward = $1 OR g.guardian = $2", drop.Int(), drop.Int())
	if err != nil {
		return err
	}
	own, err := readBonds(ctx, tx, "g.ward = $1 OR g.guardian = $2", keep.Int(), keep.Int())
	if err != nil {
		return err
	}
	for _, b := range theirs {
		out.Bound = append(out.Bound, bound{ID: b.ID, Guardian: b.Guardian, Ward: b.Ward, Status: b.Status})
		to := b
		if to.Ward == drop {
			to.Ward = keep
		} else {
			to.Guardian = keep
		}
		at := slices.IndexFunc(own, func(o Guardianship) bool { return o.Guardian == to.Guardian && o.Ward == to.Ward })
		if at < 0 {
			if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET guardian = $1, ward = $2 WHERE id = $3", to.Guardian.Int(), to.Ward.Int(), b.ID); err != nil {
				return err
			}
			continue
		}
		o := own[at]
		if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET status = 'ended' WHERE id = $1", b.ID); err != nil {
			return err
		}
		if b.Status == bondConfirmed && o.Status == bondRoster {
			out.Bound = append(out.Bound, bound{ID: o.ID, Guardian: o.Guardian, Ward: o.Ward, Status: o.Status})
			if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET status = 'confirmed' WHERE id = $1", o.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// The states of a binding.
const (
	bondRoster    = "roster"
	bondConfirmed = "confirmed"
)

func readBonds(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Guardianship, error) {
	rows, err := q.Query(ctx, "SELECT "+guardianshipColumns+" FROM person_guardianship g WHERE "+condition+" ORDER BY g.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	defer rows.Close()
	var out []Guardianship
	for rows.Next() {
		var g Guardianship
		if err := rows.Scan(guardianshipDest(&g)...); err != nil {
			return nil, fmt.Errorf("read bindings: %w", err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// absorbConsents hands the answers about a child and those of a guardian over,
// and settles what they come to anew.
func (s *Service) absorbConsents(ctx context.Context, tx *db.Tx, by access.Actor, keep, drop Person, out *Absorbed) error {
	about, err := readConsents(ctx, tx, "child = $1 ORDER BY id", drop.ID.Int())
	if err != nil {
		return err
	}
	given, err := readConsents(ctx, tx, "guardian = $1 AND child <> guardian ORDER BY id", drop.ID.Int())
	if err != nil {
		return err
	}
	for _, c := range about {
		out.Consents = append(out.Consents, c.ID)
	}
	for _, c := range given {
		out.Answers = append(out.Answers, c.ID)
	}
	if err := handConsents(ctx, tx, out, drop.ID, keep.ID); err != nil {
		return err
	}
	return s.resettle(ctx, tx, by, append(given, about...), keep, drop)
}

// handConsents gives the answers of a merging from one record to the other.
func handConsents(ctx context.Context, tx *db.Tx, all *Absorbed, from, to id.Person) error {
	for _, c := range all.Consents {
		if _, err := tx.Exec(ctx, "UPDATE person_consent SET guardian = CASE WHEN guardian = child THEN $1 ELSE guardian END, child = $2 WHERE id = $3 AND child = $4",
			to.Int(), to.Int(), c.Int(), from.Int()); err != nil {
			return err
		}
	}
	for _, c := range all.Answers {
		if _, err := tx.Exec(ctx, "UPDATE person_consent SET guardian = $1 WHERE id = $2 AND guardian = $3", to.Int(), c.Int(), from.Int()); err != nil {
			return err
		}
	}
	return nil
}

// resettle settles the answers about both records and about the children of
// the guardians among them.
func (s *Service) resettle(ctx context.Context, tx *db.Tx, by access.Actor, touched []Consent, both ...Person) error {
	if len(touched) == 0 {
		return nil
	}
	children := map[id.Person]bool{}
	for _, p := range both {
		children[p.ID] = true
	}
	for _, c := range touched {
		children[c.Child] = true
	}
	for _, child := range slices.Sorted(maps.Keys(children)) {
		p, err := Load(ctx, tx, child)
		if err != nil {
			return err
		}
		if p.Role != RolePupil {
			continue
		}
		for _, purpose := range Purposes() {
			all, err := answers(ctx, tx, child, purpose)
			if err != nil {
				return err
			}
			if err := s.settle(ctx, tx, by, p, purpose, all); err != nil {
				return err
			}
		}
	}
	return nil
}

// absorbStates gives the kept record the states that only the dropped one had.
func (s *Service) absorbStates(ctx context.Context, tx *db.Tx, by access.Actor, keep, drop Found, account bool, out *Absorbed) error {
	p, err := Load(ctx, tx, keep.ID)
	if err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT activated_at, verified_at, verified_first_at, verified_source FROM person WHERE id = $1", keep.ID.Int()).
		Scan(&out.Activated, &out.Verified, &out.First, &out.Source); err != nil {
		return err
	}
	if account && p.Activated.IsZero() && !drop.Activated.IsZero() {
		if _, err := tx.Exec(ctx, "UPDATE person SET activated_at = $1 WHERE id = $2", drop.Activated.UnixMilli(), p.ID.Int()); err != nil {
			return err
		}
		p.Activated = drop.Activated
		if err := s.log.Append(ctx, tx, newEvent(by, EventActivated, p.ID, keep.Main.Node, p.Unit, Extra{Role: p.Role})); err != nil {
			return err
		}
	}
	if p.Verified.IsZero() && !p.Activated.IsZero() && !drop.Verified.IsZero() {
		return s.verify(ctx, tx, by, &p, drop.Source)
	}
	return s.openDue(ctx, by, p.ID)
}
