package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a picture may come as PNG
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a picture may come as WebP

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// The limits on pictures. The header is read before anything is decoded, so a
// picture of 50,000 × 50,000 pixels costs no memory.
const (
	MaxPictures     = 9
	MaxPictureBytes = 10 << 20
	maxPixels       = 40_000_000
	maxMemory       = 160 << 20 // bytes of one decoded picture
	longSide        = 1600
	jpegQuality     = 82
)

// Upload is one picture as it was sent: its bytes, or where to read them when
// it is its turn.
type Upload struct {
	Data []byte
	Open func() (io.ReadCloser, error)
	// Alt says in words what is to be seen; it may be empty.
	Alt string
}

// Picture is one picture of a post, re-encoded as JPEG without the metadata
// that the camera wrote (place, time, owner).
type Picture struct {
	ID            id.Picture
	Post          id.Post
	Width, Height int
	Bytes         int
	Alt           string
	blobKey       string
}

// StoreKey is where the store of blobs has the picture.
func (p Picture) StoreKey() string { return p.blobKey }

// pixelBytes is how much memory a pixel takes while a picture of this colour
// model is decoded.
func pixelBytes(m color.Model, progressive bool) int {
	switch m {
	case color.GrayModel:
		if progressive {
			return 5
		}
		return 1
	case color.YCbCrModel:
		if progressive { // the coefficients of the whole picture are kept
			return 15
		}
		return 3
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		return 8
	}
	if progressive {
		return 20
	}
	return 4
}

// check reads a picture's header and refuses what would take too much memory.
func check(data []byte) error {
	if len(data) > MaxPictureBytes {
		return fault.Invalid(fault.At("pictures", "post.picture.bytes", MaxPictureBytes>>20))
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return fault.Invalid(fault.At("pictures", "post.picture.format"))
	}
	limit := min(maxPixels, maxMemory/pixelBytes(head.ColorModel, scanHeader(data).progressive))
	if head.Width > limit/head.Height {
		return fault.Invalid(fault.At("pictures", "post.picture.pixels", head.Width, head.Height, limit/1_000_000))
	}
	return nil
}

// encode decodes a picture, scales it to at most 1600 pixels on the long side,
// turns it upright and encodes it anew, which drops all metadata.
func encode(data []byte) ([]byte, image.Point, error) {
	if err := check(data); err != nil {
		return nil, image.Point{}, err
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, image.Point{}, fault.Invalid(fault.At("pictures", "post.picture.format"))
	}
	size := src.Bounds().Size()
	if long := max(size.X, size.Y); long > longSide {
		size = image.Pt(max(1, size.X*longSide/long), max(1, size.Y*longSide/long))
	}
	small := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), src, src.Bounds(), draw.Over, nil)
	turned := upright(small, scanHeader(data).orientation)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turned, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, image.Point{}, fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), turned.Bounds().Size(), nil
}

// read returns the bytes of an upload, at most one more than a picture may have.
func (u Upload) read() ([]byte, error) {
	if u.Open == nil {
		return u.Data, nil
	}
	r, err := u.Open()
	if err != nil {
		return nil, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxPictureBytes+1))
	if err != nil {
		return nil, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
	}
	return data, nil
}

// encodeInTurn reads and encodes an upload behind the one place where pictures
// are decoded: of all that are sent at once, one is in memory.
func (s *Service) encodeInTurn(ctx context.Context, u Upload) ([]byte, image.Point, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return nil, image.Point{}, ctx.Err()
	}
	data, err := u.read()
	if err != nil {
		return nil, image.Point{}, err
	}
	return encode(data)
}

// store encodes the uploads and puts them into the blob store: all of them, or
// none with an error.
func (s *Service) store(ctx context.Context, uploads []Upload) (out []Picture, err error) {
	if len(uploads) > MaxPictures {
		return nil, fault.Invalid(fault.At("pictures", "post.picture.many", len(uploads), MaxPictures))
	}
	defer func() {
		if err != nil {
			s.discard(ctx, out)
		}
	}()
	for _, u := range uploads {
		alt := clean(u.Alt)
		if !utf8.ValidString(alt) || utf8.RuneCountInString(alt) > MaxReason {
			return out, fault.Invalid(fault.At("pictures", "post.picture.alt", MaxReason))
		}
		data, size, err := s.encodeInTurn(ctx, u)
		if err != nil {
			return out, err
		}
		p := Picture{ID: id.Picture(s.ids.Next()), Width: size.X, Height: size.Y, Bytes: len(data), Alt: alt}
		p.blobKey = "post/" + p.ID.String() + ".jpg"
		if err := s.blobs.Put(ctx, p.blobKey, bytes.NewReader(data), int64(len(data))); err != nil {
			return out, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
		}
		out = append(out, p)
	}
	return out, nil
}

// discard removes the blobs of pictures that no row will name. What cannot be
// removed now takes room and is seen by nobody.
func (s *Service) discard(ctx context.Context, pictures []Picture) {
	for _, p := range pictures {
		_ = s.blobs.Delete(context.WithoutCancel(ctx), p.blobKey)
	}
}

func insertPictures(ctx context.Context, tx *db.Tx, post id.Post, pictures []Picture) error {
	for i, p := range pictures {
		if _, err := tx.Exec(ctx, `INSERT INTO post_picture (id, post, ordinal, blob_key, width, height, bytes, alt)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, p.ID, post, i, p.blobKey, p.Width, p.Height, p.Bytes, p.Alt); err != nil {
			return err
		}
	}
	return nil
}

const pictureColumns = `id, post, blob_key, width, height, bytes, alt`

func scanPicture(row scanner) (Picture, error) {
	var p Picture
	err := row.Scan(&p.ID, &p.Post, &p.blobKey, &p.Width, &p.Height, &p.Bytes, &p.Alt)
	return p, err
}

// picturesOf returns the pictures of posts in their order.
func picturesOf(ctx context.Context, q db.Queryer, posts []Post) (map[id.Post][]Picture, error) {
	var args db.Args
	in := make([]string, len(posts))
	for i, p := range posts {
		in[i] = args.Add(p.ID)
	}
	rows, err := q.Query(ctx, `SELECT `+pictureColumns+` FROM post_picture WHERE post IN (`+strings.Join(in, ", ")+`) ORDER BY post, ordinal`, args...)
	list, err := collect(rows, err, scanPicture)
	out := map[id.Post][]Picture{}
	for _, p := range list {
		out[p.Post] = append(out[p.Post], p)
	}
	return out, err
}

// OpenPicture returns a picture's JPEG bytes for whoever may see its post; the
// caller closes it. A caller that has the bytes already says so with unchanged:
// then only the right to see them is checked and the reader is nil.
func (s *Service) OpenPicture(ctx context.Context, by access.Actor, picture id.Picture, unchanged bool) (io.ReadCloser, Picture, error) {
	p, err := scanPicture(s.db.QueryRow(ctx, `SELECT `+pictureColumns+` FROM post_picture WHERE id = $1`, picture))
	if errors.Is(err, db.ErrNoRows) {
		return nil, p, missing()
	}
	if err != nil {
		return nil, p, fmt.Errorf("read picture %v: %w", picture, err)
	}
	if _, _, err := s.reach(ctx, by, p.Post, access.ClassRead); err != nil {
		return nil, p, err
	}
	if unchanged {
		return nil, p, nil
	}
	r, err := s.blobs.Get(ctx, p.blobKey)
	if err != nil {
		return nil, p, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
	}
	return r, p, nil
}
