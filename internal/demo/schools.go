package demo

import (
	"fmt"
	"math/rand/v2"

	"learnspace/internal/codes"
)

// The first two schools stand in the README's examples and in the sample
// rosters.
const (
	firstPrimary = "2122000001"
	firstJunior  = "3122000001"
	// baishan is the local code of 长白山保护开发区, which GB/T 2260 does not have.
	baishan = codes.Changbaishan
)

// zoneDistricts are the three school districts of 长白山.
var zoneDistricts = []struct{ code, name string }{
	{baishan + "-1", "池北区"}, {baishan + "-2", "池西区"}, {baishan + "-3", "池南区"},
}

// place is where schools stand.
type place struct{ code, name, region string }

// places lists the counties of 2019 in the order of their codes, then 长白山.
func places() []place {
	var out []place
	for _, r := range codes.RegionsOn(20190301) {
		if r.Level == "county" {
			out = append(out, place{r.Code, r.Name, r.Code})
		}
	}
	return append(out, place{zoneDistricts[0].code, "长白山池北区", "222426"})
}

// build invents the province for about people persons.
func build(o Options) *world {
	m := &maker{r: rand.New(rand.NewPCG(o.Seed, 20191105)), seq: map[string]int{}}
	b := &builder{maker: m, serial: map[string]int{"21": 1, "31": 1}}
	at := places()
	// An ordinary school of the default size has 30 pupils, 4 teachers and some
	// ten guardians: bases of 30 and more print with a rate.
	pupils := max(30, o.People*2/3/(len(at)+4))
	perCounty := max(1, pupils/900)
	for i, p := range at {
		for k := range perCounty {
			b.ordinary(p, i+k, pupils/perCounty)
		}
	}
	b.special(pupils)
	if o.Wide {
		b.twoEach()
	}
	return &b.world
}

// builder collects the schools.
type builder struct {
	*maker
	world  world
	serial map[string]int
}

// next gives the next code of a class of schools: two digits, 22, six digits.
func (b *builder) next(prefix string) string {
	b.serial[prefix]++
	return fmt.Sprintf("%s22%06d", prefix, b.serial[prefix])
}

// ordinary adds a school of a type that turns with n.
func (b *builder) ordinary(p place, n, pupils int) {
	types := []struct {
		typ, prefix, suffix string
		spring, autumn      []string
	}{
		{"211", "21", "小学", []string{"P1", "P2", "P3", "P4", "P5"}, []string{"P1"}},
		{"311", "31", "中学", []string{"J1", "J2"}, []string{"J1"}},
		{"211", "21", "实验小学", []string{"P2", "P3", "P1", "P5", "P4"}, []string{"P1"}},
		{"342", "34", "高级中学", []string{"S1", "S2"}, []string{"S1"}},
		{"365", "36", "职业高中", []string{"V1", "V2"}, []string{"V1"}},
	}
	t := types[n%len(types)]
	s := &school{code: b.next(t.prefix), kind: "school", typ: t.typ, parent: p.code, lang: "zh",
		name: p.name + schoolWords[(n+1)%len(schoolWords)] + t.suffix} // the first word is that of the showcase schools
	b.classes(s, p.region, t.spring, pupils*2/3, false)
	b.classes(s, p.region, t.autumn, pupils-pupils*2/3, true)
	b.staffed(s, p.region, max(4, pupils/12))
	b.world.schools = append(b.world.schools, s)
}

// classes adds classes of at most 40 pupils over the grades.
func (b *builder) classes(s *school, region string, grades []string, pupils int, autumn bool) {
	need := (pupils + 39) / 40
	for i := range need {
		size := pupils / need
		if i < pupils%need {
			size++
		}
		c := &class{grade: grades[i%len(grades)], no: i/len(grades) + 1, autumn: autumn}
		if autumn { // the new pupils begin with class 1 of their own year
			c.no = i + 1
		}
		for range size {
			c.pupils = append(c.pupils, b.pupil(region, c.grade, autumn, s.lang == "ko"))
		}
		s.classes = append(s.classes, c)
	}
}

// staffed adds a head, a registrar, a class teacher for each class and further
// teachers up to n persons.
func (b *builder) staffed(s *school, region string, n int) {
	subjects := []string{"语文", "数学", "英语", "体育与健康", "音乐", "美术"}
	isKorean := s.lang == "ko"
	head := b.worker(region, "校领导", "", isKorean)
	office := b.worker(region, "行政处室工作", "", isKorean)
	s.staff = append(s.staff, head, office)
	for i, c := range s.classes {
		w := b.worker(region, "教师", subjects[i%3], isKorean)
		w.leads, w.teaches = c, []*class{c}
		s.staff = append(s.staff, w)
	}
	for i := len(s.staff); i < max(n, len(s.classes)+4); i++ {
		w := b.worker(region, "教师", subjects[i%len(subjects)], isKorean)
		if len(s.classes) > 0 {
			w.teaches = []*class{s.classes[i%len(s.classes)]}
		}
		s.staff = append(s.staff, w)
	}
}

// twoEach gives each county of a wide demo two schools with two classes.
func (b *builder) twoEach() {
	for i, code := range []string{"220102", "220104", "220202", "220203"} {
		for k := range 2 {
			s := &school{code: b.next("21"), kind: "school", typ: "211", parent: code, lang: "zh",
				name: fmt.Sprintf("%s第%s小学", schoolWords[2*i+k], []string{"一", "二"}[k])}
			b.classes(s, code, []string{"P3", "P4"}, 60, false)
			b.staffed(s, code, 8)
			b.world.schools = append(b.world.schools, s)
			b.world.wide = append(b.world.wide, s.code)
		}
	}
}

// special adds what real provinces have and happy paths forget.
func (b *builder) special(pupils int) {
	primary := b.showcasePrimary(pupils)
	junior := &school{code: firstJunior, kind: "school", typ: "311", parent: "220102", lang: "zh", name: "南关区松苑中学"}
	b.classes(junior, "220102", []string{"J1", "J2"}, pupils*2/3, false)
	b.classes(junior, "220102", []string{"J1"}, pupils/3, true)
	b.staffed(junior, "220102", 6)
	// A teacher in two schools: the first stays the primary one.
	shared := *primary.staff[len(primary.staff)-1]
	shared.teaches, shared.leads, shared.elsewhere = []*class{junior.classes[0]}, nil, true
	junior.staff = append(junior.staff, &shared)

	nine := &school{code: b.next("31"), kind: "school", typ: "312", parent: "220122", lang: "zh", name: "农安县桃源九年一贯制学校"}
	b.classes(nine, "220122", []string{"P3", "J1"}, pupils, false)
	b.staffed(nine, "220122", 6)

	centre := &school{code: b.next("21"), kind: "school", typ: "211", parent: "220182", lang: "zh", name: "榆树市向阳镇中心小学"}
	b.classes(centre, "220182", []string{"P2"}, 30, false)
	b.staffed(centre, "220182", 5)
	point := &school{code: b.next("21"), kind: "point", typ: "218", parent: centre.code, lang: "zh", name: "榆树市向阳镇东山教学点"}
	b.classes(point, "220182", []string{"P1"}, 8, false)
	b.staffed(point, "220182", 3)

	ethnic := &school{code: b.next("21"), kind: "school", typ: "211", parent: "222401", lang: "ko",
		name: "延吉市春晖朝鲜族小学", nameKo: "연길시 춘휘조선족소학교"}
	b.classes(ethnic, "222401", []string{"P2", "P4"}, pupils, false)
	b.staffed(ethnic, "222401", 5)

	kindergarten := &school{code: b.next("11"), kind: "school", typ: "111", parent: "220102", lang: "zh", name: "南关区晨光幼儿园"}
	b.classes(kindergarten, "220102", []string{"K2"}, 20, false)
	b.staffed(kindergarten, "220102", 3)

	// A school that changed county on 2019-09-01.
	moved := &school{code: movedSchool, kind: "school", typ: "211", parent: "220112", lang: "zh", name: "奢岭街道启明小学"}
	b.classes(moved, "220112", []string{"P3"}, 30, false)
	b.staffed(moved, "220112", 4)

	b.world.schools = append([]*school{primary, junior}, append(b.world.schools, nine, centre, point, ethnic, kindergarten, moved)...)
}

// movedSchool moves from 双阳区 to 南关区 on 2019-09-01.
const movedSchool = "2122900001"

// showcasePrimary is the school that the README shows: twins, namesakes, J and
// L numbers, pupils without a number, a refused consent.
func (b *builder) showcasePrimary(pupils int) *school {
	const region = "220102"
	s := &school{code: firstPrimary, kind: "school", typ: "211", parent: region, lang: "zh", name: "南关区松苑小学"}
	b.classes(s, region, []string{"P3", "P5"}, max(60, pupils*2/3), false)
	b.classes(s, region, []string{"P1"}, max(30, pupils/3), true)
	b.staffed(s, region, 8)
	c := s.classes[0]

	twin := *c.pupils[0]
	twin.name = string([]rune(twin.name)[:1]) + "双双"
	twin.idNo = b.idNumber(region, twin.birth, twin.sex == "女")
	twin.studentNo = "G" + twin.idNo
	mother := guardian{name: "林秋月", relation: "母亲", phone: b.mobile()}
	c.pupils[0].guardians = []guardian{mother}
	twin.guardians = []guardian{mother}

	c.pupils[1].name, c.pupils[2].name = "王一鸣", "王一鸣"
	c.pupils[3].name = "阿卜杜·热合曼"
	c.pupils[3].ethnic = "维吾尔族"
	// Temporary registry numbers: J and L (教育部 学籍号规则).
	c.pupils[4].idNo, c.pupils[4].studentNo = "", fmt.Sprintf("J%s%08d%03d1", region, int(c.pupils[4].birth), 12)
	c.pupils[5].idNo, c.pupils[5].studentNo = "", fmt.Sprintf("L%s%08d%04d", region, int(c.pupils[5].birth), 34)
	c.pupils[6].idNo, c.pupils[6].studentNo, c.pupils[6].noIDReason = "", "", "证件信息待补"
	refusing := c.pupils[7]
	refusing.refuse = true
	refusing.guardians = []guardian{{name: "赵立春", relation: "父亲", phone: b.mobile()}}
	c.pupils = append(c.pupils, &twin)
	return s
}
