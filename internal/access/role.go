package access

import "slices"

// Role is a word of the command line's contract; it says in which function a
// person acts.
type Role string

// The roles. Those whose part of the product does not exist yet hold only what
// everybody signed in holds.
const (
	Pupil        Role = "pupil"
	Guardian     Role = "guardian"
	Teacher      Role = "teacher"
	ClassTeacher Role = "class_teacher"
	Registrar    Role = "registrar"
	School       Role = "school"
	ClubTeacher  Role = "club_teacher"
	StudioLeader Role = "studio_leader"
	Researcher   Role = "researcher"
	Inspector    Role = "inspector"
	Reporter     Role = "reporter"
	County       Role = "county"
	Prefecture   Role = "prefecture"
	Province     Role = "province"
	Expert       Role = "expert"
	OperatorRole Role = "operator"
	SysAdmin     Role = "sysadmin"
	SecAdmin     Role = "secadmin"
	AuditAdmin   Role = "auditadmin"
)

// Roles lists every role of the contract in its order.
func Roles() []Role {
	return []Role{Pupil, Guardian, Teacher, ClassTeacher, Registrar, School, ClubTeacher, StudioLeader,
		Researcher, Inspector, Reporter, County, Prefecture, Province, Expert, OperatorRole, SysAdmin, SecAdmin, AuditAdmin}
}

// Valid reports whether r is a role of the contract.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// givable says which roles the holder of a role may give in his subtree. The
// three administrators and the operator are named on the command line only.
var givable = map[Role][]Role{
	School:       {Registrar},
	County:       {School, Registrar, County},
	Prefecture:   {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture},
	Province:     {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture, Province},
	OperatorRole: {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture, Province, OperatorRole, SysAdmin, SecAdmin, AuditAdmin, Expert},
}

// MayGive reports whether a holder of giver may give role to a colleague.
func MayGive(giver, role Role) bool { return slices.Contains(givable[giver], role) }

// Givable lists the roles that a holder of giver may give, in display order.
func Givable(giver Role) []Role { return slices.Clone(givable[giver]) }

// kinds says at which kinds of node a role may be held.
var kinds = map[Role][]string{
	Registrar:    {"school", "campus", "point"},
	School:       {"school", "campus", "point"},
	County:       {"county", "zone", "district"},
	Reporter:     {"prefecture", "county", "zone"},
	Prefecture:   {"prefecture", "zone"},
	Province:     {"province"},
	Inspector:    {"province", "prefecture", "county", "zone"},
	Researcher:   {"province", "prefecture", "county", "zone", "district"},
	Expert:       {"province"},
	OperatorRole: {"province"},
	SysAdmin:     {"province"},
	SecAdmin:     {"province"},
	AuditAdmin:   {"province"},
}

// FitsKind reports whether role may be given at a node of this kind. Pupil,
// guardian, teacher and class teacher come from the roster and are never given.
func FitsKind(role Role, kind string) bool { return slices.Contains(kinds[role], kind) }
