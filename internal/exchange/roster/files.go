package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/exchange/roster/framed"
	"learnspace/internal/id"
)

// Files keeps what was uploaded until its batch is done. The package blob
// implements it.
type Files interface {
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
	Each(ctx context.Context, folder string, age time.Duration, fn func(key string) error) error
}

// fileKey is where an uploaded file is kept.
func fileKey(batch id.Batch, number int) string { return fmt.Sprintf("roster/%d/%d", batch, number) }

// keep seals a file into the store and returns its size.
func (s *Service) keep(ctx context.Context, batch id.Batch, number int, r io.Reader) (int64, error) {
	pr, pw := io.Pipe()
	var size int64
	done := make(chan error, 1)
	go func() {
		var err error
		size, err = framed.Write(s.keys, pw, r, UploadBytes)
		_ = pw.CloseWithError(err)
		done <- err
	}()
	err := s.files.Put(ctx, fileKey(batch, number), pr, -1)
	_ = pr.CloseWithError(io.ErrClosedPipe)
	if sealing := <-done; sealing != nil && !errors.Is(sealing, io.ErrClosedPipe) {
		return 0, sealing
	}
	if err != nil {
		return 0, fmt.Errorf("keep file %d of batch %d: %w", number, batch, err)
	}
	return size, nil
}

// kept opens a kept file as a source.
func (s *Service) kept(ctx context.Context, batch id.Batch, number int, name string) (Source, error) {
	r, err := s.files.Get(ctx, fileKey(batch, number))
	if err != nil {
		return Source{}, fmt.Errorf("read file %d of batch %d: %w", number, batch, err)
	}
	defer r.Close()
	data, err := framed.Read(s.keys, r)
	if err != nil {
		return Source{}, fmt.Errorf("open file %d of batch %d: %w", number, batch, err)
	}
	return Source{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}, nil
}

// erase removes the files of a batch.
func (s *Service) erase(ctx context.Context, b Batch) error {
	var errs []error
	for i := range b.Names {
		errs = append(errs, s.files.Delete(ctx, fileKey(b.ID, i)))
	}
	return errors.Join(errs...)
}

// keepOrphan is how long a file may wait for the batch that names it.
const keepOrphan = 24 * time.Hour

// eraseOrphans removes files of batches that do not exist: the process died
// before the upload was whole.
func (s *Service) eraseOrphans(ctx context.Context) error {
	if s.files == nil {
		return nil
	}
	return s.files.Each(ctx, "roster", keepOrphan, func(key string) error {
		number, _, _ := strings.Cut(strings.TrimPrefix(key, "roster/"), "/")
		bid, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil // none of ours
		}
		var n int
		if err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM ros_batch WHERE id = $1`, bid).Scan(&n); err != nil || n > 0 {
			return err
		}
		return s.files.Delete(ctx, key)
	})
}
