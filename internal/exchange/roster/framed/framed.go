package framed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"learnspace/internal/fault"
	"learnspace/internal/seal"
)

// frame is how many bytes of a file are sealed together.
const frame = 1 << 20

// Write writes a file as sealed frames, each with its length, and returns
// the size of the file. A file of more than most bytes is ErrTooMany.
func Write(keys *seal.Keys, w io.Writer, r io.Reader, most int64) (int64, error) {
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

// Read reads what Write wrote.
func Read(keys *seal.Keys, r io.Reader) ([]byte, error) {
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
