package person

import (
	"strconv"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// KeyKind says by what a person is known.
type KeyKind int

// The kinds of key, in the order in which rosters ask them.
const (
	ByIDNumber      KeyKind = 1 // value of IDValue
	ByStudentNumber KeyKind = 2 // the number as it is stored
	ByGuardian      KeyKind = 3 // value of GuardianValue
	ByPlace         KeyKind = 4 // value of PlaceValue: whoever has no identity number
)

// hashNames keep the hashes of different kinds apart.
var hashNames = map[KeyKind]string{
	ByIDNumber: "person.id", ByStudentNumber: "person.student", ByGuardian: "person.guardian", ByPlace: "person.place",
}

// IDValue is the value under which an identity number is known: two kinds of
// document may use one number.
func IDValue(idType, number string) string {
	if number == "" {
		return ""
	}
	if idType == "" {
		idType = "1"
	}
	return idType + ":" + number
}

// GuardianValue is the value under which a guardian is known: name and phone.
// It is "" without a phone: then he cannot be recognised.
func GuardianValue(name, phone string) string {
	if phone == "" {
		return ""
	}
	return NameKey(name) + "|" + phone
}

// PlaceValue is the value under which somebody without any number is known:
// school, name, sex and birth.
func PlaceValue(unit id.Node, name string, sex int, birth clock.Day) string {
	return strconv.FormatInt(unit.Int(), 36) + "|" + NameKey(name) + "|" + strconv.Itoa(sex) + "|" + strconv.Itoa(int(birth))
}

// keyValue is one value under which a person is known.
type keyValue struct {
	kind  KeyKind
	value string
}

// keysOf lists the keys of a person with these values.
func keysOf(n Draft) []keyValue {
	var out []keyValue
	if n.keyless {
		return nil
	}
	if n.Role == RoleGuardian {
		if v := GuardianValue(n.Name, n.Phone); v != "" {
			out = append(out, keyValue{ByGuardian, v})
		}
		return out
	}
	if v := IDValue(n.IDType, n.IDNo); v != "" {
		out = append(out, keyValue{ByIDNumber, v})
	}
	if n.StudentNo != "" {
		out = append(out, keyValue{ByStudentNumber, n.StudentNo})
	}
	// Whoever has no identity number yet is found again by his place when he
	// gets one, or another student number (L to G).
	if n.IDNo == "" {
		out = append(out, keyValue{ByPlace, PlaceValue(n.Unit, n.Name, n.Sex, n.Birth)})
	}
	return out
}
