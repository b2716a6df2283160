package homeweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// plainPage is the home of a role whose part of the product is small or does
// not exist yet: it says what the role can do here now.
type plainPage struct {
	Greeting string
	Name     string
	What     string
	Links    []ui.Btn
	Todo     []todo
	Roles    []string
}

// plainLinks lead to the pages of the administrators, who have no other home.
var plainLinks = []struct {
	label, icon, href string
	permission        access.Permission
}{
	{"nav.alarms", "bell", "/alarms", access.AlarmRead},
	{"nav.policy", "lock", "/accounts/policy", access.PolicySet},
	{"nav.system", "chart", "/system", access.SystemManage},
	{"nav.audit", "list", "/audit", access.AuditRead},
	{"nav.why", "search", "/access/why", access.AccessExplain},
}

func (f *Face) plain(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	p := plainPage{Greeting: greeting(ctx, by), Name: by.Name, Roles: restOf(by), What: i18n.T(ctx, "home.plain_none")}
	if key := "home.plain." + string(by.Role); i18n.Has(key) {
		p.What = i18n.T(ctx, key)
	}
	var err error
	if p.Todo, err = f.alarms(ctx, by); err != nil {
		return err
	}
	if home := by.Home(); home != 0 && by.Can(access.OrgRead) {
		p.Links = append(p.Links, ui.Btn{Text: i18n.T(ctx, "home.units"), Icon: "org", Href: ui.Href("nodes", home)})
		if by.Can(access.GrantGive) {
			p.Links = append(p.Links, ui.Btn{Text: i18n.T(ctx, "home.grants"), Icon: "shield", Href: ui.Href("nodes", home, "grants")})
		}
	}
	for _, l := range plainLinks {
		if by.Can(l.permission) {
			p.Links = append(p.Links, ui.Btn{Text: i18n.T(ctx, l.label), Icon: l.icon, Href: l.href})
		}
	}
	p.Links = append(p.Links, ui.Btn{Text: i18n.T(ctx, "access.roles.title"), Icon: "list", Href: "/access/roles"},
		ui.Btn{Text: i18n.T(ctx, "home.account"), Icon: "user", Href: "/me"},
		ui.Btn{Text: i18n.T(ctx, "ui.help"), Icon: "info", Href: "/help"})
	return web.Render(w, r, http.StatusOK, plainView(p))
}
