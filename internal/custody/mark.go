package custody

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/export"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// picture draws a line of ASCII several times in light grey, as the ground of a
// sheet.
func picture(line string) ([]byte, error) {
	face := basicfont.Face7x13
	width := 7*len(line) + 60
	img := image.NewPaletted(image.Rect(0, 0, width, 120), color.Palette{color.White, color.Gray{Y: 0xDD}})
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 0xDD}), Face: face}
	for i, y := range []int{30, 90} {
		d.Dot = fixed.P(10+i*40, y)
		d.DrawString(line)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw the watermark: %w", err)
	}
	return out.Bytes(), nil
}

// swapPairs puts each pair of neighbours of one place into a random order. Two
// files of one list so differ in their order, and the file that a copy comes
// from is known also when every visible mark is cut off.
func swapPairs(list []person.Line) {
	coins := make([]byte, len(list)/2+1)
	_, _ = rand.Read(coins) // never fails
	for i := 0; i+1 < len(list); {
		if list[i].At.Node != list[i+1].At.Node {
			i++
			continue
		}
		if coins[i/2]&1 == 1 {
			list[i], list[i+1] = list[i+1], list[i]
		}
		i += 2
	}
}

const (
	saltSize  = 16
	printSize = 8
)

// fingerprint is what is kept of a row: it does not give the name.
func fingerprint(salt []byte, name string) [printSize]byte {
	sum := sha256.Sum256(append(slices.Clone(salt), person.NameKey(name)...))
	return [printSize]byte(sum[:printSize])
}

// newMark is the order of a file's rows: a salt and a fingerprint each.
func newMark(list []person.Line) ([]byte, error) {
	mark := make([]byte, saltSize, saltSize+printSize*len(list))
	if _, err := rand.Read(mark); err != nil {
		return nil, err
	}
	for _, l := range list {
		p := fingerprint(mark[:saltSize], l.Name)
		mark = append(mark, p[:]...)
	}
	return mark, nil
}

// Trace is a request that a file may come from.
type Trace struct {
	Request Request
	// By says what gave it away: "mark", the visible or hidden number, or "rows",
	// their order.
	By string
	// Rows of the file are in the request's file, Of are in that one; Ordered of
	// Pairs neighbours stand in its order.
	Rows, Of, Ordered, Pairs int
}

// ErrNoTrace is returned when no request fits a file.
var ErrNoTrace = errors.New("no request fits this file")

// Trace names the requests that a workbook or a text file comes from, the best
// first, also when its visible marks are cut off: then names and their order
// decide, at least three of them. Requests that fit equally well are all named.
// Only the command line may; audited.
func (s *Service) Trace(ctx context.Context, by access.Actor, file io.ReaderAt, size int64) ([]Trace, error) {
	if !by.IsOperator() {
		return nil, errForbidden()
	}
	rows, err := readRows(ctx, file, size)
	if err != nil {
		return nil, err
	}
	hidden := export.Hidden(file, size, "_ls")
	var out []Trace
	err = s.eachMark(ctx, func(request id.Export, mark []byte) error {
		t := compare(rows, mark)
		number := "E" + request.String()
		if hidden == request.String() || slices.ContainsFunc(rows, func(r []string) bool {
			return slices.ContainsFunc(r, func(c string) bool { return strings.Contains(c, number) })
		}) {
			t.By = "mark"
		} else if t.Rows < 3 || t.Pairs == 0 || t.Ordered*10 < t.Pairs*9 {
			return nil
		} else {
			t.By = "rows"
		}
		t.Request.ID = request
		out = append(out, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out = best(out)
	for i := range out {
		if out[i].Request, err = s.Get(ctx, by, out[i].Request.ID); err != nil {
			return nil, err
		}
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.record(ctx, tx, by, "export.traced", "export", 0, 0, fmt.Sprintf(`{"found":%d}`, len(out)))
	})
	if err == nil && len(out) == 0 {
		return nil, ErrNoTrace
	}
	return out, err
}

// best keeps the requests whose marks were found, else those whose rows fit as
// well as the best one's.
func best(all []Trace) []Trace {
	score := func(t Trace) int {
		if t.By == "mark" {
			return 2_000_000
		}
		return t.Ordered*1_000_000/t.Pairs + min(t.Rows, 100_000)/100
	}
	slices.SortFunc(all, func(a, b Trace) int { return score(b) - score(a) })
	n := 0
	for n < len(all) && score(all[n]) == score(all[0]) {
		n++
	}
	return all[:n]
}

// compare counts which rows of a file stand in a mark and how many neighbours in
// its order. A name that stands twice says nothing.
func compare(rows [][]string, mark []byte) Trace {
	salt, prints := mark[:saltSize], mark[saltSize:]
	at := map[[printSize]byte]int{}
	for i := 0; i+printSize <= len(prints); i += printSize {
		p := [printSize]byte(prints[i : i+printSize])
		if _, twice := at[p]; twice {
			at[p] = -1
			continue
		}
		at[p] = i / printSize
	}
	t := Trace{Of: len(prints) / printSize}
	last := -1
	for _, r := range rows {
		for _, c := range r {
			if c == "" || len(c) > 200 {
				continue
			}
			i, ok := at[fingerprint(salt, c)]
			if !ok || i < 0 {
				continue
			}
			t.Rows++
			if last >= 0 {
				t.Pairs++
				if i > last {
					t.Ordered++
				}
			}
			last = i
			break
		}
	}
	return t
}

// readRows reads every sheet of a file as texts.
func readRows(ctx context.Context, file io.ReaderAt, size int64) ([][]string, error) {
	f, err := sheet.Open(ctx, file, size, sheet.Limits{Unpacked: 256 << 20})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out [][]string
	for _, sh := range f.Sheets {
		err := sh.Each(ctx, func(r sheet.Row) error {
			row := make([]string, 0, len(r.Cells))
			for i := range r.Cells {
				row = append(row, strings.TrimSpace(r.At(i).Text))
			}
			out = append(out, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachMark hands over the marks of every file that was ever made.
func (s *Service) eachMark(ctx context.Context, fn func(id.Export, []byte) error) error {
	for after := id.Export(0); ; {
		var sealed []byte
		err := s.DB.QueryRow(ctx, "SELECT id, mark FROM cus_request WHERE id > $1 AND mark IS NOT NULL ORDER BY id LIMIT 1", after).Scan(&after, &sealed)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a mark: %w", err)
		}
		mark, err := s.Keys.Open(sealed)
		if err != nil {
			return fmt.Errorf("open the mark of request %d: %w", after, err)
		}
		if len(mark) < saltSize {
			continue
		}
		if err := fn(after, mark); err != nil {
			return err
		}
	}
}
