package web

import (
	"context"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

// place is one line of the navigation. {node} in its address is the node at
// which the active role is held; a line with it is left out for roles that are
// held nowhere.
type place struct {
	key, label, icon, href string
	permission             access.Permission
	roles                  []access.Role // nil: every role that holds the permission
}

var (
	inClass = []access.Role{access.Pupil, access.Teacher, access.ClassTeacher}
	inRoll  = []access.Role{access.Registrar, access.School, access.County}
)

// places is the navigation of all roles, in the order of the page.
var places = []place{
	{"home", "nav.home", "home", "/home", access.HomeRead, nil},
	{"class", "nav.class", "users", "/classes/{node}", access.ClassRead, inClass},
	{"members", "nav.members", "key", "/classes/{node}/members", access.CodeIssue, nil},
	{"consents", "nav.consents", "doc", "/consents", access.ConsentRegister, nil},
	{"reports", "nav.reports", "flag", "/reports", access.PostHide, nil},
	{"figures", "nav.figures", "chart", "/figures/{node}", access.FiguresRead, nil},
	{"node", "nav.node", "org", "/nodes/{node}", access.OrgRead, nil},
	{"rosters", "nav.roster", "upload", "/nodes/{node}/rosters", access.RosterImport, inRoll},
	{"transfers", "nav.transfers", "swap", "/nodes/{node}/transfers", access.TransferDecide, nil},
	{"people", "nav.people", "search", "/people", access.PersonReveal, nil},
	{"exports", "nav.exports", "download", "/exports", access.ExportRead, nil},
	{"alarms", "nav.alarms", "bell", "/alarms", access.AlarmRead, nil},
	{"records", "nav.records", "edit", "/nodes/{node}/records", access.PersonCorrect, nil},
	{"merges", "nav.merges", "users", "/nodes/{node}/merges", access.PersonMerge, nil},
	{"requests", "nav.requests", "task", "/nodes/{node}/requests", access.RightsAnswer, nil},
	{"privacy", "nav.privacy", "shield", "/nodes/{node}/privacy-report", access.PrivacyReport, nil},
	{"bulletin", "nav.bulletin", "megaphone", "/bulletins", access.BulletinRead, nil},
	{"targets", "nav.targets", "target", "/targets", access.TargetSet, nil},
	{"bases", "nav.bases", "doc", "/nodes/{node}/bases", access.BaseConfirm, nil},
	{"grants", "nav.grants", "shield", "/nodes/{node}/grants", access.GrantGive, nil},
	{"why", "nav.why", "search", "/access/why", access.AccessExplain, nil},
	{"accounts", "nav.accounts", "key", "/accounts", access.SessionEndOther, []access.Role{access.SecAdmin}},
	{"policy", "nav.policy", "lock", "/accounts/policy", access.PolicySet, nil},
	{"viewas", "nav.viewas", "eye", "/viewas", access.ViewAs, nil},
	{"system", "nav.system", "chart", "/system", access.SystemManage, nil},
	{"audit", "nav.audit", "list", "/audit", access.AuditRead, nil},
	{"retention", "nav.retention", "trash", "/retention", access.SystemManage, nil},
	{"rights", "nav.rights", "eye", "/rights", access.RightsSelf, nil},
	{"providers", "nav.providers", "key", "/providers", access.UpstreamManage, nil},
	{"me", "nav.me", "user", "/me", access.AccountSelf, nil},
}

// Nav is the default navigation of the actor's active role.
func Nav(ctx context.Context, a access.Actor) []ui.NavItem {
	home := homeOf(a)
	var out []ui.NavItem
	for _, p := range places {
		if !a.Can(p.permission) || !p.fits(a.Role) {
			continue
		}
		href := p.href
		if strings.Contains(href, "{node}") {
			if home == "" {
				continue
			}
			href = strings.Replace(href, "{node}", home, 1)
		}
		out = append(out, ui.NavItem{Key: p.key, Label: i18n.T(ctx, p.label), Href: href, Icon: p.icon})
	}
	return out
}

// homeOf is the first node that the active role covers, "" for none. A teacher
// without a class belongs to a school and covers nothing.
func homeOf(a access.Actor) string {
	for _, p := range a.Places {
		if p.Role == a.Role && p.Path != "" {
			return p.Node.String()
		}
	}
	return ""
}

func (p place) fits(role access.Role) bool {
	if p.roles == nil {
		return true
	}
	for _, r := range p.roles {
		if r == role {
			return true
		}
	}
	return false
}
