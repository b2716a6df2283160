package demo

import (
	"bytes"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// The beginning of the demo's history, and the moment at which its clock goes
// on: October is frozen and checked, September is issued.
var (
	begin   = at(time.February, 25, 9, 0)
	present = at(time.November, 5, 9, 0)
)

// write puts the whole history on the script.
func (s *stage) write() {
	s.later(begin, "load the tree", s.loadTree)
	s.later(begin.Add(time.Hour), "appoint the offices", s.appoint)
	for i, sc := range s.world.schools {
		// Schools come in one after another over five weeks.
		day := at(time.March, 4, 9, 0).AddDate(0, 0, i*35/len(s.world.schools)).Add(time.Duration(i%7) * 17 * time.Minute)
		s.later(day, "open "+sc.name, func() error { return s.openSchool(sc) })
		s.later(at(time.September, 2+i%9, 10, i%60), "new school year of "+sc.name, func() error { return s.autumn(sc) })
		if i%3 != 0 && !s.world.centre(sc.code) {
			s.later(at(time.October, 14, 9, i%60), "confirm bases of "+sc.name, func() error { return s.confirmBase(sc) })
		}
	}
	s.later(at(time.September, 1, 0, 1), "edges in force", func() error {
		_, err := s.app.Org.ApplyDueEdges(s.ctx, s.app.System("edges in force"))
		return err
	})
	for m := time.March; m <= time.October; m++ {
		s.later(at(m+1, 1, 6, 0), "freeze the month", func() error { return s.freeze(m) })
	}
	s.later(at(time.March, 20, 10, 0), "set targets", s.targets)
}

// loadTree loads nodes, the move of a school between counties on 2019-09-01,
// and 公主岭's move of 2020-06-19, which is not yet in force.
func (s *stage) loadTree() error {
	var rows []org.ImportRow
	for i, r := range s.world.tree() {
		rows = append(rows, org.ImportRow{File: "demo", Row: i + 2, Code: r.Code, Name: r.Name, NameKo: r.NameKo, Kind: r.Kind,
			Parent: r.Parent, ReportsTo: r.ReportsTo, Type: r.Type, Lang: r.Lang})
	}
	rep, err := s.app.Org.Import(s.ctx, s.operator(), rows)
	if err != nil {
		return err
	}
	if rep.Rejected > 0 {
		return fmt.Errorf("tree: %d rows rejected: %+v", rep.Rejected, rep.Problems[0])
	}
	for _, r := range s.world.tree() {
		n, err := s.app.Org.ByCode(s.ctx, s.operator(), r.Code)
		if err != nil {
			return err
		}
		s.nodes[r.Code] = n.ID
	}
	moves := []struct {
		node, to string
		from     clock.Day
		document string
	}{
		{movedSchool, "220102", 20190901, "长教发〔2019〕41号"},
		{codes.GongzhulingOld, "220100", clock.Day(codes.GongzhulingMove), "国函〔2020〕80号"},
	}
	for _, m := range moves {
		for _, tree := range []org.Tree{org.Admin, org.Report} {
			if err := s.app.Org.Move(s.ctx, s.operator(), s.nodes[m.node], s.nodes[m.to], tree, m.from, m.document); err != nil {
				return fmt.Errorf("move %s: %w", m.node, err)
			}
		}
	}
	return nil
}

// appoint makes the officers of the province, the reporting units and the
// counties.
func (s *stage) appoint() error {
	for _, o := range []string{"孙明远", "郑文清", "高树林"} {
		if _, err := s.officer(o, codes.Province, access.Province); err != nil {
			return err
		}
		s.officers[o] = s.officers["province@"+codes.Province]
	}
	for _, u := range codes.ReportingUnits(clock.DayOf(s.clk.Now())) {
		if _, err := s.officer(name(s.r, false, false), u.Code, access.Reporter); err != nil {
			return err
		}
		if u.Kind == codes.LevelPrefecture {
			if _, err := s.officer(name(s.r, true, false), u.Code, access.Prefecture); err != nil {
				return err
			}
		}
	}
	for _, p := range places() {
		code := p.code
		if code == zoneDistricts[0].code {
			code = baishan
		}
		if _, err := s.officer(name(s.r, s.r.IntN(2) == 0, false), code, access.County); err != nil {
			return err
		}
	}
	return s.appointOthers()
}

// appointOthers makes one of each role that has no part in the history: those
// of the province, and where accounts are printed researchers and inspectors.
func (s *stage) appointOthers() error {
	for _, role := range []access.Role{access.Expert, access.OperatorRole, access.SysAdmin, access.SecAdmin, access.AuditAdmin} {
		if err := s.show(codes.Province, role); err != nil {
			return err
		}
	}
	at := []string{"220100"}
	if s.wide {
		at = widePlaces
	}
	for _, code := range at {
		for _, role := range []access.Role{access.Researcher, access.Inspector} {
			if err := s.show(code, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// show makes an office worker who only shows a role.
func (s *stage) show(code string, role access.Role) error {
	_, err := s.worker(name(s.extra, s.extra.IntN(2) == 0, false), code, role, true)
	return err
}

// county is the officer who answers for a school.
func (s *stage) county(sc *school) (access.Actor, error) {
	code := sc.parent
	if sc.code == movedSchool && !s.clk.Now().Before(at(time.September, 1, 0, 1)) {
		code = "220102"
	}
	for _, other := range s.world.schools { // a teaching point: its centre's county
		if other.code == code {
			code = other.parent
		}
	}
	if code == zoneDistricts[0].code {
		code = baishan
	}
	return s.actor(s.officers["county@"+code], access.County)
}

// load imports one roster and insists that every row is right.
func (s *stage) load(by access.Actor, sc *school, title string, file []byte) error {
	if file == nil {
		return nil
	}
	rep, err := s.app.Rosters.Import(s.ctx, by, roster.Request{Node: s.nodes[sc.code], Mode: roster.Add, ConfirmPromotion: true,
		Sources: []roster.Source{{Name: title + ".csv", Data: bytes.NewReader(file), Size: int64(len(file))}}})
	if err != nil {
		return fmt.Errorf("import %s of %s: %w", title, sc.name, err)
	}
	if !rep.Clean() {
		for _, f := range rep.Files {
			for _, p := range f.Problems {
				return fmt.Errorf("%s of %s: row %d %s: %s", title, sc.name, p.Row, p.Column, p.Code)
			}
		}
		return fmt.Errorf("%s of %s: %s", title, sc.name, rep.Refused())
	}
	return nil
}

// openSchool loads a school's staff and pupils, appoints its head and
// registrar, and lets people come in over the months.
func (s *stage) openSchool(sc *school) error {
	by, err := s.county(sc)
	if err != nil {
		return err
	}
	if err := s.load(by, sc, "教职工名册", sc.staffFile(false)); err != nil {
		return err
	}
	for _, w := range sc.staff {
		if w.elsewhere {
			continue
		}
		if w.person, err = s.find(w.idNo); err != nil {
			return fmt.Errorf("find %s: %w", w.name, err)
		}
	}
	head, office := sc.staff[0], sc.staff[1]
	if _, err := s.app.Org.Grant(s.ctx, by, org.GrantRequest{Person: head.person, Node: s.nodes[sc.code], Role: access.School}); err != nil {
		return err
	}
	if _, err := s.app.Org.Grant(s.ctx, by, org.GrantRequest{Person: office.person, Node: s.nodes[sc.code], Role: access.Registrar}); err != nil {
		return err
	}
	if s.printSchool(sc) > 0 {
		s.print(head.person, access.School, sc.code)
		s.print(office.person, access.Registrar, sc.code)
		for _, role := range []access.Role{access.ClubTeacher, access.StudioLeader} {
			if err := s.show(sc.code, role); err != nil {
				return err
			}
		}
	}
	if err := s.comeIn(head.person, account.Guardian{}); err != nil {
		return err
	}
	if err := s.comeIn(office.person, account.Guardian{}); err != nil {
		return err
	}
	registrar, err := s.actor(office.person, access.Registrar)
	if err != nil {
		return err
	}
	if err := s.load(registrar, sc, "学生名册", sc.pupilFile(false)); err != nil {
		return err
	}
	now := s.clk.Now()
	if s.r.IntN(8) > 0 {
		s.small(now.Add(26*time.Hour), "confirm the profile of "+sc.name, func() error {
			manager, err := s.actor(head.person, access.School)
			if err != nil {
				return err
			}
			return confirm(s, manager, s.nodes[sc.code])
		})
	}
	for _, w := range sc.staff[2:] {
		if !w.elsewhere && s.r.IntN(10) > 0 {
			s.small(s.sometime(now.AddDate(0, 0, 1), now.AddDate(0, 0, 20)), "staff come in", func() error { return s.comeInOnce(w.person) })
		}
	}
	return s.classesBegin(sc, false)
}

// find returns the person with this identity number.
func (s *stage) find(idNo string) (id.Person, error) {
	value := person.IDValue("", idNo)
	found, err := s.app.People.Lookup(s.ctx, s.operator(), person.ByIDNumber, []string{value})
	if err != nil {
		return 0, err
	}
	return found[value].ID, nil
}

// autumn loads the new classes and staff of September.
func (s *stage) autumn(sc *school) error {
	file := sc.pupilFile(true)
	if file == nil {
		return nil
	}
	by, err := s.actor(sc.staff[1].person, access.Registrar)
	if err != nil {
		return err
	}
	if err := s.load(by, sc, "新生名册", file); err != nil {
		return err
	}
	county, err := s.county(sc)
	if err != nil {
		return err
	}
	if err := s.load(county, sc, "教职工名册", sc.staffFile(true)); err != nil {
		return err
	}
	return s.classesBegin(sc, true)
}

// confirmBase lets the county confirm the roster count of a school.
func (s *stage) confirmBase(sc *school) error {
	by, err := s.county(sc)
	if err != nil {
		return err
	}
	f, err := s.app.Metrics.Figures(s.ctx, by, s.nodes[sc.code], 0)
	if err != nil || f.Base.Pupil == 0 {
		return err
	}
	return s.app.Metrics.ConfirmBase(s.ctx, by, s.nodes[sc.code], metrics.BaseInput{Source: "roster", Day: clock.DayOf(s.clk.Now()),
		Pupil: f.Base.Pupil, Teacher: f.Base.Teacher, AgePupil: f.Base.AgePupil})
}

// freeze closes a month and plays its bulletin: all but the newest are issued,
// October waits as a draft that has been checked by the reporting units.
func (s *stage) freeze(m time.Month) error {
	month := clock.Month(2019*100 + int(m))
	if err := s.app.CatchUp(s.ctx); err != nil {
		return err
	}
	if err := s.app.Bulletin.Freeze(s.ctx, s.app.System("day 1, 06:00"), month); err != nil {
		return err
	}
	next := at(m+1, 1, 0, 0)
	s.later(next.AddDate(0, 0, 1).Add(10*time.Hour), "accept the rows", func() error { return s.acceptRows(month) })
	draft := next.AddDate(0, 0, 3).Add(15 * time.Hour)
	s.later(draft, "draft the bulletin", func() error {
		by, err := s.provincial("孙明远")
		if err != nil {
			return err
		}
		return s.app.Bulletin.Draft(s.ctx, by, month)
	})
	if m == time.October {
		return nil
	}
	s.later(draft.AddDate(0, 0, 8), "check, sign and issue the bulletin", func() error { return s.issue(month) })
	s.later(draft.AddDate(0, 0, 9), "receive the bulletin", func() error {
		return s.eachReporter(func(by access.Actor, node id.Node) error { return s.app.Bulletin.Receive(s.ctx, by, month, node) })
	})
	return nil
}

func (s *stage) provincial(name string) (access.Actor, error) {
	return s.actor(s.officers[name], access.Province)
}

// acceptRows lets each reporting unit look at its own row.
func (s *stage) acceptRows(month clock.Month) error {
	return s.eachReporter(func(by access.Actor, node id.Node) error { return s.app.Bulletin.Accept(s.ctx, by, month, node) })
}

// eachReporter acts for each reporting unit but one, which is late.
func (s *stage) eachReporter(act func(by access.Actor, node id.Node) error) error {
	for i, u := range codes.ReportingUnits(clock.DayOf(s.clk.Now())) {
		if i == 4 {
			continue
		}
		by, err := s.actor(s.officers["reporter@"+u.Code], access.Reporter)
		if err != nil {
			return err
		}
		if err := act(by, s.nodes[u.Code]); err != nil {
			return fmt.Errorf("reporter of %s: %w", u.Name, err)
		}
	}
	return nil
}

func (s *stage) issue(month clock.Month) error {
	checker, err := s.provincial("郑文清")
	if err != nil {
		return err
	}
	if err := s.app.Bulletin.Check(s.ctx, checker, month); err != nil {
		return err
	}
	signer, err := s.provincial("高树林")
	if err != nil {
		return err
	}
	if err := s.app.Bulletin.Sign(s.ctx, signer, month); err != nil {
		return err
	}
	return s.app.Bulletin.Issue(s.ctx, signer, month, "")
}

// targets enters the year's target of each reporting unit.
func (s *stage) targets() error {
	by, err := s.provincial("孙明远")
	if err != nil {
		return err
	}
	for _, u := range codes.ReportingUnits(clock.DayOf(s.clk.Now())) {
		n := int64(10 * (1 + s.r.IntN(6)) * len(s.world.schools) / 12)
		if err := s.app.Bulletin.SetTarget(s.ctx, by, s.nodes[u.Code], 2019, n, "吉教办〔2019〕12号"); err != nil {
			return fmt.Errorf("target of %s: %w", u.Name, err)
		}
	}
	return nil
}

// Present is the moment at which a fresh demo's clock begins.
func Present() time.Time { return present }
