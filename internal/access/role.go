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

// givable says which roles the holder of a role may give in his subtree: whoever
// answers for a level names the managers below it and his own colleagues. The
// last line is the command line's: the three administrators, the operator and
// the experts are named there only (GB/T 22239 8.1.10, administrators by
// separate persons), see [Actor.MayGive].
var givable = map[Role][]Role{
	School:       {Registrar},
	County:       {School, Registrar, County},
	Prefecture:   {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture},
	Province:     {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture, Province},
	OperatorRole: {School, Registrar, County, Reporter, Inspector, Researcher, Prefecture, Province, OperatorRole, SysAdmin, SecAdmin, AuditAdmin, Expert, ClubTeacher, StudioLeader},
}

// named lists the roles that only the command line gives.
var named = []Role{OperatorRole, SysAdmin, SecAdmin, AuditAdmin, Expert, ClubTeacher, StudioLeader}

// MayGive reports whether a holder of giver may give role to a colleague.
func MayGive(giver, role Role) bool { return slices.Contains(givable[giver], role) }

// MayGive reports whether the actor's active role may give role. The product
// itself gives what the command line gives; a person whose role is operator
// gives none of those that are named on the command line only.
func (a Actor) MayGive(role Role) bool {
	if a.unbounded() {
		return MayGive(OperatorRole, role)
	}
	return a.IsPerson() && MayGive(a.Role, role) && !slices.Contains(named, role)
}

// MayReview reports whether the actor's active role may confirm in the yearly
// review that somebody still needs role: whoever may give it, for a class whoever
// answers for the school, and the province also for those that are named on the
// command line. Confirming adds no right.
func (a Actor) MayReview(role Role) bool {
	return a.MayGive(role) || InClass(role) && Has(a.Role, GrantGive) || a.Role == Province && slices.Contains(named, role)
}

// Givable lists the roles that a holder of giver may give, in display order.
func Givable(giver Role) []Role { return slices.Clone(givable[giver]) }

// Givable lists the roles that the actor's active role may give.
func (a Actor) Givable() []Role {
	return slices.DeleteFunc(Givable(a.Role), func(r Role) bool { return !a.MayGive(r) })
}

// InClass reports whether the role is held at a class.
func InClass(r Role) bool { return r == Pupil || r == Teacher || r == ClassTeacher }

// Manages reports whether the role answers for its node: a school or an office
// must not be left without one (DOMAIN 2.2, scenario 7).
func (r Role) Manages() bool {
	return r == School || r == County || r == Prefecture || r == Province
}

// Administers reports whether the role is one of the three separated
// administrators (等级保护 三员: 系统、安全、审计管理员).
func (r Role) Administers() bool { return r == SysAdmin || r == SecAdmin || r == AuditAdmin }

// Exclude reports whether no person may hold both roles by grants at the same
// time: an administrator holds no other role that is given.
func Exclude(a, b Role) bool { return a != b && (a.Administers() || b.Administers()) }

// lendable lists the roles whose holder may hand them to a colleague for some
// days: those without whom work stands still.
var lendable = []Role{Teacher, ClassTeacher, Registrar, School, Reporter, County, Prefecture, Province}

// Lendable reports whether a holder of the role may hand it to a substitute.
func Lendable(r Role) bool { return slices.Contains(lendable, r) }

// MaxLend is for how many days a role is handed to a substitute at most.
const MaxLend = 60

// kinds says at which kinds of node a role may be held.
var kinds = map[Role][]string{
	ClubTeacher:  {"school", "campus", "point"},
	StudioLeader: {"school", "campus", "point"},
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
