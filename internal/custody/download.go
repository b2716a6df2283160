package custody

import (
	"context"
	"errors"
	"fmt"
	"io"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// File is the file of a request in the open.
type File struct {
	Name string
	Data []byte
}

// Take gives the file of a request to whoever asked for it, while he still
// holds export.request at the node and the file has not expired, unless another
// person has renewed his way in within the last day; and at the command line to
// the operator. Each taking is recorded with the network (kept
// as a keyed hash) and counts its rows against the requester's day; over it the
// error is ErrTooMany.
func (s *Service) Take(ctx context.Context, by access.Actor, request id.Export, network string) (File, error) {
	r, err := s.Get(ctx, by, request)
	if err != nil {
		return File{}, err
	}
	if err := s.mayTake(ctx, by, r); err != nil {
		return File{}, err
	}
	data, err := s.kept(ctx, r.ID)
	if err != nil {
		return File{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE cus_request SET version = version + 1 WHERE id = $1 AND state = 'made' AND expires_at > $2", r.ID, s.now().UnixMilli())
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.ErrConflict, "custody.request.gone")
		}
		if err := s.stands(ctx, r.RequestedBy, 0, s.path(ctx, tx, r.Node), access.ExportRequest, r.RequestedRole); err != nil {
			return err
		}
		if by.IsPerson() {
			if err := s.settled(ctx, by.Person); err != nil {
				return err
			}
		}
		if err := s.spend(ctx, tx, r.RequestedBy, r.RequestedRole, RowsDay, int64(r.Records)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO cus_download (id, request, person, role, network, at) VALUES ($1, $2, $3, $4, $5, $6)",
			s.IDs.Next(), r.ID, by.Person, string(by.Role), s.Keys.Hash("network", network)[:8], s.now().UnixMilli())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by, "export.taken", "export", int64(r.ID), r.Node, fmt.Sprintf(`{"rows":%d}`, r.Records))
	})
	if err != nil {
		return File{}, s.refused(ctx, by, []Limit{RowsDay}, fmt.Errorf("take the file of request %d: %w", r.ID, err))
	}
	return File{Name: r.Number() + ".xlsx", Data: data}, nil
}

// path is the path of a node inside tx; "" for none, which covers nothing.
func (s *Service) path(ctx context.Context, tx *db.Tx, node id.Node) string {
	path, err := org.Path(ctx, tx, node)
	if err != nil {
		return ""
	}
	return path
}

// mayTake checks who asks and in which state the request is.
func (s *Service) mayTake(ctx context.Context, by access.Actor, r Request) error {
	path, err := s.pathOf(ctx, r.Node)
	if err != nil {
		return err
	}
	switch {
	case r.Glass:
		return fault.New(fault.ErrConflict, "custody.request.gone")
	case by.IsOperator():
	case by.ViewedBy != 0:
		return errViewing()
	case r.RequestedBy != by.Person || !by.Allows(access.ExportRequest, path):
		return fault.New(fault.ErrForbidden, "custody.request.not_yours")
	}
	switch {
	case r.State == Made && s.now().Before(r.Expires):
		return nil
	case r.State == Waiting || r.State == Approved:
		return fault.New(fault.ErrConflict, "custody.request.not_yet")
	}
	return fault.New(fault.ErrConflict, "custody.request.gone")
}

// kept opens the kept file of a request.
func (s *Service) kept(ctx context.Context, r id.Export) ([]byte, error) {
	f, err := s.Files.Get(ctx, fileKey(r))
	if err != nil {
		return nil, fmt.Errorf("read the file of request %d: %w", r, err)
	}
	defer f.Close()
	sealed, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read the file of request %d: %w", r, err)
	}
	data, err := s.Keys.Open(sealed)
	if err != nil {
		return nil, fmt.Errorf("open the file of request %d: %w", r, err)
	}
	return data, nil
}

// expire erases the files whose time is over and returns how many; one that cannot
// be erased is tried again the next time and keeps no other.
func (s *Service) expire(ctx context.Context) (n int, failed error) {
	for after := id.Export(0); ; {
		var r id.Export
		err := s.DB.QueryRow(ctx, "SELECT COALESCE(MIN(id), 0) FROM cus_request WHERE id > $1 AND state = 'made' AND expires_at <= $2", after, s.now().UnixMilli()).Scan(&r)
		if err != nil {
			return n, errors.Join(failed, fmt.Errorf("find expired files: %w", err))
		}
		if r == 0 {
			return n, failed
		}
		after = r
		if err := s.Files.Delete(ctx, fileKey(r)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("erase the file of request %d: %w", r, err))
			continue
		}
		err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE cus_request SET state = 'expired', version = version + 1 WHERE id = $1 AND state = 'made'", r); err != nil {
				return err
			}
			return s.record(ctx, tx, s.System, "export.erased", "export", int64(r), 0, "")
		})
		if err != nil {
			return n, errors.Join(failed, fmt.Errorf("end request %d: %w", r, err))
		}
		n++
	}
}

// Left is how many rows the actor may still take out today.
func (s *Service) Left(ctx context.Context, by access.Actor) (left, limit int64, err error) {
	if limit, err = s.limit(ctx, s.DB, RowsDay); err != nil {
		return 0, 0, err
	}
	used, err := s.used(ctx, s.DB, by.Person, RowsDay)
	return max(limit-used, 0), limit, err
}
