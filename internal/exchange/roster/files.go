package roster

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/seal"
)

// Files keeps what was uploaded until its batch is done. The package blob
// implements it.
type Files interface {
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
	Each(ctx context.Context, folder string, age time.Duration, fn func(key string) error) error
}

// frame is how many bytes of a file are sealed together.
const frame = 1 << 20

// fileKey is where an uploaded file is kept.
func fileKey(batch id.Batch, number int) string { return fmt.Sprintf("roster/%d/%d", batch, number) }

// sealFile writes a file as sealed frames, each with its length, and returns
// the size of the file. A file of more than most bytes is ErrTooMany.
func sealFile(keys *seal.Keys, w io.Writer, r io.Reader, most int64) (int64, error) {
	buf := make([]byte, frame)
	var size int64
	for {
		n, err := fill(r, buf)
		if size += int64(n); size > most {
			return 0, fault.New(fault.ErrTooMany, "roster.upload.too_large", most>>20)
		}
		if n > 0 {
			sealed := keys.Seal(buf[:n])
			var head [4]byte
			binary.BigEndian.PutUint32(head[:], uint32(len(sealed)))
			if _, err := w.Write(head[:]); err != nil {
				return 0, err
			}
			if _, err := w.Write(sealed); err != nil {
				return 0, err
			}
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return 0, fault.Wrap(fault.ErrInvalid, err, "roster.upload.broken")
		}
	}
}

// fill reads until buf is full. It is not io.ReadFull, which gives the same
// error at the end of a file and where an upload breaks off.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// openFile reads what sealFile wrote.
func openFile(keys *seal.Keys, r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	var head [4]byte
	for {
		if _, err := io.ReadFull(r, head[:]); errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		} else if err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint32(head[:])
		if n > 2*frame {
			return nil, errors.New("a frame is too long")
		}
		sealed := make([]byte, n)
		if _, err := io.ReadFull(r, sealed); err != nil {
			return nil, err
		}
		plain, err := keys.Open(sealed)
		if err != nil {
			return nil, err
		}
		out.Write(plain)
	}
}

// keep seals a file into the store and returns its size.
func (s *Service) keep(ctx context.Context, batch id.Batch, number int, r io.Reader) (int64, error) {
	pr, pw := io.Pipe()
	var size int64
	done := make(chan error, 1)
	go func() {
		var err error
		size, err = sealFile(s.keys, pw, r, UploadBytes)
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
	data, err := openFile(s.keys, r)
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
