package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxToken bounds one tag or one run of text of a workbook's XML.
const maxToken = 8 << 20

var errXML = errors.New("malformed XML")

type xmlKind int

const (
	xmlEOF xmlKind = iota
	xmlStart
	xmlEnd
	xmlText
)

// xmlScanner is a pull scanner for the XML inside workbooks: tags with their local
// names, text with entities resolved. It checks no nesting and knows no namespaces
// beyond cutting prefixes off.
type xmlScanner struct {
	r     io.Reader
	buf   []byte
	pos   int
	end   int
	eof   bool
	tag   []byte // inside of the present tag, without < and >
	name  []byte // its local name
	empty bool   // <tag/>: no end follows
	text  []byte
}

func newXML(r io.Reader) *xmlScanner { return &xmlScanner{r: r, buf: make([]byte, 64<<10)} }

// more reads on and keeps what lies from pos.
func (x *xmlScanner) more() error {
	if x.eof {
		return io.EOF
	}
	if x.pos > 0 {
		copy(x.buf, x.buf[x.pos:x.end])
		x.end -= x.pos
		x.pos = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxToken {
			return errXML
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for {
		n, err := x.r.Read(x.buf[x.end:])
		x.end += n
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		x.eof = err != nil
		if n > 0 {
			return nil
		}
		if x.eof {
			return io.EOF
		}
	}
}

// until makes sure that sep stands in the buffer behind pos+from and returns its
// offset from pos.
func (x *xmlScanner) until(sep string, from int) (int, error) {
	for {
		if x.pos+from <= x.end {
			if i := bytes.Index(x.buf[x.pos+from:x.end], []byte(sep)); i >= 0 {
				return from + i, nil
			}
		}
		seen := max(from, x.end-x.pos-len(sep)+1)
		if err := x.more(); err != nil {
			return 0, err
		}
		from = seen
	}
}

// next returns the next token. Name, tag and text are valid until the one after.
func (x *xmlScanner) next() (xmlKind, error) {
	for {
		if x.pos == x.end {
			if err := x.more(); err != nil {
				return xmlEOF, eofIsEnd(err)
			}
		}
		if x.buf[x.pos] != '<' {
			return x.readText()
		}
		for x.end-x.pos < 9 {
			if err := x.more(); err != nil {
				break
			}
		}
		head := x.buf[x.pos:x.end]
		var err error
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			err = x.skipPast("-->", 4)
		case bytes.HasPrefix(head, []byte("<![CDATA[")):
			return x.readCDATA()
		case bytes.HasPrefix(head, []byte("<?")):
			err = x.skipPast("?>", 2)
		case bytes.HasPrefix(head, []byte("<!")): // a document type has no place in a workbook
			err = errXML
		default:
			return x.readTag()
		}
		if err != nil {
			return xmlEOF, notEOF(err)
		}
	}
}

func eofIsEnd(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errXML
	}
	return err
}

func (x *xmlScanner) skipPast(sep string, from int) error {
	i, err := x.until(sep, from)
	if err == nil {
		x.pos += i + len(sep)
	}
	return err
}

func (x *xmlScanner) readCDATA() (xmlKind, error) {
	i, err := x.until("]]>", 9)
	if err != nil {
		return xmlEOF, notEOF(err)
	}
	x.text = append(x.text[:0], x.buf[x.pos+9:x.pos+i]...)
	x.pos += i + 3
	return xmlText, nil
}

func (x *xmlScanner) readText() (xmlKind, error) {
	i, err := x.until("<", 0)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			return xmlEOF, err
		}
		i = x.end - x.pos
	}
	x.text = unescape(x.text[:0], x.buf[x.pos:x.pos+i])
	x.pos += i
	return xmlText, nil
}

func (x *xmlScanner) readTag() (xmlKind, error) {
	from := 1
	var quote byte
	for {
		for i := from; x.pos+i < x.end; i++ {
			c := x.buf[x.pos+i]
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				return x.cutTag(i)
			}
		}
		from = max(1, x.end-x.pos)
		if err := x.more(); err != nil {
			return xmlEOF, notEOF(err)
		}
	}
}

func (x *xmlScanner) cutTag(end int) (xmlKind, error) {
	tag := x.buf[x.pos+1 : x.pos+end]
	x.pos += end + 1
	kind := xmlStart
	if len(tag) > 0 && tag[0] == '/' {
		kind, tag = xmlEnd, tag[1:]
	}
	x.empty = len(tag) > 0 && tag[len(tag)-1] == '/'
	if x.empty {
		tag = tag[:len(tag)-1]
	}
	name := tag
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		name = tag[:i]
	}
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	if len(name) == 0 {
		return xmlEOF, errXML
	}
	x.tag, x.name = tag, name
	return kind, nil
}

// attr returns an attribute of the present tag by its name, with or without a
// prefix; "" when it has none.
func (x *xmlScanner) attr(name string) string {
	v := x.attrBytes(name)
	if bytes.IndexByte(v, '&') >= 0 {
		v = unescape(nil, v)
	}
	return string(v)
}

func (x *xmlScanner) attrBytes(name string) []byte {
	rest := x.tag
	for {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil
		}
		key := bytes.TrimRight(rest[:eq], " \t\r\n")
		if i := bytes.LastIndexAny(key, " \t\r\n"); i >= 0 {
			key = key[i+1:]
		}
		if i := bytes.IndexByte(key, ':'); i >= 0 && string(key[:i]) != "xmlns" {
			key = key[i+1:]
		}
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return rest[1 : 1+end]
		}
		rest = rest[end+2:]
	}
}

// unescape appends s with its entities resolved.
func unescape(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '&')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		end := bytes.IndexByte(s, ';')
		if end < 0 || end > 12 {
			dst = append(dst, '&')
			s = s[1:]
			continue
		}
		switch name := string(s[1:end]); {
		case name == "amp":
			dst = append(dst, '&')
		case name == "lt":
			dst = append(dst, '<')
		case name == "gt":
			dst = append(dst, '>')
		case name == "quot":
			dst = append(dst, '"')
		case name == "apos":
			dst = append(dst, '\'')
		default:
			if r, ok := charRef(name); ok {
				dst = utf8.AppendRune(dst, r)
			} else {
				dst = append(dst, s[:end+1]...)
			}
		}
		s = s[end+1:]
	}
}

func charRef(name string) (rune, bool) {
	if !strings.HasPrefix(name, "#") || len(name) < 2 {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0] == 'x' || digits[0] == 'X' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// control resolves the _xHHHH_ escapes that workbooks use for characters XML has
// no place for; carriage returns are dropped.
func control(s []byte) []byte {
	if !bytes.Contains(s, []byte("_x")) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i+6 < len(s) && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(string(s[i+2:i+6]), 16, 16); err == nil {
				if n != 0x0d {
					out = utf8.AppendRune(out, rune(n))
				}
				i += 6
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
