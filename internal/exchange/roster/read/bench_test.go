package read

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/sheet"
)

// many returns the cells of n pupils.
func many(n int, fn func(i int, cells []string)) {
	for i := range n {
		serial := i % 500
		birth := (2007+i/500%6)*10000 + (i/3000%12+1)*100 + i/36000%28 + 1
		id := sample.IDNumber(fmt.Sprintf("22%04d", 101+i/1008000), birth, serial, i%2 == 0)
		sex := "女"
		if i%2 == 0 {
			sex = "男"
		}
		fn(i, []string{"G" + id, "王" + string(rune(0x4e00+i%3000)) + string(rune(0x5000+i%700)), sex, fmt.Sprintf("%d-%02d-%02d", birth/10000, birth/100%100, birth%100), "汉族", id, "三年级", fmt.Sprintf("%d班", i%20+1), "王大" + string(rune(0x4e00+i%3000)), "父亲", fmt.Sprintf("138%08d", i)})
	}
}

const manyHeader = "学籍号,姓名,性别,出生日期,民族,身份证号,年级,班级,监护人姓名,关系,监护人电话"

func benchRead(b *testing.B, content []byte, rows int) {
	b.ReportAllocs()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		f, err := sheet.Open(context.Background(), bytes.NewReader(content), int64(len(content)), sheet.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		reports, err := Read(context.Background(), f, primary, func(*Row) error { return nil })
		if err != nil || reports[0].Rows != rows || reports[0].Rejected != 0 {
			b.Fatalf("%v %+v", err, reports)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkCSV(b *testing.B) {
	var s strings.Builder
	s.WriteString(manyHeader + "\n")
	many(100000, func(_ int, cells []string) { s.WriteString(strings.Join(cells, ",") + "\n") })
	benchRead(b, []byte(s.String()), 100000)
}

func BenchmarkWorkbook(b *testing.B) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	put := func(row int, cells []string) {
		out := make([]any, len(cells))
		for i, c := range cells {
			out[i] = c
		}
		if err := w.SetRow(fmt.Sprintf("A%d", row), out); err != nil {
			b.Fatal(err)
		}
	}
	put(1, strings.Split(manyHeader, ","))
	many(60000, func(i int, cells []string) { put(i+2, cells) })
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		b.Fatal(err)
	}
	benchRead(b, out.Bytes(), 60000)
}
