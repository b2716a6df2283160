package codes

import "strings"

// A Grade is one year of a stage.
type Grade struct {
	Code  string // stage letter and year in the stage: P1 … P6, J1 … J4, S1 … S3, V1 … V3, K1 … K3
	Name  string // 中文, as schools say it: 三年级, 七年级, 高一, 中职一年级, 小班
	Alias string // the other usual name: 初一 for 七年级; "" where there is none
	Stage string // stage letter
	Year  int    // year in the stage, from 1
}

var gradeTable = load("grades", func(r record) Grade {
	name, alias, _ := strings.Cut(strings.TrimSuffix(r["name"], "）"), "（")
	return Grade{
		Code: r["code"], Name: name, Alias: strings.TrimPrefix(alias, "五四学制"),
		Stage: r["stage"], Year: r.int("year_in_stage"),
	}
}, func(g Grade) string { return g.Code })

// Grades returns every grade, lowest first, with the names of a 六三 school.
func Grades() []Grade { return gradeTable().all() }

// FindGrade finds a grade by its code, with the name it has in a 六三 school.
func FindGrade(code string) (Grade, bool) { return gradeTable().find(code) }

// FindGradeIn finds a grade by its code, with the name it has in a school of the
// given system: in a 五四 school J1 is 六年级 and J4 is 九年级.
func FindGradeIn(code string, fiveFour bool) (Grade, bool) {
	g, ok := FindGrade(code)
	if !ok || !fiveFour || g.Stage != StageJunior {
		return g, ok
	}
	g.Name = fiveFourNames[g.Year-1]
	g.Alias = "初" + string([]rune("一二三四")[g.Year-1])
	return g, true
}

var fiveFourNames = [...]string{"六年级", "七年级", "八年级", "九年级"}

// GradesOf returns the grades that a school of the type has, lowest first. In a 五四
// school the primary stage has five years and the junior stage four. An unknown type,
// and 高职, have none.
func GradesOf(schoolType string, fiveFour bool) []Grade {
	t, ok := FindSchoolType(schoolType)
	if !ok {
		return nil
	}
	var out []Grade
	for _, g := range gradeTable().list {
		if t.Teaches(g.Stage) && g.Year <= StageYears(g.Stage, fiveFour) {
			g, _ = FindGradeIn(g.Code, fiveFour)
			out = append(out, g)
		}
	}
	return out
}

// HasGrade says whether a school of the type has the grade.
func HasGrade(schoolType string, fiveFour bool, grade string) bool {
	t, ok := FindSchoolType(schoolType)
	g, known := FindGrade(grade)
	return ok && known && t.Teaches(g.Stage) && g.Year <= StageYears(g.Stage, fiveFour)
}

// StageYears returns how many years a stage takes: primary 6 (五四: 5), junior 3
// (五四: 4), the others 3; 0 for a stage without grades.
func StageYears(stage string, fiveFour bool) int {
	switch stage {
	case StagePrimary:
		if fiveFour {
			return 5
		}
		return 6
	case StageJunior:
		if fiveFour {
			return 4
		}
		return 3
	case StageKindergarten, StageSenior, StageVocational:
		return 3
	}
	return 0
}

// StageStep says whether going from one grade to the other is 升学转入: out of the
// last year of a stage into the first year of the next. fiveFour is the system of the
// school that the pupil leaves; K3→P1, P6→J1, J3→S1 and J3→V1 in a 六三 school.
func StageStep(from string, fiveFour bool, to string) bool {
	f, ok := FindGrade(from)
	t, known := FindGrade(to)
	if !ok || !known || t.Year != 1 || f.Year != StageYears(f.Stage, fiveFour) {
		return false
	}
	switch f.Stage + t.Stage {
	case "KP", "PJ", "JS", "JV":
		return true
	}
	return false
}

// SchoolYear returns the year in which the school year of the day (yyyymmdd) began:
// it begins on 1 September.
func SchoolYear[D ~int32](day D) int {
	year, month := int(day)/10000, int(day)/100%100
	if month < 9 {
		return year - 1
	}
	return year
}

// EntryYear returns the year in which the pupils who are in the grade on the day
// entered its stage; 0 for an unknown grade.
func EntryYear[D ~int32](grade string, day D) int {
	g, ok := FindGrade(grade)
	if !ok {
		return 0
	}
	return SchoolYear(day) - g.Year + 1
}
