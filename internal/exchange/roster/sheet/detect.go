package sheet

import (
	"bytes"
	"errors"
	"io"
)

type containerKind int

const (
	isText containerKind = iota
	isEmpty
	isZip
	isOLE
	isBIFF
	isOther
)

// magic bytes of files that are renamed now and then.
var others = [][]byte{
	[]byte("%PDF"), []byte("\x89PNG"), []byte("\xff\xd8\xff"), []byte("GIF8"), []byte("BM\x00"), []byte("Rar!"),
	[]byte("7z\xbc\xaf\x27\x1c"), []byte("\x1f\x8b"), []byte("{\\rtf"), []byte("\x7fELF"), []byte("MZ"), []byte("BZh"),
	[]byte("II*\x00"), []byte("MM\x00*"), []byte("SQLite format 3"), []byte("\xfd7zXZ"), []byte("RIFF"), []byte("ID3"),
}

// container tells by the first bytes what kind of file it is.
func container(head []byte) containerKind {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, bomUTF8), " \t\r\n\x00")
	switch {
	case len(head) == 0, len(trimmed) == 0:
		return isEmpty
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("PK\x07\x08")):
		return isZip
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return isOLE
	case len(head) > 4 && head[0] == 0x09 && (head[1] == 0x00 || head[1] == 0x02 || head[1] == 0x04 || head[1] == 0x08) &&
		(head[2] == 4 || head[2] == 6 || head[2] == 8 || head[2] == 16) && head[3] == 0:
		return isBIFF
	}
	for _, magic := range others {
		if bytes.HasPrefix(head, magic) {
			return isOther
		}
	}
	lower := bytes.ToLower(trimmed[:min(len(trimmed), 512)])
	for _, word := range []string{"<!doctype", "<html", "<?xml", "<table", "<head", "%pdf"} {
		if bytes.HasPrefix(lower, []byte(word)) {
			return isOther
		}
	}
	return isText
}

// refuseOLE tells a locked workbook from an old one: both lie in an OLE2
// container, whose directory holds the names of its streams in UTF-16.
func refuseOLE(r io.ReaderAt, size int64) error {
	names := []struct {
		stream string
		code   string
	}{
		{"EncryptedPackage", Encrypted}, {"WordDocument", NotASpreadsheet}, {"PowerPoint Document", NotASpreadsheet},
		{"Workbook", OldFormat}, {"Book", OldFormat},
	}
	found := make([]bool, len(names))
	const chunk, overlap = 1 << 20, 64
	buf := make([]byte, chunk)
	for at := int64(0); at < size; at += chunk - overlap {
		n, err := r.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		for i, name := range names {
			found[i] = found[i] || bytes.Contains(buf[:n], utf16Name(name.stream))
		}
	}
	for i, name := range names {
		if found[i] {
			return refuse(name.code, nil)
		}
	}
	return refuse(NotASpreadsheet, nil)
}

func utf16Name(s string) []byte {
	out := make([]byte, 0, 2*len(s)+2)
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return append(out, 0, 0)
}
