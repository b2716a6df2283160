package post

import (
	"encoding/binary"
	"image"
)

// header is what the markers before the pixels of a JPEG say. The orientation
// is 1 to 8 of Exif: phones store a picture as the sensor lies and say in the
// metadata, which is dropped, how to turn it (JEITA CP-3451, tag 0x0112).
type header struct {
	orientation int
	progressive bool
}

// scanHeader reads the markers of a JPEG; every other format lies upright.
func scanHeader(data []byte) header {
	h := header{orientation: 1}
	if len(data) < 4 || data[0] != 0xFF || data[1] != 0xD8 {
		return h
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xFF && data[at+1] != 0xDA; {
		if data[at+1] == 0xFF { // a fill byte
			at++
			continue
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) {
			return h
		}
		body := data[at+4 : at+2+size]
		switch {
		case data[at+1] == 0xC2:
			h.progressive = true
		case data[at+1] == 0xE1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00":
			h.orientation = exifOrientation(body[6:])
		}
		at += 2 + size
	}
	return h
}

// exifOrientation looks for the tag in the first directory of a TIFF block.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	dir := int(order.Uint32(tiff[4:]))
	if dir < 8 || dir+2 > len(tiff) {
		return 1
	}
	for i, n := 0, int(order.Uint16(tiff[dir:])); i < n; i++ {
		entry := dir + 2 + 12*i
		if entry+12 > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if v := int(order.Uint16(tiff[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// upright turns src as its orientation asks.
func upright(src image.Image, o int) image.Image {
	if o <= 1 {
		return src
	}
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Pt(w, h)
	if o >= 5 {
		size = image.Pt(h, w)
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	for y := range h {
		for x := range w {
			to := image.Pt(x, y)
			switch o {
			case 2:
				to = image.Pt(w-1-x, y)
			case 3:
				to = image.Pt(w-1-x, h-1-y)
			case 4:
				to = image.Pt(x, h-1-y)
			case 5:
				to = image.Pt(y, x)
			case 6:
				to = image.Pt(h-1-y, x)
			case 7:
				to = image.Pt(h-1-y, w-1-x)
			case 8:
				to = image.Pt(y, w-1-x)
			}
			dst.Set(to.X, to.Y, src.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return dst
}
