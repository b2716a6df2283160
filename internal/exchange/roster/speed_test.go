package roster_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/exchange/roster/rosterbench"
)

// BenchmarkImport imports a roster of LEARNSPACE_BENCH_ROWS pupils (20,000)
// once a round, on each engine, and reports rows a second and the peak of the
// process' memory.
func BenchmarkImport(b *testing.B) {
	rows := 20_000
	if n, err := strconv.Atoi(os.Getenv("LEARNSPACE_BENCH_ROWS")); err == nil {
		rows = n
	}
	path := filepath.Join(b.TempDir(), "roster.csv")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := rosterbench.Write(out, rows, 2019, 1); err != nil {
		b.Fatal(err)
	}
	out.Close()
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				f := build(b, dbtest.New(b, e))
				if rep, err := f.orgs.Import(b.Context(), f.op, rosterbench.Tree(rows)); err != nil || rep.Rejected > 0 {
					b.Fatal(err, rep)
				}
				file, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				info, err := file.Stat()
				if err != nil {
					b.Fatal(err)
				}
				n := f.node(rosterbench.Node)
				runtime.GC()
				b.StartTimer()
				start := time.Now()
				r, err := f.rosters.Import(b.Context(), f.op, roster.Request{Node: n.ID,
					Sources: []roster.Source{{Name: "roster.csv", Data: file, Size: info.Size()}}})
				if err != nil || r.Totals.New != int64(rows) {
					b.Fatal(err, r.Totals)
				}
				b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "rows/s")
				file.Close()
			}
			b.ReportMetric(float64(peak())/(1<<20), "peakMiB")
		})
	}
}

// peak is the largest resident size of the process so far, in bytes; 0 where
// the system does not tell.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
