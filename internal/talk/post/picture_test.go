package post

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"learnspace/internal/fault"
)

// hugePNG is a valid PNG header that claims w × h pixels and holds none.
func hugePNG(w, h uint32) []byte {
	var ihdr [13]byte
	binary.BigEndian.PutUint32(ihdr[0:], w)
	binary.BigEndian.PutUint32(ihdr[4:], h)
	ihdr[8], ihdr[9] = 8, 2
	chunk := append([]byte("IHDR"), ihdr[:]...)
	out := []byte("\x89PNG\r\n\x1a\n")
	out = binary.BigEndian.AppendUint32(out, 13)
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

// withExif puts an Exif block with an orientation and a place name behind the
// start of a JPEG.
func withExif(jpg []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, 0x0112)
	tiff = binary.BigEndian.AppendUint16(tiff, 3)
	tiff = binary.BigEndian.AppendUint32(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	body = append(body, "SECRET-PLACE"...)
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xFF, 0xE1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	out = append(out, body...)
	return append(out, jpg[2:]...)
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	img.Set(0, 0, color.RGBA{255, 0, 0, 255})
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEncodeDropsMetadataAndTurns(t *testing.T) {
	t.Parallel()
	out, size, err := encode(withExif(picture(t, 300, 100), 6))
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Pt(100, 300); size != want {
		t.Errorf("size = %v, want %v: orientation 6 lies on its side", size, want)
	}
	if bytes.Contains(out, []byte("SECRET-PLACE")) || bytes.Contains(out, []byte("Exif")) {
		t.Error("the camera's metadata survived")
	}
}

func TestEncodeScalesDown(t *testing.T) {
	t.Parallel()
	_, size, err := encode(picture(t, 3200, 800))
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Pt(1600, 400); size != want {
		t.Errorf("size = %v, want %v", size, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		data []byte
		key  string
	}{
		"50,000 × 50,000 pixels": {hugePNG(50_000, 50_000), "post.picture.pixels"},
		"too many bytes":         {make([]byte, MaxPictureBytes+1), "post.picture.bytes"},
		"no picture":             {[]byte("%PDF-1.7"), "post.picture.format"},
		"cut off":                {small.Bytes()[:40], "post.picture.format"},
		"empty":                  {nil, "post.picture.format"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := encode(test.data)
			if !errors.Is(err, fault.ErrInvalid) {
				t.Fatalf("error = %v, want invalid", err)
			}
			if fs := fault.Fields(err); len(fs) != 1 || fs[0].Key != test.key {
				t.Errorf("fields = %v, want %s", fs, test.key)
			}
		})
	}
}

func FuzzScanHeader(f *testing.F) {
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, 20})
	f.Add(withExif([]byte{0xFF, 0xD8, 0xFF, 0xD9}, 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := scanHeader(data).orientation; o < 1 || o > 8 {
			t.Errorf("orientation = %d", o)
		}
	})
}
