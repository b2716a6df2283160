package codes

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReportingUnits(t *testing.T) {
	t.Parallel()
	names := func(day int32) []string {
		var out []string
		for _, u := range ReportingUnits(day) {
			out = append(out, u.Code+u.Name)
		}
		return out
	}
	want := []string{
		"220100长春市", "220200吉林市", "220300四平市", "220400辽源市", "220500通化市", "220600白山市", "220700松原市",
		"220800白城市", "222400延边朝鲜族自治州", "22CB00长白山保护开发区", "220581梅河口市", "220381公主岭市",
	}
	for _, tc := range []struct {
		name string
		day  int32
		want []string
	}{
		{"2019", 20191031, want},
		{"last day of 公主岭", 20200618, want},
		{"after the move", 20200619, want[:11]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, names(tc.day)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	count := func(day int32) (prefectures, counties int) {
		for _, r := range RegionsOn(day) {
			switch r.Level {
			case LevelPrefecture:
				prefectures++
			case LevelCounty:
				counties++
			}
		}
		return
	}
	for _, day := range []int32{20191031, 20240101} {
		if p, c := count(day); p != 9 || c != 60 {
			t.Errorf("on %d: %d prefectures, %d counties, want 9 and 60", day, p, c)
		}
	}
	for _, r := range Regions() {
		if _, ok := FindRegion(r.Parent); !ok && r.Level != LevelProvince {
			t.Errorf("%s %s: parent %q is no region", r.Code, r.Name, r.Parent)
		}
	}
	if r, ok := FindRegion("22"); !ok || r.Code != Province {
		t.Errorf("FindRegion(22) = %v, %v", r, ok)
	}
	old, _ := FindRegion(GongzhulingOld)
	moved, _ := FindRegion(GongzhulingNew)
	if !old.ValidOn(20200618) || old.ValidOn(20200619) || moved.ValidOn(20200618) || !moved.ValidOn(20200619) {
		t.Errorf("公主岭: %v, %v", old, moved)
	}
	if z, ok := FindZone(Changbaishan); !ok || !z.Direct {
		t.Errorf("长白山: %v, %v", z, ok)
	}
}

func TestSchoolTypes(t *testing.T) {
	t.Parallel()
	var apart []string
	for _, st := range SchoolTypes() {
		if _, ok := prefixTable().find(st.Prefix); !ok {
			t.Errorf("%s: prefix %s is unknown", st.Code, st.Prefix)
		}
		for _, s := range st.Stages {
			if _, ok := FindStage(s); !ok {
				t.Errorf("%s: stage %s is unknown", st.Code, s)
			}
		}
		if !st.Counted() {
			apart = append(apart, st.Code)
		}
	}
	if diff := cmp.Diff([]string{"111", "119", "321", "411", "412", "415"}, apart); diff != "" {
		t.Error("not counted:", diff)
	}
}

func TestGradesOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, schoolType string
		fiveFour         bool
		want             []string
	}{
		{"primary", "211", false, []string{"P1一年级", "P2二年级", "P3三年级", "P4四年级", "P5五年级", "P6六年级"}},
		{"primary of five years", "211", true, []string{"P1一年级", "P2二年级", "P3三年级", "P4四年级", "P5五年级"}},
		{"junior", "311", false, []string{"J1七年级", "J2八年级", "J3九年级"}},
		{"junior of four years", "311", true, []string{"J1六年级", "J2七年级", "J3八年级", "J4九年级"}},
		{"complete middle school", "341", false, []string{"J1七年级", "J2八年级", "J3九年级", "S1高一", "S2高二", "S3高三"}},
		{"vocational", "365", false, []string{"V1中职一年级", "V2中职二年级", "V3中职三年级"}},
		{"高职", "415", false, nil},
		{"unknown", "999", false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, g := range GradesOf(tc.schoolType, tc.fiveFour) {
				got = append(got, g.Code+g.Name)
				if !HasGrade(tc.schoolType, tc.fiveFour, g.Code) {
					t.Errorf("HasGrade(%s) = false", g.Code)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if g, _ := FindGrade("J1"); g.Alias != "初一" {
		t.Errorf("alias of J1 = %q", g.Alias)
	}
	if g, _ := FindGradeIn("J4", true); g.Alias != "初四" {
		t.Errorf("alias of J4 = %q", g.Alias)
	}
}

func TestStageStep(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		from     string
		fiveFour bool
		to       string
		want     bool
	}{
		{"primary to junior", "P6", false, "J1", true},
		{"five years to junior", "P5", true, "J1", true},
		{"five of six years", "P5", false, "J1", false},
		{"junior to senior", "J3", false, "S1", true},
		{"junior to vocational", "J3", false, "V1", true},
		{"third of four", "J3", true, "S1", false},
		{"fourth of four", "J4", true, "S1", true},
		{"kindergarten", "K3", false, "P1", true},
		{"into the second year", "P6", false, "J2", false},
		{"skips a stage", "P6", false, "S1", false},
		{"within a stage", "P5", false, "P6", false},
		{"unknown", "P9", false, "J1", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := StageStep(tc.from, tc.fiveFour, tc.to); got != tc.want {
				t.Errorf("StageStep(%s, %v, %s) = %v", tc.from, tc.fiveFour, tc.to, got)
			}
		})
	}
}

func TestEntryYear(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		grade string
		day   int32
		want  int
	}{{"P1", 20191105, 2019}, {"P6", 20191105, 2014}, {"J2", 20190831, 2017}, {"J2", 20190901, 2018}, {"Z9", 20190901, 0}} {
		if got := EntryYear(tc.grade, tc.day); got != tc.want {
			t.Errorf("EntryYear(%s, %d) = %d, want %d", tc.grade, tc.day, got, tc.want)
		}
	}
}

func TestIDNumber(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, number string
		want         IDNumber
		err          error
	}{
		{"boy", "220102201003070013", IDNumber{"220102", 20100307, SexMale}, nil},
		{"girl", "222401201209150029", IDNumber{"222401", 20120915, SexFemale}, nil},
		{"adult", "220381198501010031", IDNumber{"220381", 19850101, SexMale}, nil},
		{"capital X", "11010519491231002X", IDNumber{"110105", 19491231, SexFemale}, nil},
		{"small x", "11010519491231002x", IDNumber{"110105", 19491231, SexFemale}, nil},
		{"fifteen digits", "220102100307001", IDNumber{}, ErrIDLength},
		{"empty", "", IDNumber{}, ErrIDLength},
		{"full width is longer", "２20102201003070013", IDNumber{}, ErrIDLength},
		{"wrong digit", "220102201003070014", IDNumber{}, ErrIDCheckDigit},
		{"letter inside", "2201022O1003070013", IDNumber{}, ErrIDCheckDigit},
		{"X inside", "2201022X1003070013", IDNumber{}, ErrIDCheckDigit},
		{"30 February", withCheck("22010220100230001"), IDNumber{}, ErrIDBirthDate},
		{"month 13", withCheck("22010220101307001"), IDNumber{}, ErrIDBirthDate},
		{"before 1900", withCheck("22010218100307001"), IDNumber{}, ErrIDBirthDate},
		{"not born yet", withCheck("22010220191106001"), IDNumber{}, ErrIDBirthDate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseIDNumber(tc.number, int32(20191105))
			if !errors.Is(err, tc.err) || got != tc.want {
				t.Errorf("ParseIDNumber = %v, %v, want %v, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func withCheck(body string) string {
	d, _ := IDCheckDigit(body)
	return body + string(d)
}

// GB 11643 finds every single wrong digit and every swap of neighbours.
func TestIDNumberProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(withCheck(rapid.StringMatching(`22[0-9]{4}20[01][0-9]0[1-9](1[0-9]|2[0-8])[0-9]{3}`).Draw(t, "body")))
		if err := CheckIDNumber(string(number)); err != nil {
			t.Fatalf("%s: %v", number, err)
		}
		at := rapid.IntRange(0, 16).Draw(t, "at")
		wrong := append([]byte(nil), number...)
		wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if err := CheckIDNumber(string(wrong)); !errors.Is(err, ErrIDCheckDigit) {
			t.Fatalf("%s at %d: %v", wrong, at, err)
		}
	})
}

func TestStudentNumber(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, number string
		ok           bool
	}{
		{"G", "G220102201003070013", true},
		{"small g and x", "g11010519491231002x", true},
		{"G not the present number", "G220102201003070099", true},
		{"J", "J220102" + "20100307" + "0015", true},
		{"L", "L220102201003070001", true},
		{"short", "G22010220100307001", false},
		{"no letter", "2201022010030700130", false},
		{"other letter", "A220102201003070013", false},
		{"letter inside", "G2201O2201003070013", false},
		{"no such day", "L220102201013070001", false},
		{"empty", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := CheckStudentNumber(tc.number); (err == nil) != tc.ok {
				t.Errorf("CheckStudentNumber(%q) = %v", tc.number, err)
			}
		})
	}
}

func TestSchoolCode(t *testing.T) {
	t.Parallel()
	for code, ok := range map[string]bool{
		"2122000001": true, "3122000001": true, "5122000012": true, "2121000001": false,
		"9922000001": false, "212200001": false, "21220000011": false, "21220000A1": false, "": false,
	} {
		if err := CheckSchoolCode(code); (err == nil) != ok {
			t.Errorf("CheckSchoolCode(%q) = %v", code, err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"朝鲜族", "10"}, {"朝鲜", "10"}, {"CS", "10"}, {"cs", "10"}, {"10", "10"}, {"1", "01"}, {"汉", "01"},
		{"满族", "11"}, {"其他", "97"}, {"其它", "97"}, {"火星族", ""}, {"", ""},
	} {
		if e, _ := FindEthnic(tc.text); e.Code != tc.want {
			t.Errorf("FindEthnic(%q) = %q, want %q", tc.text, e.Code, tc.want)
		}
	}
	for text, want := range map[string]string{"身份证": "1", "居民身份证": "1", "护照": "A", "a": "A", "户口簿": "B", "1": "1", "饭卡": "", "": ""} {
		if d, _ := FindIDType(text); d.Code != want {
			t.Errorf("FindIDType(%q) = %q, want %q", text, d.Code, want)
		}
	}
	for text, want := range map[string]string{"校长": PostHead, "班主任": PostClassTeacher, "教师": PostTeacher, "10": "10", "教研组长": "21", "火星人": "", "": ""} {
		if p, _ := FindPost(text); p.Code != want {
			t.Errorf("FindPost(%q) = %q, want %q", text, p.Code, want)
		}
	}
	for _, tc := range []struct{ text, stage, want string }{
		{"语文", "P", "13"}, {"信息技术", "S", "26"}, {"信息技术", "P", "61"}, {"信息技术", "", "26"}, {"道法", "P", "X01"},
		{"x06", "J", "X06"}, {"朝语", "P", "X06"}, {"41", "", "41"}, {"炼金术", "J", ""},
	} {
		if s, _ := FindSubjectName(tc.text, tc.stage); s.Code != tc.want {
			t.Errorf("FindSubjectName(%q, %q) = %q, want %q", tc.text, tc.stage, s.Code, tc.want)
		}
	}
}
