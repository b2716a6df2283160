package access

import (
	"slices"
	"sort"
)

// Permission names one thing that a role may do in the places where it is held.
type Permission string

// The permissions. The route table names one for each route; the service of
// the object checks it again together with the place.
const (
	// HomeRead opens the holder's own home page.
	HomeRead Permission = "home.read"
	// AccountSelf changes the holder's own account, sessions and preferences.
	AccountSelf Permission = "account.self"
	// OrgRead opens pages of nodes and lists of what lies below them.
	OrgRead Permission = "org.read"
	// OrgImport loads the tree of nodes.
	OrgImport Permission = "org.import"
	// SchoolConfirm confirms a school's profile, which opens its space.
	SchoolConfirm Permission = "school.confirm"
	// GrantGive gives and ends roles in the subtree, and lists them.
	GrantGive Permission = "grant.give"
	// RoleLend hands the holder's own role to a colleague for some days.
	RoleLend Permission = "role.lend"
	// AccessExplain asks why somebody may see or do something in the subtree.
	AccessExplain Permission = "access.explain"
	// PersonRead reads names on class lists.
	PersonRead Permission = "person.read"
	// RosterImport loads, reads, confirms and undoes rosters.
	RosterImport Permission = "roster.import"
	// TransferDecide accepts or refuses a pupil's move to another school.
	TransferDecide Permission = "transfer.decide"
	// CodeIssue issues activation codes and prints slips.
	CodeIssue Permission = "code.issue"
	// IdentityCheck is the school's signed check of a pupil without a number.
	IdentityCheck Permission = "identity.check"
	// ClassConfirm confirms a class list, which opens the class space.
	ClassConfirm Permission = "class.confirm"
	// ClassRead reads the stream of a class space.
	ClassRead Permission = "class.read"
	// ClassPost posts notices into a class space, reminds, sees receipts.
	ClassPost Permission = "class.post"
	// ClassTalk comments, asks and confirms receipts in a class space.
	ClassTalk Permission = "class.talk"
	// PostHide hides what another wrote, with a reason.
	PostHide Permission = "post.hide"
	// PostReport reports a post or comment.
	PostReport Permission = "post.report"
	// FiguresRead reads the figures of nodes.
	FiguresRead Permission = "figures.read"
	// BaseConfirm confirms enrolment bases of schools.
	BaseConfirm Permission = "base.confirm"
	// TargetSet enters the yearly targets.
	TargetSet Permission = "target.set"
	// BulletinRead reads bulletins.
	BulletinRead Permission = "bulletin.read"
	// BulletinReview accepts or disputes the own row of a draft.
	BulletinReview Permission = "bulletin.review"
	// BulletinDraft freezes a month, drafts, checks, signs and issues: each
	// step by another person.
	BulletinDraft Permission = "bulletin.draft"
	// PersonProfile opens the page of a person who works in the subtree.
	PersonProfile Permission = "person.profile"
	// PupilProfile opens the pages of pupils and of their guardians too.
	PupilProfile Permission = "pupil.profile"
	// PersonReveal shows a sealed number once, with a reason, and finds a person
	// by the whole number.
	PersonReveal Permission = "person.reveal"
	// ExportRead lists the holder's own requests for files and those he decides.
	ExportRead Permission = "export.read"
	// ExportRequest asks for a file with persons' data.
	ExportRequest Permission = "export.request"
	// ExportApprove agrees to a file that somebody else has asked for.
	ExportApprove Permission = "export.approve"
	// ConsentAnswer answers for the holder's own children, from 14 on for oneself.
	ConsentAnswer Permission = "consent.answer"
	// ConsentRegister reads the register of guardians' answers.
	ConsentRegister Permission = "consent.register"
	// UpstreamManage sets up the providers through which people may sign in.
	UpstreamManage Permission = "upstream.manage"
	// AlarmRead reads the alarms.
	AlarmRead Permission = "alarm.read"
	// LimitSet changes how much data one person may read or take out in a day.
	LimitSet Permission = "limit.set"
	// PersonMerge makes two records of one person one, and undoes it.
	PersonMerge Permission = "person.merge"
	// PersonCorrect corrects names and numbers with a history, and records that
	// somebody left, graduated or died.
	PersonCorrect Permission = "person.correct"
	// PolicySet chooses the password policy of the installation.
	PolicySet Permission = "policy.set"
	// FactorReset takes a lost second factor away, of somebody else.
	FactorReset Permission = "factor.reset"
	// SessionEndOther ends the sessions of somebody else.
	SessionEndOther Permission = "session.end_other"
	// ViewAs looks at the pages of somebody else, with a reason, never writing.
	ViewAs Permission = "viewas"
	// RightsSelf asks what is held about oneself and one's children, and has it
	// corrected or erased.
	RightsSelf Permission = "rights.own"
	// RightsAnswer answers such requests of the persons of the own unit.
	RightsAnswer Permission = "rights.answer"
	// RightsOversee limits its holder to requests that are overdue.
	RightsOversee Permission = "rights.oversee"
	// PrivacyReport makes the yearly report on the data of minors.
	PrivacyReport Permission = "privacy.report"
	// AuditRead reads the audit trail.
	AuditRead Permission = "audit.read"
	// SystemManage looks after the running: readiness, settings in force, jobs.
	SystemManage Permission = "system.manage"
)

// everybody lists what each signed-in role holds.
var everybody = []Permission{HomeRead, AccountSelf, RightsSelf}

// granted is the table of permissions: one line a role.
var granted = map[Role][]Permission{
	Pupil:        {ClassRead, ClassTalk, PostReport, ConsentAnswer},
	Guardian:     {ConsentAnswer},
	Teacher:      {ClassRead, ClassPost, ClassTalk, PostReport, RoleLend},
	ClassTeacher: {ClassRead, ClassPost, ClassTalk, PostReport, PostHide, ClassConfirm, CodeIssue, PersonRead, PersonProfile, PupilProfile, RoleLend, ConsentRegister},
	Registrar:    {OrgRead, PersonRead, RosterImport, TransferDecide, CodeIssue, FiguresRead, PersonProfile, PupilProfile, PersonReveal, ExportRequest, RoleLend, PersonCorrect, ConsentRegister, ExportRead, RightsAnswer},
	School: {OrgRead, PersonRead, RosterImport, TransferDecide, CodeIssue, IdentityCheck, SchoolConfirm, GrantGive,
		ClassRead, PostHide, FiguresRead, PersonProfile, PupilProfile, PersonReveal, ExportRequest, ExportApprove, RoleLend, AccessExplain, PersonMerge, PersonCorrect, FactorReset, SessionEndOther, ConsentRegister, ExportRead, RightsAnswer, PrivacyReport},
	ClubTeacher:  {},
	StudioLeader: {},
	Researcher:   {OrgRead},
	Inspector:    {OrgRead, FiguresRead, BulletinRead},
	Reporter:     {OrgRead, FiguresRead, BulletinRead, BulletinReview, RoleLend},
	County:       {OrgRead, PersonRead, RosterImport, TransferDecide, GrantGive, FiguresRead, BaseConfirm, BulletinRead, BulletinReview, PersonProfile, ExportRequest, ExportApprove, RoleLend, AccessExplain, PersonMerge, PersonCorrect, ExportRead, RightsAnswer, RightsOversee, PrivacyReport},
	Prefecture:   {OrgRead, GrantGive, FiguresRead, BaseConfirm, BulletinRead, BulletinReview, ExportApprove, RoleLend, AccessExplain, ExportRead, PrivacyReport},
	Province:     {OrgRead, OrgImport, GrantGive, FiguresRead, BaseConfirm, TargetSet, BulletinRead, BulletinDraft, ExportApprove, RoleLend, AccessExplain, ExportRead, PrivacyReport},
	Expert:       {},
	OperatorRole: {OrgRead, OrgImport, GrantGive, ViewAs},
	SysAdmin:     {OrgRead, SystemManage, UpstreamManage},
	SecAdmin:     {AlarmRead, LimitSet, AccessExplain, PolicySet, FactorReset, SessionEndOther},
	AuditAdmin:   {AuditRead, AccessExplain},
}

// viewable reports whether an operator who looks at somebody's pages keeps p:
// what only reads, and neither a sealed number nor a code.
func viewable(p Permission) bool {
	return slices.Contains([]Permission{HomeRead, OrgRead, PersonRead, ClassRead, FiguresRead, BulletinRead}, p)
}

// Has reports whether role holds p at the places where it is held.
func Has(role Role, p Permission) bool {
	return slices.Contains(everybody, p) && role.Valid() || slices.Contains(granted[role], p)
}

// AllPermissions lists every permission that some role holds, sorted.
func AllPermissions() []Permission {
	all := slices.Clone(everybody)
	for _, ps := range granted {
		all = append(all, ps...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Permissions lists what role holds, sorted, for the page that explains it.
func Permissions(role Role) []Permission {
	ps := append(slices.Clone(everybody), granted[role]...)
	sort.Slice(ps, func(i, j int) bool { return ps[i] < ps[j] })
	return ps
}
