package person

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

const guardianshipColumns = "g.id, g.guardian, g.ward, g.relation, g.ordinal, g.status, g.phone_tail, g.batch"

func guardianshipDest(g *Guardianship) []any {
	return []any{&g.ID, &g.Guardian, &g.Ward, &g.Relation, &g.Ordinal, &g.Status, &g.PhoneTail, &g.Batch}
}

// Guardian is a guardian of a ward as the roster knows him.
type Guardian struct {
	Guardianship
	Name  string
	Phone string // in the open; never shown as it is
}

// Link binds guardians to wards; a pair that is bound already is left alone. It
// joins the transaction of ctx. The actor needs roster.import somewhere; the
// roster has checked where.
func (s *Service) Link(ctx context.Context, by access.Actor, links []Guardianship) error {
	if !by.Can(access.RosterImport) && !by.Can(access.TransferDecide) {
		return errForbidden()
	}
	if len(links) == 0 {
		return nil
	}
	err := s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.clk.Now().UnixMilli()
		_, err := tx.Bulk(ctx, db.Bulk{
			Table:    "person_guardianship",
			Columns:  []string{"id", "guardian", "ward", "relation", "ordinal", "status", "phone_tail", "batch", "made_at"},
			Conflict: "ON CONFLICT (ward, guardian) DO NOTHING",
			Rows: func(yield func([]any) bool) {
				row := make([]any, 9)
				for _, g := range links {
					if g.Status == "" {
						g.Status = "roster"
					}
					row[0], row[1], row[2], row[3], row[4] = s.ids.Next(), g.Guardian.Int(), g.Ward.Int(), g.Relation, int64(max(g.Ordinal, 1))
					row[5], row[6], row[7], row[8] = g.Status, g.PhoneTail, g.Batch.Int(), now
					if !yield(row) {
						return
					}
				}
			},
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("bind %d guardians: %w", len(links), err)
	}
	return nil
}

// Relink changes relation, ordinal and phone tail of a binding as a roster says
// anew. It joins the transaction of ctx.
func (s *Service) Relink(ctx context.Context, by access.Actor, g Guardianship) error {
	if !by.Can(access.RosterImport) && !by.Can(access.TransferDecide) {
		return errForbidden()
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE person_guardianship SET relation = $1, ordinal = $2, phone_tail = $3 WHERE ward = $4 AND guardian = $5",
			g.Relation, max(g.Ordinal, 1), g.PhoneTail, g.Ward.Int(), g.Guardian.Int())
		return err
	})
}

// Unlink removes bindings that an undone batch had made. It joins the
// transaction of ctx.
func (s *Service) Unlink(ctx context.Context, by access.Actor, links []Guardianship) error {
	if !by.Can(access.RosterImport) {
		return errForbidden()
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, g := range links {
			if _, err := tx.Exec(ctx, "DELETE FROM person_guardianship WHERE ward = $1 AND guardian = $2", g.Ward.Int(), g.Guardian.Int()); err != nil {
				return fmt.Errorf("unbind a guardian: %w", err)
			}
		}
		return nil
	})
}

// Guardians returns the guardians of wards as the roster knows them, by ward in
// order of column, for whoever may import rosters somewhere.
func (s *Service) Guardians(ctx context.Context, by access.Actor, wards []id.Person) (map[id.Person][]Guardian, error) {
	if !by.Can(access.RosterImport) && !by.Can(access.TransferDecide) {
		return nil, errForbidden()
	}
	return s.guardiansOf(ctx, wards)
}

func (s *Service) guardiansOf(ctx context.Context, wards []id.Person) (map[id.Person][]Guardian, error) {
	out := map[id.Person][]Guardian{}
	err := inParts(ctx, s.db, wards, func(list string) string {
		return "SELECT " + guardianshipColumns + ", p.name, p.phone_sealed FROM person_guardianship g JOIN person p ON p.id = g.guardian" +
			" WHERE g.ward IN (" + list + ") AND g.status <> 'ended' ORDER BY g.ward, g.ordinal, g.id"
	}, func(row scanner) error {
		var g Guardian
		var phone []byte
		if err := row.Scan(append(guardianshipDest(&g.Guardianship), &g.Name, &phone)...); err != nil {
			return err
		}
		var err error
		g.Phone, err = s.open(phone)
		out[g.Ward] = append(out[g.Ward], g)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read guardians: %w", err)
	}
	return out, nil
}

// GuardianTails returns the guardianships of a child with name and last four
// digits of the phone, for the activation of an under-14: only the sign-in, the
// system and the child itself may ask.
func (s *Service) GuardianTails(ctx context.Context, by access.Actor, child id.Person) ([]Guardian, error) {
	if err := mayActFor(by, child); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "SELECT "+guardianshipColumns+", p.name FROM person_guardianship g JOIN person p ON p.id = g.guardian"+
		" WHERE g.ward = $1 AND g.status <> 'ended' ORDER BY g.ordinal, g.id", child.Int())
	if err != nil {
		return nil, fmt.Errorf("read guardians of person %d: %w", child, err)
	}
	defer rows.Close()
	var out []Guardian
	for rows.Next() {
		var g Guardian
		if err := rows.Scan(append(guardianshipDest(&g.Guardianship), &g.Name)...); err != nil {
			return nil, fmt.Errorf("read guardians of person %d: %w", child, err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}
