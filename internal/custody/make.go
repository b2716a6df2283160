package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/export"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// fileKey is where the sealed file of a request is kept.
func fileKey(r id.Export) string { return "export/" + r.String() }

// runMake makes the file of an approved request. It may run again after it broke
// off: the file is written anew and each look once. When the job is given up,
// the request ends too: nobody waits for a file that does not come.
func (s *Service) runMake(ctx context.Context, run *job.Run) error {
	var request id.Export
	if err := request.UnmarshalText([]byte(run.Payload)); err != nil {
		return job.Permanent(err)
	}
	r, err := s.Get(ctx, s.System, request)
	if err != nil || r.State != Approved {
		return err
	}
	err = s.makeFile(ctx, run, r)
	switch {
	case errors.Is(err, fault.ErrTooMany) || errors.Is(err, fault.ErrNotFound):
		// The list has grown over the limit, or its node is gone.
		return s.giveUp(ctx, r)
	case err != nil && run.Last():
		return errors.Join(err, s.giveUp(ctx, r))
	}
	return err
}

// makeFile writes, seals and keeps the file and says that it is there.
func (s *Service) makeFile(ctx context.Context, run *job.Run, r Request) error {
	limit, err := s.limit(ctx, s.DB, RowsDay)
	if err != nil {
		return err
	}
	file, err := s.file(ctx, r, int(limit))
	if err != nil {
		return err
	}
	sealed := s.Keys.Seal(file.data)
	if err := s.Files.Put(ctx, fileKey(r.ID), bytes.NewReader(sealed), int64(len(sealed))); err != nil {
		return fmt.Errorf("keep the file of request %d: %w", r.ID, err)
	}
	who := access.Actor{Person: r.RequestedBy, Role: r.RequestedRole}
	if err := s.noteFile(ctx, who, r, file.persons); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.now()
		changed, err := tx.Exec(ctx, "UPDATE cus_request SET state = 'made', records = $1, made_at = $2, expires_at = $3, mark = $4, version = version + 1"+
			" WHERE id = $5 AND state = 'approved'", len(file.persons), now.UnixMilli(), now.AddDate(0, 0, r.Days).UnixMilli(), s.Keys.Seal(file.mark), r.ID)
		if err != nil || changed == 0 {
			return err
		}
		if err := s.record(ctx, tx, s.System, "export.made", "export", int64(r.ID), r.Node, fmt.Sprintf(`{"rows":%d}`, len(file.persons))); err != nil {
			return err
		}
		return run.Complete(ctx, tx)
	})
}

// giveUp ends a request whose file is not made.
func (s *Service) giveUp(ctx context.Context, r Request) error {
	_, err := s.DB.Exec(ctx, "UPDATE cus_request SET state = 'failed', version = version + 1 WHERE id = $1 AND state = 'approved'", r.ID)
	if err != nil {
		return fmt.Errorf("give request %d up: %w", r.ID, err)
	}
	return nil
}

// noteFile records for each person of a file who has got the data. The request
// makes it one a person.
func (s *Service) noteFile(ctx context.Context, who access.Actor, r Request, persons []id.Person) error {
	for part := range slices.Chunk(persons, 500) {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, p := range part {
				_, err := tx.Exec(ctx, "INSERT INTO cus_look (id, person, role, subject, what, note, node, request, at) VALUES ($1, $2, $3, $4, 'export', $5, $6, $7, $8)"+
					" ON CONFLICT (request, subject) WHERE request <> 0 DO NOTHING",
					id.Next[id.Look](s.IDs), who.Person, string(who.Role), p, r.Purpose, r.Node, r.ID, s.now().UnixMilli())
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("note the persons of request %d: %w", r.ID, err)
		}
	}
	return nil
}

// made is a file with what is kept of it to trace it.
type made struct {
	data    []byte
	mark    []byte
	persons []id.Person
}

// file reads the list and writes the workbook.
func (s *Service) file(ctx context.Context, r Request, limit int) (made, error) {
	path, err := s.pathOf(ctx, r.Node)
	if err != nil {
		return made{}, err
	}
	list, err := s.People.Lines(ctx, s.System, path, r.Kind.roles(), limit)
	if err != nil {
		return made{}, err
	}
	swapPairs(list)
	mark, err := newMark(list)
	if err != nil {
		return made{}, err
	}
	out := made{mark: mark}
	for _, l := range list {
		out.persons = append(out.persons, l.ID)
	}
	out.data, err = s.workbook(ctx, r, list)
	return out, err
}

// workbook writes the file with its watermarks: the request and who asked over
// the list, beside each row, in the print and behind the cells; a name that is
// not shown; and the order of the rows.
func (s *Service) workbook(ctx context.Context, r Request, list []person.Line) ([]byte, error) {
	t := func(key string, args ...any) string { return i18n.Text(i18n.Chinese, key, args...) }
	when := i18n.DateTime(i18n.Chinese, s.now())
	who := r.RequestedName
	if r.DecidedName != "" {
		who += "、" + r.DecidedName
	}
	visible := t("custody.file.mark", r.Number(), who, when)
	background, err := picture(r.Number() + "  " + s.now().In(clock.Zone).Format("2006-01-02 15:04") + "  P" + r.RequestedBy.String())
	if err != nil {
		return nil, err
	}
	table := export.Table{
		Title: t("custody.file.title", r.NodeName, t("custody.kind."+string(r.Kind))),
		Notes: []string{s.Platform, visible, t("custody.file.purpose", r.Purpose),
			t("custody.file.rule", i18n.DateTime(i18n.Chinese, s.now().AddDate(0, 0, r.Days)))},
		Watermark: &export.Watermark{Print: visible, Background: background, Hidden: "_ls" + r.ID.String()},
	}
	for _, f := range r.Fields {
		table.Columns = append(table.Columns, export.Column{Title: t("custody.field." + f), Width: widths[f]})
	}
	table.Columns = append(table.Columns, export.Column{Title: t("custody.file.column"), Width: 22})
	labels, err := s.labels(ctx, list)
	if err != nil {
		return nil, err
	}
	table.Rows = func(yield func([]any, error) bool) {
		for _, l := range list {
			row := make([]any, 0, len(r.Fields)+1)
			for _, f := range r.Fields {
				row = append(row, fieldOf(l, f, labels))
			}
			if !yield(append(row, r.Number()+" "+r.RequestedName), nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	if err := export.XLSX(&out, table); err != nil {
		return nil, fmt.Errorf("write the file of request %d: %w", r.ID, err)
	}
	return out.Bytes(), nil
}

var widths = map[string]float64{"class": 20, "unit": 28, "name": 12, "sex": 6, "birth": 12, "ethnic": 10, "student_no": 24, "id_no": 22,
	"boarding": 8, "guardian": 12, "relation": 8, "guardian_phone": 16, "post": 14, "subject": 12, "phone": 16}

// labels are the names of the places of a list.
func (s *Service) labels(ctx context.Context, list []person.Line) (map[id.Node]string, error) {
	var nodes []id.Node
	for _, l := range list {
		nodes = append(nodes, l.At.Node)
	}
	slices.Sort(nodes)
	known, err := org.Nodes(ctx, s.DB, slices.Compact(nodes))
	if err != nil {
		return nil, err
	}
	out := make(map[id.Node]string, len(known))
	for _, n := range known {
		out[n.ID] = n.Name
		if n.Kind == org.KindClass {
			out[n.ID] = n.Label(s.today())
		}
	}
	return out, nil
}

// fieldOf is one cell.
func fieldOf(l person.Line, field string, labels map[id.Node]string) string {
	guardians := func(of func(person.Guardian) string) string {
		var all []string
		for _, g := range l.Guardians {
			all = append(all, of(g))
		}
		return strings.Join(all, "、")
	}
	switch field {
	case "class", "unit":
		return labels[l.At.Node]
	case "name":
		return l.Name
	case "sex":
		return i18n.Text(i18n.Chinese, fmt.Sprintf("custody.sex.%d", l.Sex))
	case "birth":
		if l.Birth != 0 {
			return l.Birth.String()
		}
	case "ethnic":
		e, _ := codes.FindEthnic(l.Ethnic)
		return e.Name
	case "student_no":
		return l.StudentNo
	case "id_no":
		return l.IDNo
	case "phone":
		return l.Phone
	case "boarding":
		return l.Boarding
	case "guardian":
		return guardians(func(g person.Guardian) string { return g.Name })
	case "relation":
		return guardians(func(g person.Guardian) string { return g.Relation })
	case "guardian_phone":
		return guardians(func(g person.Guardian) string { return g.Phone })
	case "post":
		p, _ := codes.FindPost(l.At.Post)
		return p.Name
	case "subject":
		subject, _ := codes.FindSubject(l.At.Subject)
		return subject.Name
	}
	return ""
}
