package rosterbench

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"

	"learnspace/internal/codes"
	"learnspace/internal/org"
)

const (
	county      = "220102"
	perSchool   = 1440 // pupils of one school: six grades of six classes of forty
	perGrade    = 240
	perClass    = 40
	firstSchool = 2122900001
)

// Node is the code of the county above all schools of the roster.
const Node = county

// Schools is how many schools a roster of n pupils fills.
func Schools(n int) int { return (n + perSchool - 1) / perSchool }

// Tree lists the nodes that a roster of n pupils needs, parents first.
func Tree(n int) []org.ImportRow {
	rows := []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: county, Name: "南关区", Kind: "区县", Parent: "220100"},
	}
	for i := range Schools(n) {
		rows = append(rows, org.ImportRow{Code: schoolCode(i), Name: fmt.Sprintf("第%d小学", i+1), Kind: "学校", Parent: county, Type: "211"})
	}
	return rows
}

func schoolCode(i int) string { return strconv.Itoa(firstSchool + i) }

var (
	surnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "金", "朴", "崔"}
	given    = []string{"子涵", "欣怡", "浩然", "雨桐", "梓轩", "诗涵", "宇航", "思远", "佳琪", "明哲", "一诺", "嘉怡", "晨曦", "俊熙", "可心", "天佑", "若曦", "博文", "静姝", "成俊", "美兰", "英爱"}
	grades   = []string{"一年级", "二年级", "三年级", "四年级", "五年级", "六年级"}
)

// Write writes the roster of n pupils as of the school year that begins in
// year: CSV in UTF-8 with the header of a registry export, a guardian on one
// row in three.
func Write(w io.Writer, n, year int, seed uint64) error {
	out := bufio.NewWriterSize(w, 1<<20)
	r := rand.New(rand.NewPCG(seed, 1))
	if _, err := out.WriteString("学校标识码,姓名,性别,身份证件号,学籍号,年级,班级,监护人姓名,监护人关系,监护人电话\n"); err != nil {
		return err
	}
	for i := range n {
		grade := i % perSchool / perGrade
		class := i%perGrade/perClass + 1
		id, male := number(i, year-6-grade)
		sex := "女"
		if male {
			sex = "男"
		}
		surname := surnames[r.IntN(len(surnames))]
		guardian := ",,"
		if i%3 == 0 {
			guardian = surname + given[r.IntN(len(given))] + ",父亲,1" + strconv.Itoa(3000000000+i)
		}
		_, err := fmt.Fprintf(out, "%s,%s,%s,%s,G%s,%s,%d班,%s\n", schoolCode(i/perSchool),
			surname+given[r.IntN(len(given))], sex, id, id, grades[grade], class, guardian)
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// number is the identity number of pupil i, born in the school year of those
// who enter six years later.
func number(i, year int) (id string, male bool) {
	day := i % 28
	month := i / 28 % 12
	serial := i / 336 % 1000
	region := 220102 + i/336000
	body := fmt.Sprintf("%06d%04d%02d%02d%03d", region, year, month+1, day+1, serial)
	digit, _ := codes.IDCheckDigit(body)
	return body + string(digit), serial%2 == 1
}
