package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encodings of text files, words of the report.
const (
	utf8Plain = "utf-8"
	utf8Mark  = "utf-8-bom"
	utf16Any  = "utf-16"
	gb18030   = "gb18030"
)

var bomUTF8 = []byte("\xef\xbb\xbf")

// textEncoding looks at every byte of the file and says how it is written. Bytes
// that fit no encoding are encoding_unknown, bytes that are no text at all
// not_a_spreadsheet.
func textEncoding(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, 4096))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if looksUTF16(head) {
		return utf16Any, nil
	}
	var u utf8Check
	var g gbCheck
	blank := true
	buf := make([]byte, 1<<18)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := r.ReadAt(buf, at)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				break
			}
			return "", err
		}
		chunk := buf[:n]
		if at == 0 {
			chunk = bytes.TrimPrefix(chunk, bomUTF8)
		}
		at += int64(n)
		if at >= size { // the end-of-file mark of old programs
			chunk = bytes.TrimRight(chunk, "\x1a\x00")
		}
		if hasControl(chunk) {
			return "", refuse(NotASpreadsheet, errors.New("control characters"))
		}
		blank = blank && len(bytes.Trim(chunk, " \t\r\n,;\"")) == 0
		u.write(chunk)
		if !u.ascii {
			g.write(chunk)
		}
	}
	switch {
	case blank:
		return "", refuse(EmptyFile, nil)
	case u.valid() && bytes.HasPrefix(head, bomUTF8):
		return utf8Mark, nil
	case u.valid():
		return utf8Plain, nil
	case !bytes.HasPrefix(head, bomUTF8) && g.plausible():
		return gb18030, nil
	}
	return "", refuse(EncodingUnknown, nil)
}

// looksUTF16 goes by the mark, or by the zero bytes beside ASCII characters.
func looksUTF16(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return len(head) > 2
	}
	return unmarkedUTF16(head) != 0
}

// unmarkedUTF16 returns 'l' or 'b' for UTF-16 without a mark: the separators of a
// table are ASCII, so one of the two bytes of many units is zero.
func unmarkedUTF16(head []byte) byte {
	var zero [2]int
	for i, c := range head {
		if c == 0 {
			zero[i%2]++
		}
	}
	switch units := len(head) / 2; {
	case units < 4:
		return 0
	case zero[0] == 0 && zero[1] >= 8 && zero[1]*4 > units:
		return 'l'
	case zero[1] == 0 && zero[0] >= 8 && zero[0]*4 > units:
		return 'b'
	}
	return 0
}

func hasControl(chunk []byte) bool {
	for _, c := range chunk {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' && c != 0x1a {
			return true
		}
	}
	return false
}

// utf8Check checks UTF-8 over chunk borders.
type utf8Check struct {
	bad   bool
	ascii bool // no byte above 0x7f so far; set false by write
	begun bool
	carry []byte
}

func (u *utf8Check) write(chunk []byte) {
	if !u.begun {
		u.begun, u.ascii = true, true
	}
	if u.ascii {
		for _, c := range chunk {
			if c >= 0x80 {
				u.ascii = false
				break
			}
		}
	}
	if u.bad || u.ascii {
		return
	}
	if len(u.carry) > 0 {
		chunk = append(u.carry, chunk...)
		u.carry = nil
	}
	cut := len(chunk)
	for back := 1; back <= 3 && back <= len(chunk); back++ {
		if c := chunk[len(chunk)-back]; utf8.RuneStart(c) {
			if c >= 0xc0 && !utf8.FullRune(chunk[len(chunk)-back:]) {
				cut = len(chunk) - back
			}
			break
		}
	}
	u.bad = !utf8.Valid(chunk[:cut])
	u.carry = append([]byte(nil), chunk[cut:]...)
}

func (u *utf8Check) valid() bool { return !u.bad && len(u.carry) == 0 }

// gbCheck checks the byte structure of GB18030 and how much of the text lies in
// GB 2312, where nearly all of a real Chinese text does. Big5, Shift-JIS or broken
// UTF-8 have the structure too, but not the share.
type gbCheck struct {
	bad          bool
	carry        []byte
	double, core int // two-byte characters, those of GB 2312
	quad, east   int // four-byte characters looked at, those that are Hangul or Han
}

func (g *gbCheck) write(chunk []byte) {
	if g.bad {
		return
	}
	if len(g.carry) > 0 {
		chunk = append(g.carry, chunk...)
		g.carry = nil
	}
	for i := 0; i < len(chunk); {
		c := chunk[i]
		if c < 0x80 {
			i++
			continue
		}
		n := gbLength(chunk[i:])
		switch {
		case n == 0:
			g.carry = append([]byte(nil), chunk[i:]...)
			return
		case n < 0:
			g.bad = true
			return
		case n == 4:
			if g.quad < 4096 {
				g.quad++
				if eastAsian(chunk[i : i+4]) {
					g.east++
				}
			}
		default:
			g.double++
			if c >= 0xa1 && c <= 0xf7 && chunk[i+1] >= 0xa1 {
				g.core++
			}
		}
		i += n
	}
}

// gbLength returns the bytes of the character that s begins with, 0 when s ends
// too early and -1 when it is none.
func gbLength(s []byte) int {
	if s[0] == 0x80 || s[0] == 0xff {
		return -1
	}
	if len(s) < 2 {
		return 0
	}
	switch t := s[1]; {
	case t >= 0x40 && t != 0x7f && t != 0xff:
		return 2
	case t >= 0x30 && t <= 0x39:
		if len(s) < 4 {
			return 0
		}
		if s[2] >= 0x81 && s[2] <= 0xfe && s[3] >= 0x30 && s[3] <= 0x39 {
			return 4
		}
	}
	return -1
}

func (g *gbCheck) plausible() bool {
	return !g.bad && len(g.carry) == 0 && g.core*100 >= g.double*80 && (g.quad*4 <= g.double || g.east*100 >= g.quad*80)
}

// eastAsian says whether a four-byte character is Hangul or a Han character.
func eastAsian(quad []byte) bool {
	s, err := simplifiedchinese.GB18030.NewDecoder().Bytes(quad)
	if err != nil {
		return false
	}
	r, _ := utf8.DecodeRune(s)
	return r >= 0xac00 && r <= 0xd7a3 || r >= 0x3400 && r <= 0x9fff || r >= 0x20000 && r <= 0x3ffff
}

// decoder returns the text of the file as UTF-8 without a mark.
func decoder(r io.ReaderAt, size int64, encoding string) io.Reader {
	raw := io.NewSectionReader(r, 0, size)
	switch encoding {
	case utf8Mark:
		return io.NewSectionReader(r, 3, size-3)
	case utf16Any:
		head := make([]byte, min(size, 4096))
		n, _ := r.ReadAt(head, 0)
		order := unicode.LittleEndian
		if unmarkedUTF16(head[:n]) == 'b' {
			order = unicode.BigEndian
		}
		return transform.NewReader(raw, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
	case gb18030:
		return transform.NewReader(raw, simplifiedchinese.GB18030.NewDecoder())
	}
	return raw
}
