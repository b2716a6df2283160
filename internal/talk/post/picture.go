package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png" // a picture may come as PNG
	"io"
	"strings"

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
	longSide        = 1600
	jpegQuality     = 82
)

// Upload is one picture as it was sent.
type Upload struct {
	Data []byte
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

// encode decodes a picture, scales it to at most 1600 pixels on the long side
// and encodes it anew, which drops all metadata.
func encode(data []byte) ([]byte, image.Point, error) {
	if len(data) > MaxPictureBytes {
		return nil, image.Point{}, fault.Invalid(fault.At("pictures", "post.picture.bytes", MaxPictureBytes>>20))
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, image.Point{}, fault.Invalid(fault.At("pictures", "post.picture.format"))
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width > maxPixels/head.Height {
		return nil, image.Point{}, fault.Invalid(fault.At("pictures", "post.picture.pixels", head.Width, head.Height, maxPixels/1_000_000))
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, image.Point{}, fault.Invalid(fault.At("pictures", "post.picture.format"))
	}
	src = upright(src, orientation(data))
	size := src.Bounds().Size()
	if long := max(size.X, size.Y); long > longSide {
		size = image.Pt(max(1, size.X*longSide/long), max(1, size.Y*longSide/long))
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(dst, dst.Bounds(), image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, dst, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, image.Point{}, fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), size, nil
}

// store encodes the uploads and puts them into the blob store.
func (s *Service) store(ctx context.Context, uploads []Upload) ([]Picture, error) {
	if len(uploads) > MaxPictures {
		return nil, fault.Invalid(fault.At("pictures", "post.picture.many", len(uploads), MaxPictures))
	}
	var out []Picture
	for _, u := range uploads {
		data, size, err := encode(u.Data)
		if err != nil {
			return nil, err
		}
		p := Picture{ID: id.Picture(s.ids.Next()), Width: size.X, Height: size.Y, Bytes: len(data), Alt: strings.TrimSpace(u.Alt)}
		p.blobKey = "post/" + p.ID.String() + ".jpg"
		if err := s.blobs.Put(ctx, p.blobKey, bytes.NewReader(data), int64(len(data))); err != nil {
			return nil, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
		}
		out = append(out, p)
	}
	return out, nil
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
// caller closes it.
func (s *Service) OpenPicture(ctx context.Context, by access.Actor, picture id.Picture) (io.ReadCloser, Picture, error) {
	p, err := scanPicture(s.db.QueryRow(ctx, `SELECT `+pictureColumns+` FROM post_picture WHERE id = $1`, picture))
	if errors.Is(err, db.ErrNoRows) {
		return nil, p, fault.New(fault.ErrNotFound, "error.not_found")
	}
	if err != nil {
		return nil, p, fmt.Errorf("read picture %v: %w", picture, err)
	}
	if _, _, err := s.reach(ctx, by, p.Post, access.ClassRead); err != nil {
		return nil, p, err
	}
	r, err := s.blobs.Get(ctx, p.blobKey)
	if err != nil {
		return nil, p, fault.Wrap(fault.ErrUnavailable, err, "post.picture.store")
	}
	return r, p, nil
}
