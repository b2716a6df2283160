package sample_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

var update = flag.Bool("update", false, "write the sample rosters anew")

const folder = "../../../../samples"

func TestNumbersAreRight(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 480 {
		p := sample.Make(1, n, 2010)
		if err := codes.CheckIDNumber(p.ID); err != nil {
			t.Errorf("person %d: %v", n, err)
		}
		if seen[p.ID] {
			t.Errorf("person %d has the number of another", n)
		}
		seen[p.ID] = true
	}
}

func TestFilesAreCommitted(t *testing.T) {
	t.Parallel()
	files, err := sample.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(folder, f.Path)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, f.Content) {
			t.Errorf("%s differs from what is made; run the test with -update", f.Path)
		}
	}
}

func options(school string) read.Options {
	types := map[string]string{sample.PrimarySchool: "211", sample.JuniorSchool: "311"}
	return read.Options{
		Today: 20191105, School: value.School{Code: school, Type: types[school]},
		Schools: func(code string) read.SchoolAnswer {
			switch {
			case types[code] == "":
				return read.SchoolAnswer{Fault: value.SchoolUnknown}
			case code != school:
				return read.SchoolAnswer{Fault: value.SchoolOutside}
			}
			return read.SchoolAnswer{School: value.School{Code: code, Type: types[code]}}
		},
	}
}

func TestFilesAreRead(t *testing.T) {
	t.Parallel()
	files, err := sample.Files()
	if err != nil {
		t.Fatal(err)
	}
	_, faults, err := sample.Faults()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{"pupils-gb18030.csv": 126, "pupils-registry-export.csv": 24, "pupils-junior.xlsx": 60, "staff.xlsx": 18, "broken/pupils-faults.xlsx": 23}
	for _, f := range files {
		t.Run(f.Path, func(t *testing.T) {
			t.Parallel()
			got, n, err := readAll(f)
			if code := sheet.RefusalCode(err); code != f.Refused || code == "" && err != nil {
				t.Fatalf("code %q (%v), want %q", code, err, f.Refused)
			}
			var want []sample.Fault
			if f.Path == "broken/pupils-faults.xlsx" {
				want = faults
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n != rows[f.Path] {
				t.Errorf("%d rows, want %d", n, rows[f.Path])
			}
		})
	}
}

func readAll(f sample.File) ([]sample.Fault, int, error) {
	file, err := sheet.Open(context.Background(), bytes.NewReader(f.Content), int64(len(f.Content)), sheet.Limits{})
	if err != nil {
		return nil, 0, err
	}
	var got []sample.Fault
	n := 0
	_, err = read.Read(context.Background(), file, options(f.School), func(r *read.Row) error {
		n++
		for _, p := range r.Problems {
			got = append(got, sample.Fault{Row: p.Row, Code: string(p.Code)})
		}
		return nil
	})
	return got, n, err
}
