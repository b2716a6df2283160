package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"

	"learnspace/internal/codes"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// perSchool is how many pupils a school of the benchmark has: 24 classes of 45.
const (
	perClass  = 45
	perSchool = 24 * perClass
)

// schoolCode is the code of the n-th school of the benchmark.
func schoolCode(n int) string { return fmt.Sprintf("2122%06d", 100000+n) }

// counties lists the counties of today.
func counties() []codes.Region {
	var out []codes.Region
	for _, r := range codes.RegionsOn(20260901) {
		if r.Level == codes.LevelCounty {
			out = append(out, r)
		}
	}
	return out
}

// tree loads the regions and enough primary schools for the people.
func (r *run) tree(people int) (id.Node, error) {
	by := r.app.Operator("bench")
	root, _, err := r.app.Org.EnsureProvince(r.ctx, by, "吉林省", "normal")
	if err != nil {
		return 0, err
	}
	var rows []org.ImportRow
	for _, g := range codes.RegionsOn(20260901) {
		if g.Level != codes.LevelProvince {
			rows = append(rows, org.ImportRow{File: "bench", Row: len(rows) + 2, Code: g.Code, Name: g.Name, Kind: g.Level, Parent: g.Parent})
		}
	}
	at := counties()
	for n := range (people + perSchool - 1) / perSchool {
		rows = append(rows, org.ImportRow{File: "bench", Row: len(rows) + 2, Code: schoolCode(n), Name: fmt.Sprintf("第%d小学", n+1),
			Kind: "school", Parent: at[n%len(at)].Code, Type: "211"})
	}
	rep, err := r.app.Org.Import(r.ctx, by, rows)
	if err == nil && rep.Rejected > 0 {
		err = fmt.Errorf("tree: %d rows rejected, the first: %+v", rep.Rejected, rep.Problems[0])
	}
	return root.ID, err
}

// roster writes a CSV of pupils, a guardian with every third, and returns its
// path. The rows of a class stand together, as in a registry's export.
func (r *run) roster(people int) (string, error) {
	path := filepath.Join(r.dir, fmt.Sprintf("pupils-%d.csv", people))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "学校标识码,姓名,性别,出生日期,民族,身份证件号,学籍号,年级,班级,监护人1姓名,监护人1关系,监护人1联系电话")
	given := []rune("明华宇轩梓涵浩然欣怡博文佳琪泽雨晨思远嘉睿子墨")
	grades := []string{"一年级", "二年级", "三年级", "四年级", "五年级", "六年级"}
	for i := range people {
		in := i % perSchool
		class := in / perClass // 0..23: six grades of four classes
		grade := class / 4
		// Sixteen counties' worth of birthdays and serials, never twice.
		year := 2019 - grade
		day := i / 400 % 336
		body := fmt.Sprintf("22%04d%04d%02d%02d%03d", 100+i/(400*336), year, day/28+1, day%28+1, i%400*2+1)
		digit, ok := codes.IDCheckDigit(body)
		if !ok {
			return "", fmt.Errorf("identity number of row %d: %q", i, body)
		}
		no := body + string(digit)
		name := string([]rune("王李张刘陈杨赵黄周吴")[i%10]) + string(given[i/10%len(given)]) + string(given[i/7%len(given)])
		fmt.Fprintf(w, "%s,%s,男,%04d-%02d-%02d,汉族,%s,G%s,%s,%d班,", schoolCode(i/perSchool), name, year, day/28+1, day%28+1, no, no, grades[grade], class%4+1)
		if i%3 == 0 {
			fmt.Fprintf(w, "%s家长,母亲,139%08d\n", name, i)
		} else {
			fmt.Fprint(w, ",,\n")
		}
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, nil
}
