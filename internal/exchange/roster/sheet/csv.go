package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
)

// maxField is the longest text that a spreadsheet takes into one cell. A quoted
// field that runs on longer has lost its closing quote.
const maxField = 32767

func openText(ctx context.Context, r io.ReaderAt, size int64) (*File, error) {
	encoding, err := textEncoding(ctx, r, size)
	if err != nil {
		return nil, err
	}
	sample := make([]byte, 64<<10)
	n, err := io.ReadFull(decoder(r, size, encoding), sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	comma, skip := sniff(sample[:n])
	if encoding == utf16Any && len(bytes.TrimSpace(sample[:n])) == 0 {
		return nil, refuse(EmptyFile, nil)
	}
	if encoding == utf16Any && hasControl(sample[:n]) {
		return nil, refuse(NotASpreadsheet, errors.New("control characters"))
	}
	each := func(ctx context.Context, fn func(Row) error) error {
		c := &csvReader{r: decoder(r, size, encoding), comma: comma}
		if skip {
			c.skipLine()
		}
		return c.each(ctx, fn)
	}
	return &File{Encoding: encoding, Sheets: []*Sheet{{each: each}}}, nil
}

// sniff finds the separator: the one by which the most rows fall into the same
// number of fields. A first line "sep=;" says it and is no row.
func sniff(sample []byte) (comma byte, skip bool) {
	first, _, _ := bytes.Cut(sample, []byte("\n"))
	if first = bytes.Trim(first, "\r\" "); len(first) == 5 && strings.EqualFold(string(first[:4]), "sep=") {
		return first[4], true
	}
	comma, best := ',', 0
	for _, candidate := range []byte{',', '\t', ';', '|'} {
		counts, rows := map[int]int{}, 0
		c := &csvReader{r: bytes.NewReader(sample), comma: candidate}
		_ = c.each(context.Background(), func(row Row) error {
			used := 0
			for _, cell := range row.Cells {
				if cell.Kind != Blank {
					used++
				}
			}
			if used > 1 {
				counts[len(row.Cells)]++
			}
			if rows++; rows >= 200 {
				return io.EOF
			}
			return nil
		})
		score := 0
		for fields, n := range counts {
			score = max(score, n*1000+min(fields, 999))
		}
		if score > best {
			comma, best = candidate, score
		}
	}
	return comma, false
}

// csvReader reads records as spreadsheets do: a quote counts at the beginning of a
// field only, a doubled quote inside quotes is one, line ends inside quotes belong
// to the field, CR, LF and CRLF end a record. It counts rows, not lines.
type csvReader struct {
	r     io.Reader
	comma byte
	buf   []byte
	pos   int
	end   int
	eof   bool
	err   error
	field []byte // unquoted bytes of the present record's quoted fields
	marks []span
}

type span struct {
	from, to int
	field    bool // in csvReader.field, else in csvReader.buf
}

const csvBuffer = 256 << 10

// fill reads more behind pos and keeps what lies from keep on. It says false at
// the end of the file. Offsets into buf move down by the returned shift.
func (c *csvReader) fill(keep int) (shift int, more bool) {
	if c.eof {
		return 0, false
	}
	if c.buf == nil {
		c.buf = make([]byte, csvBuffer)
	}
	if keep > 0 {
		copy(c.buf, c.buf[keep:c.end])
		c.end -= keep
		c.pos -= keep
		shift = keep
	}
	if c.end == len(c.buf) {
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}
	for {
		n, err := c.r.Read(c.buf[c.end:])
		c.end += n
		if err != nil {
			c.eof = true
			if !errors.Is(err, io.EOF) {
				c.err = err
			}
			return shift, n > 0
		}
		if n > 0 {
			return shift, true
		}
	}
}

func (c *csvReader) skipLine() {
	for {
		if i := bytes.IndexByte(c.buf[c.pos:c.end], '\n'); i >= 0 {
			c.pos += i + 1
			return
		}
		c.pos = c.end
		if _, more := c.fill(c.pos); !more {
			return
		}
	}
}

func (c *csvReader) each(ctx context.Context, fn func(Row) error) error {
	var row Row
	cells := make([]Cell, 0, 32)
	for number := 1; ; number++ {
		if number&0x3ff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		text, ok := c.record()
		if !ok {
			return c.err
		}
		cells = cells[:0]
		used := false
		at := 0
		for _, m := range c.marks {
			n := m.to - m.from
			cell := Cell{}
			if s := text[at : at+n]; !blankText(s) {
				cell = literal(s)
				used = true
			}
			at += n
			cells = append(cells, cell)
		}
		if !used {
			continue
		}
		row.Number, row.Cells = number, cells
		if err := fn(row); err != nil {
			return err
		}
	}
}

// blankText says whether s shows nothing.
func blankText(s string) bool {
	for _, r := range s {
		switch r {
		case ' ', '\t', '\r', '\n', '\v', '\f', 0x1a, 0xa0, 0x3000, 0x200b, 0xfeff:
		default:
			return false
		}
	}
	return true
}

// literal makes a text cell. ="…" is the habit that keeps a spreadsheet from
// reading a number; any other text that begins with = is a formula.
func literal(s string) Cell {
	if s[0] != '=' {
		return Cell{Text: s, Kind: Text}
	}
	if t := strings.TrimSpace(s); len(t) >= 3 && t[1] == '"' && strings.IndexByte(t[2:], '"') == len(t)-3 {
		return Cell{Text: t[2 : len(t)-1], Kind: Text}
	}
	return Cell{Text: s, Kind: Text, Formula: true}
}

// record reads one record and returns its fields as one string that the marks cut
// up in order. It says false at the end.
func (c *csvReader) record() (string, bool) {
	c.marks, c.field = c.marks[:0], c.field[:0]
	start := c.pos
	if c.pos == c.end {
		shift, more := c.fill(start)
		start -= shift
		if !more {
			return "", false
		}
	}
	for {
		done := false
		if start, done = c.readField(start); done {
			break
		}
	}
	total := 0
	for _, m := range c.marks {
		total += m.to - m.from
	}
	var b strings.Builder
	b.Grow(total)
	for _, m := range c.marks {
		if m.field {
			b.Write(c.field[m.from:m.to])
		} else {
			b.Write(c.buf[m.from:m.to])
		}
	}
	return b.String(), true
}

// peek makes sure that a byte stands at pos; start is where the record begins.
func (c *csvReader) peek(start int) (int, bool) {
	if c.pos < c.end {
		return start, true
	}
	shift, more := c.fill(start)
	if shift > 0 {
		for i := range c.marks {
			if !c.marks[i].field {
				c.marks[i].from -= shift
				c.marks[i].to -= shift
			}
		}
	}
	return start - shift, more
}

// readField reads the field at pos with the separator behind it; done says that
// the record ends with it.
func (c *csvReader) readField(start int) (newStart int, done bool) {
	start, ok := c.peek(start)
	if !ok {
		c.marks = append(c.marks, span{from: c.pos, to: c.pos})
		return start, true
	}
	if c.buf[c.pos] == '"' {
		if s, end, good := c.quoted(start); good {
			return s, end
		} else {
			start = s
		}
	}
	from := c.pos - start // offsets from start survive a fill
	for {
		for c.pos < c.end {
			b := c.buf[c.pos]
			if b == c.comma || b == '\n' || b == '\r' {
				c.marks = append(c.marks, span{from: start + from, to: c.pos})
				c.pos++
				if b == '\r' {
					start = c.skipLF(start)
				}
				return start, b != c.comma
			}
			c.pos++
		}
		if start, ok = c.peek(start); !ok {
			c.marks = append(c.marks, span{from: start + from, to: c.pos})
			return start, true
		}
	}
}

func (c *csvReader) skipLF(start int) int {
	start, ok := c.peek(start)
	if ok && c.buf[c.pos] == '\n' {
		c.pos++
	}
	return start
}

// quoted reads a quoted field. When its end is missing or something else follows
// the closing quote in a way that cannot be meant, it goes back and says false:
// then the quote is a character like any other.
func (c *csvReader) quoted(start int) (newStart int, done, good bool) {
	begin, text := c.pos-start, len(c.field)
	back := func() (int, bool, bool) {
		c.pos = start + begin
		c.field = c.field[:text]
		return start, false, false
	}
	c.pos++
	closed := false
	for !closed {
		var ok bool
		if start, ok = c.peek(start); !ok || len(c.field)-text > 3*maxField {
			return back()
		}
		i := bytes.IndexByte(c.buf[c.pos:c.end], '"')
		if i < 0 {
			c.field = append(c.field, c.buf[c.pos:c.end]...)
			c.pos = c.end
			continue
		}
		c.field = append(c.field, c.buf[c.pos:c.pos+i]...)
		c.pos += i + 1
		if start, ok = c.peek(start); ok && c.buf[c.pos] == '"' {
			c.field = append(c.field, '"')
			c.pos++
			continue
		}
		closed = true
	}
	for { // blanks between the closing quote and the separator
		var ok bool
		if start, ok = c.peek(start); !ok {
			c.marks = append(c.marks, span{text, len(c.field), true})
			return start, true, true
		}
		switch b := c.buf[c.pos]; {
		case b == c.comma:
			c.pos++
			c.marks = append(c.marks, span{text, len(c.field), true})
			return start, false, true
		case b == '\n' || b == '\r':
			c.pos++
			c.marks = append(c.marks, span{text, len(c.field), true})
			if b == '\r' {
				start = c.skipLF(start)
			}
			return start, true, true
		case b == ' ' || b == '\t':
			c.pos++
		default:
			return back()
		}
	}
}
