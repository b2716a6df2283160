package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"learnspace/internal/archive"
)

// pack makes an archive of entries in order.
func pack(t testing.TB, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(data []byte, l archive.Limits) (map[string]*zip.File, error) {
	return archive.Open(bytes.NewReader(data), int64(len(data)), l)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	many := make([][2]string, 20)
	for i := range many {
		many[i] = [2]string{fmt.Sprintf("f%d", i), "x"}
	}
	locked := pack(t, [2]string{"a", "x"})
	binary.LittleEndian.PutUint16(locked[bytes.Index(locked, []byte("PK\x01\x02"))+8:], 1)
	lying := pack(t, [2]string{"a", "x"})
	binary.LittleEndian.PutUint16(lying[bytes.LastIndex(lying, []byte("PK\x05\x06"))+10:], 60000)
	tests := map[string]struct {
		data   []byte
		limits archive.Limits
		want   error
	}{
		"good":                    {pack(t, [2]string{"xl/workbook.xml", "x"}, [2]string{"xl\\b.xml", "y"}, [2]string{"/c", "z"}), archive.Limits{}, nil},
		"no archive":              {[]byte("name,class\n"), archive.Limits{}, archive.ErrFormat},
		"nothing":                 {nil, archive.Limits{}, archive.ErrFormat},
		"cut":                     {pack(t, [2]string{"a", "x"})[:30], archive.Limits{}, archive.ErrFormat},
		"locked":                  {locked, archive.Limits{}, archive.ErrLocked},
		"too large":               {pack(t, [2]string{"a", strings.Repeat("x", 2000)}), archive.Limits{Unpacked: 1000}, archive.ErrLarge},
		"a bomb":                  {pack(t, [2]string{"a", strings.Repeat("\x00", 1<<20)}), archive.Limits{From: 1 << 10}, archive.ErrLarge},
		"a bomb in parts":         {pack(t, [2]string{"a", strings.Repeat("\x00", 1<<19)}, [2]string{"b", strings.Repeat("\x00", 1<<19)}), archive.Limits{From: 1 << 10}, archive.ErrLarge},
		"many entries":            {pack(t, many...), archive.Limits{Entries: 10}, archive.ErrEntries},
		"many entries are said":   {lying, archive.Limits{}, archive.ErrEntries},
		"out":                     {pack(t, [2]string{"../../etc/passwd", "x"}), archive.Limits{}, archive.ErrName},
		"out backwards":           {pack(t, [2]string{`xl\..\..\x`, "x"}), archive.Limits{}, archive.ErrName},
		"a drive":                 {pack(t, [2]string{`C:\x`, "x"}), archive.Limits{}, archive.ErrName},
		"a network":               {pack(t, [2]string{`\\server\x`, "x"}), archive.Limits{}, archive.ErrName},
		"a zero in the name":      {pack(t, [2]string{"a\x00.xml", "x"}), archive.Limits{}, archive.ErrName},
		"one name twice":          {pack(t, [2]string{"a", "x"}, [2]string{"A", "y"}), archive.Limits{}, archive.ErrName},
		"an archive inside":       {pack(t, [2]string{"inner.zip", "x"}), archive.Limits{}, archive.ErrNested},
		"nested and never opened": {pack(t, [2]string{"xl/embeddings/b.xlsx", "x"}), archive.Limits{Nested: true}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(tt.data, tt.limits); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// TestOverlap: entries that share their bytes unpack to more than they weigh.
func TestOverlap(t *testing.T) {
	t.Parallel()
	data := pack(t, [2]string{"a", strings.Repeat("ab", 500)}, [2]string{"b", "y"})
	second := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[second+20:], uint32(len(data))) // as long as the file
	if _, err := open(data, archive.Limits{}); !errors.Is(err, archive.ErrFormat) {
		t.Errorf("%v", err)
	}
}

// TestEntry: an entry that goes on beyond its size is cut off.
func TestEntry(t *testing.T) {
	t.Parallel()
	data := pack(t, [2]string{"a", strings.Repeat("x", 5000)})
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+24:], 100)
	files, err := open(data, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := archive.Entry(files["a"])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); err == nil {
		t.Errorf("%d bytes came of 100", n)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzOpen: whatever comes, it is refused or opened, quickly and in little
// memory.
func FuzzOpen(f *testing.F) {
	f.Add(pack(f, [2]string{"a", "x"}, [2]string{"b/c", strings.Repeat("y", 100)}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := open(data, archive.Limits{Unpacked: 1 << 20})
		if err != nil {
			return
		}
		for name, z := range files {
			if strings.Contains(name, "..") && strings.HasPrefix(name, "/") {
				t.Errorf("name %q", name)
			}
			if r, err := archive.Entry(z); err == nil {
				_, _ = io.Copy(io.Discard, r)
				_ = r.Close()
			}
		}
	})
}
