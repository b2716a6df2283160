package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Why an archive is refused; tested with errors.Is.
var (
	// ErrFormat: it is no zip archive, or a broken one.
	ErrFormat = errors.New("no archive")
	// ErrLocked: entries are encrypted.
	ErrLocked = errors.New("encrypted")
	// ErrLarge: it unpacks to more than is allowed.
	ErrLarge = errors.New("unpacks to more than is allowed")
	// ErrEntries: it has too many entries, or a directory that is too large.
	ErrEntries = errors.New("too many entries")
	// ErrName: a name leads out of the archive, stands twice or cannot be a name.
	ErrName = errors.New("a name that is not allowed")
	// ErrNested: an entry is an archive itself.
	ErrNested = errors.New("an archive in the archive")
)

// Limits bound an archive. A zero field has its default.
type Limits struct {
	// Unpacked is the most bytes that all entries may have together, 4 GiB.
	Unpacked int64
	// Ratio is the most times its own size that an archive may unpack to, 100,
	// once it unpacks to more than From, 64 MiB.
	Ratio, From int64
	// Entries is the most entries, 10,000.
	Entries int
	// Nested lets entries be archives, for readers that never open them.
	Nested bool
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Unpacked, 4<<30)
	set(&l.Ratio, 100)
	set(&l.From, 64<<20)
	if l.Entries <= 0 {
		l.Entries = 10_000
	}
	return l
}

// nameLength bounds the name of an entry; directorySize what the directory
// takes an entry, on average, before it is read into memory.
const (
	nameLength    = 1024
	directorySize = 512
)

// Open looks at the directory of an archive of size bytes and returns its
// entries by [Name]. Use [Entry] to read one.
func Open(r io.ReaderAt, size int64, l Limits) (map[string]*zip.File, error) {
	l = l.withDefaults()
	if err := checkDirectory(r, size, l); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if len(z.File) > l.Entries {
		return nil, ErrEntries
	}
	out := make(map[string]*zip.File, len(z.File))
	var unpacked, packed uint64
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, ErrLocked
		}
		name, err := Name(f.Name)
		if err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: one stands twice", ErrName)
		}
		if !l.Nested && isArchive(name) {
			return nil, ErrNested
		}
		if f.UncompressedSize64 > uint64(l.Unpacked) || f.CompressedSize64 > uint64(size) {
			return nil, ErrLarge
		}
		unpacked, packed = unpacked+f.UncompressedSize64, packed+f.CompressedSize64
		if unpacked > uint64(l.Unpacked) || unpacked > uint64(l.From) && unpacked/uint64(max(size, 1)) > uint64(l.Ratio) {
			return nil, ErrLarge
		}
		out[name] = f
	}
	if packed > uint64(size) {
		return nil, fmt.Errorf("%w: entries lie over each other", ErrFormat)
	}
	return out, nil
}

// Name is the name of an entry in small letters with forward slashes and
// without one at its beginning, as programs that make workbooks mean it. A name
// that leads out of the archive, has a drive or holds what no name holds is
// refused.
func Name(name string) (string, error) {
	if len(name) > nameLength {
		return "", fmt.Errorf("%w: too long", ErrName)
	}
	clean := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
	if clean == "" || strings.HasPrefix(clean, "/") || strings.ContainsFunc(clean, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xFFFD }) {
		return "", ErrName
	}
	if slices.Contains(strings.Split(clean, "/"), "..") || len(clean) > 1 && clean[1] == ':' {
		return "", fmt.Errorf("%w: it leads out", ErrName)
	}
	return clean, nil
}

// isArchive reports whether a name is that of an archive.
func isArchive(name string) bool {
	switch path.Ext(name) {
	case ".zip", ".xlsx", ".xlsm", ".docx", ".pptx", ".jar", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".cab", ".iso":
		return true
	}
	return false
}

// Entry opens an entry. Reading more than the size that the directory says ends
// with [ErrLarge].
func Entry(f *zip.File) (io.ReadCloser, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("open an entry: %w", err)
	}
	return &limited{ReadCloser: rc, left: int64(f.UncompressedSize64)}, nil
}

type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrLarge
	}
	return n, err
}

// The end of the directory (APPNOTE 4.3.16) and its 64-bit forms (4.3.14, 15).
const (
	endLength     = 22
	locatorLength = 20
	end64Length   = 56
	commentMost   = 1<<16 - 1
)

var (
	endSign     = []byte("PK\x05\x06")
	locatorSign = []byte("PK\x06\x07")
	end64Sign   = []byte("PK\x06\x06")
)

// checkDirectory refuses a directory that is too large before it is read into
// memory. It believes the larger of what the end of the archive says and of
// what there is room for.
func checkDirectory(r io.ReaderAt, size int64, l Limits) error {
	tail := make([]byte, min(size, endLength+commentMost+locatorLength))
	from := size - int64(len(tail))
	if _, err := r.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the archive: %w", err)
	}
	at := bytes.LastIndex(tail, endSign)
	if at < 0 || at+endLength > len(tail) {
		return fmt.Errorf("%w: no end", ErrFormat)
	}
	end := tail[at:]
	entries := uint64(binary.LittleEndian.Uint16(end[10:]))
	length := uint64(binary.LittleEndian.Uint32(end[12:]))
	offset := uint64(binary.LittleEndian.Uint32(end[16:]))
	if entries == 0xFFFF || length == 0xFFFFFFFF || offset == 0xFFFFFFFF {
		if e, n, o, ok := read64(r, tail, at); ok {
			entries, length, offset = e, n, o
		}
	}
	most := uint64(l.Entries) * directorySize
	room := uint64(from) + uint64(at) - min(offset, uint64(from)+uint64(at))
	if entries > uint64(l.Entries) || length > most || room > most && room > length+end64Length+locatorLength {
		return ErrEntries
	}
	return nil
}

// read64 reads the 64-bit end of the directory that stands before the end.
func read64(r io.ReaderAt, tail []byte, at int) (entries, length, offset uint64, ok bool) {
	if at < locatorLength || !bytes.HasPrefix(tail[at-locatorLength:], locatorSign) {
		return 0, 0, 0, false
	}
	b := make([]byte, end64Length)
	where := binary.LittleEndian.Uint64(tail[at-locatorLength+8:])
	if where > 1<<62 {
		return 0, 0, 0, false
	}
	if _, err := r.ReadAt(b, int64(where)); err != nil || !bytes.HasPrefix(b, end64Sign) {
		return 0, 0, 0, false
	}
	return binary.LittleEndian.Uint64(b[32:]), binary.LittleEndian.Uint64(b[40:]), binary.LittleEndian.Uint64(b[48:]), true
}
