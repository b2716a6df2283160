package codes

import (
	"errors"
	"slices"
)

// Stages (学段) of a school and of a grade.
const (
	StageKindergarten = "K" // 学前教育
	StagePrimary      = "P" // 小学
	StageJunior       = "J" // 普通初中
	StageSenior       = "S" // 普通高中
	StageVocational   = "V" // 中等职业教育
	StageSpecial      = "A" // 特殊教育
	StageHigher       = "H" // 高等教育
)

// A Stage is one 学段.
type Stage struct {
	Code string // one of the Stage constants
	Name string // 中文
}

var stageTable = load("stages", func(r record) Stage { return Stage{Code: r["code"], Name: r["name"]} },
	func(s Stage) string { return s.Code })

// Stages returns the stages from kindergarten upwards (code table RKXD).
func Stages() []Stage { return stageTable().all() }

// FindStage finds a stage by its letter.
func FindStage(code string) (Stage, bool) { return stageTable().find(code) }

// A SchoolType is one three-digit 办学类型.
type SchoolType struct {
	Code    string   // three digits
	Name    string   // 中文
	Level   string   // preschool, primary, middle, secondary_vocational, higher or special
	Prefix  string   // first two digits of the school code
	Stages  []string // stages taught, lowest first
	InScope bool     // the plan reaches schools of this type
	Note    string   // remark of the table, English
}

// Counted says whether schools of the type stand in the figures. Kindergartens (111,
// 119) and 高职 (415) are counted apart, in none of the figures of DESIGN section 10;
// types outside the plan are not counted either.
func (t SchoolType) Counted() bool {
	return t.InScope && t.Level != "preschool" && t.Level != "higher"
}

// TeachingPoint says whether the type is 教学点: an institution under a centre school,
// not counted as a school.
func (t SchoolType) TeachingPoint() bool { return t.Code == "218" }

// Attached says whether the type is a class attached to a school of another type
// (附设班): not an institution of its own.
func (t SchoolType) Attached() bool {
	return slices.Contains([]string{"119", "219", "319", "349", "368", "519"}, t.Code)
}

// Teaches says whether the stage is taught there.
func (t SchoolType) Teaches(stage string) bool { return slices.Contains(t.Stages, stage) }

var schoolTypeTable = load("school_types", func(r record) SchoolType {
	return SchoolType{
		Code: r["code"], Name: r["name"], Level: r["level"], Prefix: r["school_code_prefix"],
		Stages: split(r["stages"]), InScope: r["in_scope"] == "1", Note: r["note"],
	}
}, func(t SchoolType) string { return t.Code })

// SchoolTypes returns every type in order of code.
func SchoolTypes() []SchoolType { return schoolTypeTable().all() }

// FindSchoolType finds a type by its three digits.
func FindSchoolType(code string) (SchoolType, bool) { return schoolTypeTable().find(code) }

// A Prefix is the class of schools that the first two digits of a school code name.
type Prefix struct {
	Code string // two digits
	Name string // 中文
}

var prefixTable = load("school_code_prefix", func(r record) Prefix { return Prefix{Code: r["prefix"], Name: r["name"]} },
	func(p Prefix) string { return p.Code })

// SchoolCodePrefixes returns the known first two digits of school codes.
func SchoolCodePrefixes() []Prefix { return prefixTable().all() }

// ErrSchoolCode: the text is not a school code of the province.
var ErrSchoolCode = errors.New("not a school code of ten digits")

// CheckSchoolCode checks the form of a 学校标识码: ten digits, two of a known class,
// 22 for the province, six of serial number. It returns ErrSchoolCode or nil.
func CheckSchoolCode(code string) error {
	if len(code) != 10 || !digits(code) || code[2:4] != Province[:2] {
		return ErrSchoolCode
	}
	if _, known := prefixTable().find(code[:2]); !known {
		return ErrSchoolCode
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
