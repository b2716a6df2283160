package read

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

func TestQuick(t *testing.T) {
	path := "/tmp/a/million.csv"
	if _, err := os.Stat(path); err != nil {
		var b strings.Builder
		b.WriteString("学籍号,姓名,性别,出生日期,民族,身份证号,年级,班级,监护人姓名,关系,监护人电话\n")
		for i := range 1000000 {
			body := fmt.Sprintf("2201022010%02d%02d%03d", 1+i/1000%12, 1+i%28, i%1000)
			body = fmt.Sprintf("%06d2010%02d%02d%03d", 220000+i/1000, 1+i/28%12, 1+i%28, i%1000)
			d, _ := codes.IDCheckDigit(body)
			sex := "女"
			if body[16]%2 == 1 {
				sex = "男"
			}
			fmt.Fprintf(&b, "G%s%c,王小%c,%s,2010-%s-%s,汉族,%s%c,三年级,%d班,王大%c,父亲,138%08d\n", body, d, rune(0x4e00+i%5000), sex, body[10:12], body[12:14], body, d, i%10+1, rune(0x4e00+i%5000), i)
		}
		os.WriteFile(path, []byte(b.String()), 0o600)
	}
	runtime.GC()
	start := time.Now()
	f, err := sheet.OpenPath(context.Background(), path, sheet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var peak uint64
	n := 0
	reps, err := Read(context.Background(), f, Options{School: value.School{Code: "2122000001", Type: "211"}, Today: 20191105}, func(r *Row) error {
		if n++; n%50000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
		if r.Rejected && n < 20 {
			t.Log(r.Problems)
		}
		return nil
	})
	t.Log(time.Since(start), reps, err, peak>>20)
}
