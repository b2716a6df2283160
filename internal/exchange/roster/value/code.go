package value

// A Code names one fault of a roster row. The words are part of the contract of
// `import people` and never change.
type Code string

// Codes of errors: a row with one of them is rejected.
const (
	NameMissing     Code = "name_missing"      // no name
	NameConflict    Code = "name_conflict"     // a known number with another name
	FormulaCell     Code = "formula_cell"      // a formula in name, id_no or student_no
	IDMissing       Code = "id_missing"        // no number of either kind and no reason, or a reason without sex and birth
	IDLostDigits    Code = "id_lost_digits"    // exponent form, or a numeric cell of more than 15 digits
	IDLength        Code = "id_length"         // not 18 characters
	IDCheckDigit    Code = "id_check_digit"    // GB 11643 check digit
	IDBirthDate     Code = "id_birth_date"     // the eight birth digits are no possible day
	SexMismatch     Code = "sex_mismatch"      // the sex differs from a valid ID number
	BirthMismatch   Code = "birth_mismatch"    // the birth date differs from a valid ID number
	SexUnknown      Code = "sex_unknown"       // the sex cannot be read
	DateInvalid     Code = "date_invalid"      // no possible date
	StudentNoFormat Code = "student_no_format" // not G, J or L and 18 characters
	EthnicUnknown   Code = "ethnic_unknown"    // no ethnic group of GB/T 3304
	GradeUnknown    Code = "grade_unknown"     // not a grade of this school type
	GradeMissing    Code = "grade_missing"     // no grade in either column
	ClassUnreadable Code = "class_unreadable"  // no class number to be read
	SchoolUnknown   Code = "school_unknown"    // no school of this code
	SchoolOutside   Code = "school_outside"    // the school is not under the chosen node
	DuplicateInFile Code = "duplicate_in_file" // the same person for the second time
)

// Codes of warnings: the row is taken.
const (
	PhoneFormat   Code = "phone_format"   // not a telephone number; the number is left out
	HeldElsewhere Code = "held_elsewhere" // the pupil is held by another school
)

// Codes lists every row code, errors first, in the order of the contract.
func Codes() []Code {
	return []Code{
		NameMissing, NameConflict, FormulaCell, IDMissing, IDLostDigits, IDLength, IDCheckDigit, IDBirthDate,
		SexMismatch, BirthMismatch, SexUnknown, DateInvalid, StudentNoFormat, EthnicUnknown, GradeUnknown,
		GradeMissing, ClassUnreadable, SchoolUnknown, SchoolOutside, DuplicateInFile, PhoneFormat, HeldElsewhere,
	}
}

// Severity is "error" or "warning".
func (c Code) Severity() string {
	if c == PhoneFormat || c == HeldElsewhere {
		return "warning"
	}
	return "error"
}

// IsError says whether a row with the code is rejected.
func (c Code) IsError() bool { return c.Severity() == "error" }
