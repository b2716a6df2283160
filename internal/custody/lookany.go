package custody

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Remember records a look by itself, for pages of other packages that show a
// person; ErrTooMany over the limits, with an alarm.
func (s *Service) Remember(ctx context.Context, by access.Actor, look Look) error {
	if by.ViewedBy != 0 && by.Person != look.Subject {
		return errViewing()
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Note(ctx, tx, by, look) })
	if err != nil {
		return s.refused(ctx, by, looks, err)
	}
	return nil
}

// LooksAtAny lists who looked at any of several records of one person, the
// newest first, older than before (0: the newest). Only the system asks: whoever
// lets it has checked that the reader may know.
func (s *Service) LooksAtAny(ctx context.Context, by access.Actor, subjects []id.Person, before id.Look, limit int) ([]Look, error) {
	if !by.IsSystem() {
		return nil, errForbidden()
	}
	var args db.Args
	q := "SELECT id, person, role, subject, what, reason, note, node, request, at FROM cus_look WHERE subject IN (" + db.List(&args, subjects) + ")"
	if before != 0 {
		q += " AND id < " + args.Add(before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list looks: %w", err)
	}
	defer rows.Close()
	var out []Look
	for rows.Next() {
		var l Look
		var at int64
		if err := rows.Scan(&l.ID, &l.By, &l.Role, &l.Subject, &l.What, &l.Reason, &l.Note, &l.Node, &l.Request, &at); err != nil {
			return nil, fmt.Errorf("list looks: %w", err)
		}
		l.At = clock.FromMillis(at)
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list looks: %w", err)
	}
	_ = rows.Close()
	names := map[id.Person]string{0: ""}
	for i := range out {
		if err := s.name(ctx, names, out[i].By); err != nil {
			return nil, err
		}
		out[i].ByName = names[out[i].By]
	}
	return out, nil
}
