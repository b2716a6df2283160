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
	// AuditRead reads the audit trail.
	AuditRead Permission = "audit.read"
)

// everybody lists what each signed-in role holds.
var everybody = []Permission{HomeRead, AccountSelf}

// granted is the table of permissions: one line a role.
var granted = map[Role][]Permission{
	Pupil:        {ClassRead, ClassTalk, PostReport},
	Guardian:     {},
	Teacher:      {ClassRead, ClassPost, ClassTalk, PostReport},
	ClassTeacher: {ClassRead, ClassPost, ClassTalk, PostReport, PostHide, ClassConfirm, CodeIssue, PersonRead},
	Registrar:    {OrgRead, PersonRead, RosterImport, TransferDecide, CodeIssue, FiguresRead},
	School: {OrgRead, PersonRead, RosterImport, TransferDecide, CodeIssue, IdentityCheck, SchoolConfirm, GrantGive,
		ClassRead, PostHide, FiguresRead},
	ClubTeacher:  {},
	StudioLeader: {},
	Researcher:   {OrgRead},
	Inspector:    {OrgRead, FiguresRead, BulletinRead},
	Reporter:     {OrgRead, FiguresRead, BulletinRead, BulletinReview},
	County:       {OrgRead, PersonRead, RosterImport, TransferDecide, GrantGive, FiguresRead, BaseConfirm, BulletinRead, BulletinReview},
	Prefecture:   {OrgRead, GrantGive, FiguresRead, BaseConfirm, BulletinRead, BulletinReview},
	Province:     {OrgRead, OrgImport, GrantGive, FiguresRead, BaseConfirm, TargetSet, BulletinRead, BulletinDraft},
	Expert:       {},
	OperatorRole: {OrgRead, OrgImport, GrantGive},
	SysAdmin:     {OrgRead},
	SecAdmin:     {},
	AuditAdmin:   {AuditRead},
}

// Has reports whether role holds p at the places where it is held.
func Has(role Role, p Permission) bool {
	return slices.Contains(everybody, p) && role.Valid() || slices.Contains(granted[role], p)
}

// Permissions lists what role holds, sorted, for the page that explains it.
func Permissions(role Role) []Permission {
	ps := append(slices.Clone(everybody), granted[role]...)
	sort.Slice(ps, func(i, j int) bool { return ps[i] < ps[j] })
	return ps
}
